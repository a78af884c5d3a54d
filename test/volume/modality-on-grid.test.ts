import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { identity } from '../../src/dicom/affine.ts';
import { generatePhantom } from '../../worker/phantom/generate-phantom.ts';
import { writePhantom } from '../../worker/phantom/write-phantom.ts';
import { findBody } from '../../worker/volume/body.ts';
import type { ModalityImage } from '../../worker/volume/modality-image.ts';
import { modalityOnGrid, noData, tissueStatistics, zScoreUnits } from '../../worker/volume/modality-on-grid.ts';
import { inputChannels, type NetworkInput, writeNetworkInput } from '../../worker/volume/preprocess.ts';
import type { Grid } from '../../worker/volume/volume.ts';
import { noSimpleItk, python } from '../interop/pynetdicom.ts';
import { runProgram } from '../support/run-program.ts';
import { temporaryFolder } from '../support/threshold-bundle.ts';

/** Values come out as they are, rounded. */
const plain = { mean: 0, sd: zScoreUnits };

test('a signal that grows evenly comes out at its place, through oblique slices and a registration', () => {
  // A quarter turn about z, then a shift: (x, y, z) of the CT is (-y + 5, x - 7, z + 11) in the frame of the MR.
  const fromCt = [0, -1, 0, 5, 1, 0, 0, -7, 0, 0, 1, 11, 0, 0, 0, 1];
  // Columns run along z, rows along x, slices along -y: sagittal and coronal at once.
  const toPatient = [0, 1.5, 0, -30, 0, 0, -2, 40, 0.8, 0, 0, -20, 0, 0, 0, 1];
  const size = [70, 50, 45] as const;
  const signal = (x: number, y: number, z: number): number => 300 + 3 * x - 2 * y + 5 * z;
  const values = new Float32Array(size[0] * size[1] * size[2]);
  for (let k = 0, at = 0; k < size[2]; k += 1)
    for (let j = 0; j < size[1]; j += 1)
      for (let i = 0; i < size[0]; i += 1, at += 1) values[at] = signal(1.5 * j - 30, -2 * k + 40, 0.8 * i - 20);
  const image: ModalityImage = { size, values, toPatient };
  const grid: Grid = {
    size: [40, 40, 12],
    spacing: [1.1, 0.9],
    origin: [-22, -18],
    z: Float64Array.from({ length: 12 }, (_, k) => -12.5 + 2.3 * k),
  };
  const found = modalityOnGrid({ image, fromCt }, grid, plain);
  let inside = 0;
  for (let k = 0, at = 0; k < 12; k += 1) {
    for (let j = 0; j < 40; j += 1) {
      for (let i = 0; i < 40; i += 1, at += 1) {
        const [x, y, z] = [-(-18 + 0.9 * j) + 5, -22 + 1.1 * i - 7, grid.z[k]! + 11];
        const reached = x > -30 && x < 43.5 && y > -48 && y < 40 && z > -20 && z < 35.2;
        if (!reached) continue;
        inside += 1;
        assert.ok(Math.abs(found[at]! - signal(x, y, z)) <= 0.51, `${found[at]} for ${signal(x, y, z)}`);
      }
    }
  }
  assert.ok(inside > 9000, `${inside}`);
  const beyond = modalityOnGrid({ image, fromCt }, { ...grid, z: grid.z.map((z) => z + 200) }, plain);
  assert.ok(beyond.every((value) => value === noData));
});

test('in the tissue of the body the z-score has mean 0 and standard deviation 1, whatever the field of view', () => {
  const { volume, mr } = generatePhantom(31, { size: 128, mr: true });
  const body = findBody(volume);
  const statistics = tissueStatistics(mr!, volume, body)!;
  const score = modalityOnGrid(mr!, volume.grid, statistics);
  const inTissue = Array.from(volume.hu.keys()).filter((at) => {
    const k = Math.trunc(at / (128 * 128));
    return volume.hu[at]! >= -300 && score[at] !== noData && volume.grid.z[k]! > body.low[2];
  });
  const values = inTissue.map((at) => score[at]! / zScoreUnits);
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const sd = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  assert.ok(Math.abs(mean) < 0.05 && Math.abs(sd - 1) < 0.05, `${mean} ${sd}`);
});

test('an image that does not reach the body, or has one value only, has no statistics', () => {
  const { volume, mr } = generatePhantom(31, { size: 96, slices: 30, mr: true });
  const body = findBody(volume);
  const far = [1, 0, 0, 5000, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
  assert.equal(tissueStatistics({ image: mr!.image, fromCt: far }, volume, body), undefined);
  const flat = { ...mr!.image, values: new Float32Array(mr!.image.values.length).fill(7) };
  assert.equal(tissueStatistics({ image: flat, fromCt: mr!.fromCt }, volume, body), undefined);
});

const input: NetworkInput = {
  spacingMm: 1,
  sliceSpacingMm: null,
  size: [4, 3],
  centre: 'image',
  neighbours: 1,
  windows: [{ low: 0, high: 100 }],
  paddingHu: -1024,
  layout: 'nhwc',
  axes: ['P', 'L'],
  tensor: 'input',
};
const withMr: NetworkInput = {
  ...input,
  modalities: [{ name: 'MR', modality: 'MR', normalisation: 'z-score', mayBeMissing: true }],
};

test('the MR follows the channels of the CT: slice by slice, then a mask; without it all are 0', () => {
  const grid: Grid = { size: [4, 3, 3], spacing: [1, 1], origin: [0, 0], z: Float64Array.of(0, 3, 6) };
  const hu = Int16Array.from({ length: 36 }, (_, at) => at);
  const mr = Int16Array.from({ length: 36 }, (_, at) => (at === 13 ? noData : 100 * at));
  assert.deepEqual([inputChannels(input), inputChannels(withMr)], [3, 7]);
  for (const layout of ['nhwc', 'nchw'] as const) {
    const plainTensor = new Float32Array(12 * 3);
    writeNetworkInput({ grid, hu }, 1, { ...input, layout }, plainTensor);
    const channel = (tensor: Float32Array, channels: number, n: number): number[] =>
      Array.from({ length: 12 }, (_, pixel) => tensor[layout === 'nhwc' ? pixel * channels + n : n * 12 + pixel]!);
    for (const modalities of [[mr], [undefined], undefined]) {
      const tensor = new Float32Array(12 * 7).fill(9);
      writeNetworkInput({ grid, hu, ...(modalities && { modalities }) }, 1, { ...withMr, layout }, tensor);
      for (const n of [0, 1, 2])
        assert.deepEqual(channel(tensor, 7, n), channel(plainTensor, 3, n), 'the CT as before');
      const score = (slice: number): number[] =>
        Array.from({ length: 12 }, (_, pixel) => {
          const at = slice * 12 + pixel;
          return modalities?.[0] === undefined || at === 13 ? 0 : Math.fround(at / 10);
        });
      for (const n of [0, 1, 2]) assert.deepEqual(channel(tensor, 7, 3 + n), score(n));
      const mask = Array.from({ length: 12 }, (_, pixel) => (modalities?.[0] === undefined || pixel === 1 ? 0 : 1));
      assert.deepEqual(channel(tensor, 7, 6), mask);
    }
  }
});

test(
  'SimpleITK resamples the same MR through the same registration to the same voxels',
  { skip: noSimpleItk },
  async (t) => {
    const folder = await temporaryFolder(t);
    const { phantom, mrFiles, registration } = await writePhantom(folder, 33, { size: 128, mr: true });
    const { mr } = phantom;
    const size = [150, 140, 30] as const;
    const spacing = [1.5, 1.5, 3.7] as const;
    const origin = [-110, -100, -60] as const;
    const grid: Grid = {
      size,
      spacing: [spacing[0], spacing[1]],
      origin: [origin[0], origin[1]],
      z: Float64Array.from({ length: size[2] }, (_, k) => origin[2] + k * spacing[2]),
    };
    const out = join(folder, 'resampled.raw');
    const task = { mr: mrFiles, registration, size, spacing, origin, out };
    const script = fileURLToPath(new URL('./simpleitk-resample.py', import.meta.url));
    const { code, stderr } = await runProgram(python, [script, JSON.stringify(task)]);
    assert.equal(code, 0, stderr);
    const bytes = await readFile(out);
    const theirs = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    const ours = modalityOnGrid(mr!, grid, plain);
    let [compared, differing, edge] = [0, 0, 0];
    for (const [at, value] of theirs.entries()) {
      const missing = [value === -1000, ours[at] === noData];
      if (missing[0] !== missing[1]) edge += 1;
      if (missing[0] || missing[1]) continue;
      compared += 1;
      if (Math.abs(value - ours[at]!) > 1) differing += 1;
    }
    assert.ok(compared > 200_000, `${compared}`);
    assert.equal(differing, 0);
    assert.ok(edge <= 2, `${edge} voxels on the image's edge`);
    // Turned round, hardly a voxel of the head is the same.
    const wrong = modalityOnGrid({ image: mr!.image, fromCt: identity }, grid, plain);
    const off = theirs.reduce(
      (count, value, at) => count + (value > 200 && Math.abs(value - wrong[at]!) > 30 ? 1 : 0),
      0,
    );
    assert.ok(off > 20_000, `${off}`);
  },
);
