import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findCtSeries } from '../../../src/dimse/scu/find-ct-series.ts';
import { freePort } from '../../support/free-port.ts';
import { startOrthanc } from '../../support/orthanc.ts';
import { checkout, runProgram } from '../../support/run-program.ts';
import { sendSeries } from '../../support/sent-series.ts';
import { startRunningNode } from '../../support/running-node.ts';

test('pull has an archive send the CTs of a study to the node (CS 4.2.3.6)', async (t) => {
  const dicomPort = await freePort();
  const orthanc = await startOrthanc(t, { DicomModalities: { node: ['CONTOUR', '127.0.0.1', dicomPort] } });
  const node = await startRunningNode(t, { dicom: { port: dicomPort }, intake: { quietPeriodSeconds: 1 } });
  await sendSeries(t, orthanc.dicomPort, [
    ['1.2.826.7.1', 6],
    ['1.2.826.7.2', 4],
  ]);

  const peer = { aeTitle: orthanc.aeTitle, host: '127.0.0.1', port: orthanc.dicomPort };
  const found = await findCtSeries(
    peer,
    { studyInstanceUid: '1.2.3.900' },
    { callingAe: 'CONTOUR', timeoutSeconds: 10 },
  );
  assert.deepEqual(found.map(({ seriesInstanceUid, instances }) => `${seriesInstanceUid} ${instances}`).toSorted(), [
    '1.2.826.7.1 6',
    '1.2.826.7.2 4',
  ]);

  const from = `${orthanc.aeTitle}@127.0.0.1:${orthanc.dicomPort}`;
  const pull = (...args: string[]) => runProgram(`${checkout}contour-node`, ['pull', '--from', from, ...args]);
  const pulled = await pull('--study', '1.2.3.900', '--json');
  assert.equal(pulled.code, 0, pulled.stderr);
  assert.deepEqual(JSON.parse(pulled.stdout), { series: 2, completed: 10, failed: 0 });
  assert.deepEqual(
    (await node.list()).map(({ images }) => images).toSorted((a, b) => a - b),
    [4, 6],
  );

  const unknown = await pull('--study', '1.2.3.901');
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /^error NO_CT_IMAGES: ORTHANC has no CT series of that study/);
  const elsewhere = await pull('--study', '1.2.3.900', '--to', 'NOBODY');
  assert.equal(elsewhere.code, 1);
  assert.match(elsewhere.stderr, /^error STORE_REFUSED: ORTHANC ended C-MOVE with 0x[0-9A-F]{4}/);
});
