import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CommitmentView } from '../../src/store/series.ts';
import { eventually } from '../support/eventually.ts';
import { startOrthanc } from '../support/orthanc.ts';
import { phantomCt } from '../support/phantom-ct.ts';
import { runProgram } from '../support/run-program.ts';
import { startRunningNode } from '../support/running-node.ts';

test('Orthanc takes a structure set, is asked for storage commitment and confirms it, once a delivery (CS 4.2.3.5)', async (t) => {
  const { files } = await phantomCt(t, 211);
  const orthanc = await startOrthanc(t);
  const node = await startRunningNode(t, {
    peers: [
      {
        name: 'orthanc',
        aeTitle: orthanc.aeTitle,
        addresses: ['127.0.0.1'],
        host: '127.0.0.1',
        port: orthanc.dicomPort,
      },
    ],
    destinations: [{ name: 'orthanc', peer: 'orthanc', allow: ['demonstration'], storageCommitment: {} }],
    routes: [{ name: 'all', models: ['phantom-gtvp'], destinations: ['orthanc'] }],
  });
  await orthanc.ask('PUT', '/modalities/node', { AET: 'CONTOUR', Host: '127.0.0.1', Port: node.dicomPort });
  const sent = await runProgram('storescu', ['-aec', 'CONTOUR', '127.0.0.1', String(node.dicomPort), ...files]);
  assert.equal(sent.code, 0, sent.stderr);
  const [series] = await node.settled(1, ['delivered'], 180);
  const key = series?.key ?? '';
  const commitment = async (): Promise<CommitmentView | undefined> =>
    (await node.show(key)).orders[0]?.deliveries[0]?.commitment;
  const committed = (times: number): Promise<boolean> =>
    eventually(`Orthanc has confirmed ${times} times`, 90, async () => {
      const outcomes = (await node.show(key)).history.filter(({ kind }) => kind === 'commitment outcome');
      return outcomes.length === times && (await commitment())?.state === 'committed' ? true : undefined;
    }).catch(async (cause: unknown) => {
      throw new Error(`${JSON.stringify(await node.show(key), undefined, 1)}\n${node.log()}`, { cause });
    });
  await committed(1);
  assert.equal((await commitment())?.tries, 1);

  await node.stop('SIGKILL');
  await node.start();
  await committed(1);

  // Sent again, it has to be confirmed again; the TPS ends with one structure set all the same.
  await node.act(key, 'resend');
  await committed(2);
  assert.equal((await orthanc.instances('RTSTRUCT')).length, 1);
});
