import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { inverse, transformed } from '../../src/dicom/affine.ts';
import { parseDicom } from '../../src/dicom/read-data-set.ts';
import { checkRegistration, itemMatrix, spatialRegistrationOf } from '../../src/dicom/spatial-registration.ts';
import { generatePhantom } from '../../worker/phantom/generate-phantom.ts';
import { type WrittenPhantom, writePhantom } from '../../worker/phantom/write-phantom.ts';
import { loadModality } from '../../worker/volume/load-modality.ts';
import { sampler } from '../../worker/volume/modality-on-grid.ts';
import type { Mask, Volume } from '../../worker/volume/volume.ts';
import { runProgram } from '../support/run-program.ts';

let folder: string;
let written: WrittenPhantom;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'phantom-mr-'));
  written = await writePhantom(folder, 12, { size: 256, mr: true });
});
after(() => rm(folder, { recursive: true }));

test('dciodvfy finds no error in the MR and in its registration (PS3.3 A.4, A.39)', async () => {
  for (const [path, kind] of [
    [written.mrFiles[0]!, /MRImage/],
    [written.registration!, /SpatialRegistration/],
  ] as const) {
    const { stdout, stderr } = await runProgram('dciodvfy', [path]);
    assert.doesNotMatch(stdout + stderr, /^(Error|Warning)/m, path);
    assert.match(stdout + stderr, kind);
  }
});

test('the registration leads from the MR to the CT: there the MR shows the tumour where the CT has it', async () => {
  const registration = spatialRegistrationOf(parseDicom(await readFile(written.registration!)));
  checkRegistration(registration);
  const { image: read, slices } = await loadModality(written.mrFiles.toReversed());
  const ct = parseDicom(await readFile(written.ctFiles[0]!));
  assert.equal(registration.frameOfReferenceUid, ct.string('00200052'));
  const item = registration.items.find((one) => one.frameOfReferenceUid === slices[0]!.frameOfReferenceUid)!;
  const toCt = itemMatrix(item);
  const { image, fromCt } = written.phantom.mr!;
  for (const [at, value] of inverse(toCt).entries()) assert.ok(Math.abs(value - fromCt[at]!) < 1e-9);
  for (const [at, value] of read.toPatient.entries()) assert.ok(Math.abs(value - image.toPatient[at]!) < 1e-6);

  assert.deepEqual(read.values, Float32Array.from(image.values));
  const { truth } = written.phantom;
  const place = centre(truth[0]!.mask);
  const signalAt = (point: readonly [number, number, number]): number =>
    sampler(read)(...transformed(inverse(read.toPatient), point));
  assert.ok(signalAt(transformed(inverse(toCt), place)) > 450, 'enhancing tumour');
  assert.ok(!(signalAt(transformed(toCt, place)) > 450), 'the wrong way round it lies elsewhere');
});

test('the phantoms with MR are the ones that phantom-gtvp-mr was trained on', () => {
  const { volume, mr } = generatePhantom(200_000, { size: 64, mr: true });
  const { image, fromCt } = mr!;
  const matrices = [...image.toPatient, ...fromCt].map((value) => Number(value.toPrecision(9)));
  const digest = createHash('sha256').update(volume.hu).update(Int16Array.from(image.values));
  assert.equal(
    digest.update(JSON.stringify(matrices)).digest('hex'),
    '5584d6e4525b722217c2ec738d98d7920ef94ba522ee323c90c9162d0db30dca',
    'other phantoms need another training',
  );
});

test('beside an MR the tumour is faint in the CT and bright in the MR', () => {
  const contrasts = [21, 22].map((seed) => {
    const plain = generatePhantom(seed, { size: 192 });
    const { volume, truth, mr } = generatePhantom(seed, { size: 192, mr: true });
    const gtv = truth[0]!.mask;
    assert.deepEqual(gtv, plain.truth[0]!.mask, 'the same tumour');
    const toIndex = inverse(mr!.image.toPatient);
    const sample = sampler(mr!.image);
    const signals = points(gtv).map((point) => sample(...transformed(toIndex, transformed(mr!.fromCt, point))));
    const muscle = 340;
    const share = signals.filter((signal) => signal > muscle * 1.25).length / signals.length;
    return { plain: meanHu(plain.volume, gtv), faint: meanHu(volume, gtv), share };
  });
  for (const { plain, faint, share } of contrasts) {
    assert.ok(plain - faint > 4, `${faint} HU in place of ${plain}`);
    assert.ok(share > 0.85, `${share}`);
  }
});

function centre(mask: Mask): [number, number, number] {
  const all = points(mask);
  return [0, 1, 2].map((axis) => all.reduce((sum, point) => sum + point[axis]!, 0) / all.length) as [
    number,
    number,
    number,
  ];
}

function points({ grid, voxels }: Mask): [number, number, number][] {
  const [nx, ny] = grid.size;
  return Array.from(voxels.keys())
    .filter((at) => voxels[at] === 1)
    .map((at) => [
      grid.origin[0] + (at % nx) * grid.spacing[0],
      grid.origin[1] + (Math.trunc(at / nx) % ny) * grid.spacing[1],
      grid.z[Math.trunc(at / (nx * ny))]!,
    ]);
}

function meanHu({ hu }: Volume, { voxels }: Mask): number {
  const inside = Array.from(voxels.keys()).filter((at) => voxels[at] === 1);
  return inside.reduce((sum, at) => sum + hu[at]!, 0) / inside.length;
}
