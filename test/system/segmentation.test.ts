import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDicom } from '../../src/dicom/read-data-set.ts';
import { eventually } from '../support/eventually.ts';
import { startOrthanc } from '../support/orthanc.ts';
import { phantomCt } from '../support/phantom-ct.ts';
import { runProgram } from '../support/run-program.ts';
import { startRunningNode } from '../support/running-node.ts';

test('Orthanc gets structure set and segmentation of a recipe, once each, and confirms both (CS 4.2.3.1)', async (t) => {
  const { files } = await phantomCt(t, 212);
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
    destinations: [
      { name: 'orthanc', peer: 'orthanc', allow: ['demonstration'], segmentation: true, storageCommitment: {} },
    ],
    recipes: [
      {
        name: 'npc',
        structures: [
          { name: 'PTV', formula: 'margin(GTVp, 5)', type: 'PTV' },
          { name: 'GTVp', from: 'phantom-gtvp/GTVp' },
        ],
      },
    ],
    routes: [{ name: 'all', recipe: 'npc', destinations: ['orthanc'] }],
  });
  await orthanc.ask('PUT', '/modalities/node', { AET: 'CONTOUR', Host: '127.0.0.1', Port: node.dicomPort });
  const sent = await runProgram('storescu', ['-aec', 'CONTOUR', '127.0.0.1', String(node.dicomPort), ...files]);
  assert.equal(sent.code, 0, sent.stderr);
  const [series] = await node.settled(1, ['delivered'], 180);
  const key = series?.key ?? '';
  const confirmed = (times: number): Promise<boolean> =>
    eventually(`Orthanc has confirmed ${times} times`, 90, async () => {
      const { orders, history } = await node.show(key);
      const outcomes = history.filter(({ kind }) => kind === 'commitment outcome');
      const state = orders[0]?.deliveries[0]?.commitment?.state;
      return outcomes.length === times && state === 'committed' ? true : undefined;
    });
  await confirmed(1);
  await node.act(key, 'resend');
  await confirmed(2);
  assert.equal((await orthanc.instances('RTSTRUCT')).length, 1);
  const [held, ...more] = await orthanc.instances('SEG');
  assert.deepEqual(more, []);
  const segmentation = parseDicom(await orthanc.file(held?.id ?? ''));
  assert.deepEqual(
    segmentation.items('00620002').map((segment) => segment.string('00620005')),
    ['PTV^AI', 'GTVp^AI'],
  );
});
