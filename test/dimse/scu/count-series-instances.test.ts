import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countSeriesInstances } from '../../../src/dimse/scu/count-series-instances.ts';
import { acceptAssociation, response, startRawPeer } from '../../peers/raw-peer.ts';
import { startOrthanc } from '../../support/orthanc.ts';
import { sendSeries } from '../../support/sent-series.ts';

test('an archive says how many images a series has (CS 4.2.3.3)', async (t) => {
  const orthanc = await startOrthanc(t);
  const peer = { aeTitle: orthanc.aeTitle, host: '127.0.0.1', port: orthanc.dicomPort };
  await sendSeries(t, peer.port, [
    ['1.2.826.7.1', 13],
    ['1.2.826.7.2', 4],
  ]);

  const ask = (seriesInstanceUid: string) =>
    countSeriesInstances(
      peer,
      { studyInstanceUid: '1.2.3.900', seriesInstanceUid },
      { callingAe: 'CONTOUR', timeoutSeconds: 10 },
    );
  assert.equal(await ask('1.2.826.7.1'), 13);
  assert.equal(await ask('1.2.826.7.2'), 4);
  assert.equal(await ask('1.2.826.7.3'), 0);
});

test('a peer that is not there is told', async () => {
  const peer = { aeTitle: 'NOBODY', host: '127.0.0.1', port: 1 };
  const series = { studyInstanceUid: '1.2.3', seriesInstanceUid: '1.2.4' };
  await assert.rejects(countSeriesInstances(peer, series, { callingAe: 'CONTOUR', timeoutSeconds: 2 }), {
    code: 'PEER_UNREACHABLE',
  });
});

test('a peer that ends the query without a status has told no count', async (t) => {
  const peer = await startRawPeer(async (io) => {
    await acceptAssociation(io, '1.2.840.10008.1.2');
    await io.pdu();
    io.send(response(0x8020, {}));
  });
  t.after(() => peer.close());
  const address = { aeTitle: 'ARCHIVE', host: '127.0.0.1', port: peer.port };
  const series = { studyInstanceUid: '1.2.3', seriesInstanceUid: '1.2.4' };
  await assert.rejects(countSeriesInstances(address, series, { callingAe: 'CONTOUR', timeoutSeconds: 20 }), {
    code: 'STORE_WRONG_RESPONSE',
  });
});
