import { test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readRtstruct } from '../../src/dicom/rtstruct/read-rtstruct.ts';
import { startOrthanc } from '../support/orthanc.ts';
import { runProgram } from '../support/run-program.ts';
import { startRunningNode } from '../support/running-node.ts';
import { sharedData } from '../support/shared-data.ts';

const cases = [
  { name: 'a real head-and-neck CT (511x511)', folder: 'hn-ct', images: 90 },
  {
    name: 'the CT of another vendor and part of the body (202x198)',
    folder: 'rtstruct/mim-6.3.9-sts001/ct',
    images: 59,
  },
];

for (const { name, folder, images } of cases) {
  const ct = sharedData(folder);
  test(
    `${name} goes from storescu to a structure set in Orthanc`,
    { skip: ct === undefined && '../shared/data is not there' },
    async (t) => {
      assert.ok(ct !== undefined);
      const orthanc = await startOrthanc(t);
      const node = await startRunningNode(t, {
        peers: [{ name: 'orthanc', aeTitle: orthanc.aeTitle, host: '127.0.0.1', port: orthanc.dicomPort }],
        destinations: [{ name: 'orthanc', peer: 'orthanc', allow: ['research'] }],
        routes: [{ name: 'all', models: ['openkbp-head-neck'], destinations: ['orthanc'] }],
      });

      const sent = await runProgram('storescu', ['-aec', 'CONTOUR', '+sd', '127.0.0.1', String(node.dicomPort), ct]);
      assert.equal(sent.code, 0, sent.stderr);
      const [series] = await node.settled(1, ['delivered', 'nothing found'], 180);
      assert.equal(series?.images, images);

      const held = await orthanc.instances('RTSTRUCT');
      if (series.state === 'nothing found') {
        assert.equal(folder.includes('sts001'), true, 'a head-and-neck CT has head-and-neck organs');
        assert.deepEqual(held, []);
        return;
      }
      assert.equal(held.length, 1);
      const file = await orthanc.file(held[0]?.id ?? '');
      const structureSet = readRtstruct(file);
      const detail = await node.show(series.key);
      const drawn = detail.orders[0]?.rois.filter((roi) => roi.found && roi.delivered).length;
      assert.equal(structureSet.rois.length, drawn);
      assert.ok(structureSet.rois.every((roi) => roi.name.endsWith('^AI') && !roi.name.startsWith('PTV')));

      const work = await mkdtemp(join(tmpdir(), 'contour-node-plastimatch-'));
      t.after(() => rm(work, { recursive: true }));
      await writeFile(join(work, 'rtstruct.dcm'), file);
      const rasterised = await runProgram('plastimatch', [
        'convert',
        '--input',
        join(work, 'rtstruct.dcm'),
        '--referenced-ct',
        ct,
        '--output-prefix',
        join(work, 'masks'),
        '--prefix-format',
        'nrrd',
      ]);
      assert.equal(rasterised.code, 0, rasterised.stderr);
    },
  );
}
