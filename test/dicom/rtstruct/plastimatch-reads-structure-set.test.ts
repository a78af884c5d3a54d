import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseDicom } from '../../../src/dicom/read-data-set.ts';
import { patientStudyElements } from '../../../src/dicom/patient-study.ts';
import { readCtFolder } from '../../../src/dicom/read-ct-folder.ts';
import { matchToCt } from '../../../src/dicom/rtstruct/match-to-ct.ts';
import { readRtstruct } from '../../../src/dicom/rtstruct/read-rtstruct.ts';
import { writeRtstruct } from '../../../src/dicom/rtstruct/write-rtstruct.ts';
import { rasterise } from '../../../worker/contours/rasterise.ts';
import { gridOf } from '../../../worker/volume/load-volume.ts';
import { noPynetdicom, python } from '../../interop/pynetdicom.ts';
import { checkout, runProgram } from '../../support/run-program.ts';
import { sharedData } from '../../support/shared-data.ts';
import { ctFolder, exampleInput, exampleMasks, exampleRois, roiOf, temporaryFolder } from './example-structure-set.ts';
import { diceOf, plastimatchMasks } from './plastimatch.ts';

for (const mode of ['keyhole', 'nested'] as const) {
  for (const encoding of ['implicit', 'explicit'] as const) {
    test(`rings, islands and holes by ${mode} come back voxel by voxel from plastimatch (${encoding} VR)`, async (t) => {
      const ct = await ctFolder(t);
      const path = join(await temporaryFolder(t), 'rtstruct.dcm');
      await writeFile(path, writeRtstruct(exampleInput(exampleRois(mode)), encoding));
      const masks = await plastimatchMasks(t, path, ct, mode === 'nested');
      for (const [name, { voxels }] of Object.entries(exampleMasks))
        assert.equal(diceOf(voxels, masks.get(name)!), 1, name);
    });
  }
}

test('a filled ROI comes back without its holes', async (t) => {
  const ct = await ctFolder(t);
  const path = join(await temporaryFolder(t), 'rtstruct.dcm');
  await writeFile(path, writeRtstruct(exampleInput(exampleRois('fill')), 'implicit'));
  const masks = await plastimatchMasks(t, path, ct, true);
  const count = (voxels: Uint8Array): number => voxels.reduce((sum, voxel) => sum + voxel, 0);
  assert.equal(diceOf(exampleMasks['Solid']!.voxels, masks.get('Solid')!), 1);
  assert.ok(count(masks.get('Ring')!) > 1.3 * count(exampleMasks['Ring']!.voxels));
});

const openKbp = sharedData('openkbp/validation');
const converter = join(checkout, '../shared/tools/openkbp_to_dicom.py');

test(
  'OpenKBP structures over 1 cm³ come back from plastimatch with a DSC of 0.99 or more, by keyhole and nested alike',
  { skip: openKbp === undefined && '../shared/data/openkbp is absent' },
  async (t) => {
    const archive = await temporaryFolder(t);
    const converted = await runProgram(noPynetdicom === false ? python : 'python3', [
      converter,
      openKbp!,
      archive,
      '--patients',
      '3',
      '--first',
      '4',
    ]);
    if (/No module named/.test(converted.stderr)) return t.skip('the converter needs numpy, pydicom and contourpy');
    assert.equal(converted.code, 0, converted.stderr);
    let compared = 0;
    for (const patient of converted.stdout.trim().split('\n')) {
      const folder = join(archive, patient);
      const { series, files } = await readCtFolder([folder]);
      const grid = gridOf(series.geometry);
      const frameOfReferenceUid = series.slices[0]!.frameOfReferenceUid;
      const images = series.slices.map(({ sopClassUid, sopInstanceUid }, k) => ({
        sopClassUid,
        sopInstanceUid,
        z: grid.z[k]!,
      }));
      const truth = matchToCt(readRtstruct(await readFile(join(folder, 'rtstruct.dcm'))), {
        frameOfReferenceUid,
        slices: images,
      });
      const masks = truth.rois.map((roi) => ({ ...roi, mask: rasterise(roi.contours, grid) }));
      for (const mode of ['keyhole', 'nested'] as const) {
        const input = exampleInput(
          masks.map(({ name, number, mask }) => roiOf(name, number, mask, mode)),
          {
            patientStudy: patientStudyElements(parseDicom(await readFile(files.get(images[0]!.sopInstanceUid)!))),
            ct: {
              ...exampleInput([]).ct,
              seriesInstanceUid: series.slices[0]!.seriesInstanceUid,
              frameOfReferenceUid,
              images,
            },
          },
        );
        const path = join(archive, `${patient}.${mode}.dcm`);
        await writeFile(path, writeRtstruct(input, 'implicit'));
        const read = await plastimatchMasks(t, path, folder, mode === 'nested');
        for (const { name, mask } of masks) {
          const cm3 =
            (mask.voxels.reduce((sum, voxel) => sum + voxel, 0) *
              grid.spacing[0] *
              grid.spacing[1] *
              (grid.z[1]! - grid.z[0]!)) /
            1000;
          if (cm3 <= 1) continue;
          compared++;
          const dice = diceOf(mask.voxels, read.get(name)!);
          assert.ok(dice >= 0.99, `${patient} ${name} ${mode}: ${dice}`);
        }
      }
    }
    assert.ok(compared >= 30, `only ${compared} structures compared`);
  },
);
