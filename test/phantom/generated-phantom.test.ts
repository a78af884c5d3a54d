import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { generatePhantom, phantomStructures, type Phantom } from '../../worker/phantom/generate-phantom.ts';
import { overlap } from '../../worker/evaluation/compare-masks.ts';
import type { Mask } from '../../worker/volume/volume.ts';

const small = { size: 128, slices: 40 };

function maskOf({ truth }: Phantom, name: string): Mask {
  return truth.find((structure) => structure.name === name)!.mask;
}

/** Mean CT number over the voxels that a condition takes. */
function meanHu({ volume }: Phantom, takes: (at: number) => boolean): number {
  let [sum, count] = [0, 0];
  for (let at = 0; at < volume.hu.length; at++) {
    if (!takes(at)) continue;
    sum += volume.hu[at]!;
    count++;
  }
  return sum / count;
}

test('the same seed gives the same voxels, another seed another patient', () => {
  const [first, again, other] = [generatePhantom(11, small), generatePhantom(11, small), generatePhantom(12, small)];
  assert.deepEqual(again.volume, first.volume);
  assert.deepEqual(again.truth, first.truth);
  assert.notDeepEqual(other.volume.hu, first.volume.hu);
});

test('the phantoms are the ones that phantom-gtvp was trained on', () => {
  const { volume } = generatePhantom(7, { size: 128 });
  const digest = createHash('sha256').update(volume.hu).digest('hex');
  assert.equal(
    digest,
    'cb1dd339014554908dbb66e90430025e997ff1efcc760408036a71720c3b98c6',
    'another phantom needs another training',
  );
});

test('every known structure is there, with a plausible volume, the left parotid on the left', () => {
  for (const seed of [1, 2, 3, 4]) {
    const phantom = generatePhantom(seed, { size: 128 });
    assert.deepEqual(
      phantom.truth.map(({ name }) => name),
      [...phantomStructures],
    );
    const volumeOf = (name: string): number => overlap(maskOf(phantom, name), maskOf(phantom, name)).referenceCm3;
    assert.ok(volumeOf('GTVp') > 5 && volumeOf('GTVp') < 40, `GTVp ${volumeOf('GTVp')} cm3`);
    assert.ok(volumeOf('Parotid_L') > 10 && volumeOf('Parotid_L') < 40, `Parotid_L ${volumeOf('Parotid_L')} cm3`);
    const { grid } = phantom.volume;
    const meanX = ({ voxels }: Mask): number => {
      let [sum, count] = [0, 0];
      for (let at = voxels.indexOf(1); at >= 0; at = voxels.indexOf(1, at + 1)) {
        sum += grid.origin[0] + (at % grid.size[0]) * grid.spacing[0];
        count++;
      }
      return sum / count;
    };
    assert.ok(meanX(maskOf(phantom, 'Parotid_L')) > meanX(maskOf(phantom, 'Parotid_R')) + 60, 'x runs to the left');
  }
});

test('the tumour is a little brighter than muscle, on one side of the midline', () => {
  for (const seed of [21, 22, 23]) {
    const phantom = generatePhantom(seed, { size: 256, slices: 40 });
    const gtv = maskOf(phantom, 'GTVp').voxels;
    const [nx] = phantom.volume.grid.size;
    // Soft tissue of the same rows: neither fat nor bone nor contrast medium.
    const inTissue = (at: number): boolean => phantom.volume.hu[at]! > 20 && phantom.volume.hu[at]! < 110;
    const near = (at: number): boolean =>
      gtv[at] === 0 && (gtv[at - 25] === 1 || gtv[at + 25] === 1) && at % nx > 40 && inTissue(at);
    const contrast = meanHu(phantom, (at) => gtv[at] === 1 && inTissue(at)) - meanHu(phantom, near);
    assert.ok(contrast > 8 && contrast < 45, `seed ${seed}: ${contrast.toFixed(1)} HU`);
  }
});

test('a smaller matrix and fewer slices sample the same patient', () => {
  const [coarse, fine] = [generatePhantom(8, { size: 128, slices: 40 }), generatePhantom(8, { size: 256, slices: 80 })];
  for (const name of phantomStructures) {
    const [a, b] = [coarse, fine].map(
      (phantom) => overlap(maskOf(phantom, name), maskOf(phantom, name)).referenceCm3,
    ) as [number, number];
    assert.ok(Math.abs(a - b) / b < 0.12, `${name}: ${a} and ${b} cm3`);
  }
});

test('patients and scans differ in spacing, size and number of slices', () => {
  const grids = [1, 2, 3, 4, 5, 6, 7, 8].map((seed) => generatePhantom(seed, { size: 64 }).volume.grid);
  assert.ok(new Set(grids.map(({ spacing }) => spacing[0])).size > 2, 'fields of view');
  assert.ok(new Set(grids.map(({ z }) => Math.round((z[1]! - z[0]!) * 100))).size > 2, 'slice spacings');
  assert.ok(new Set(grids.map(({ size }) => size[2])).size > 4, 'numbers of slices');
});

test('noise is correlated between neighbours and changes from slice to slice', () => {
  const { volume } = generatePhantom(9, { size: 256, slices: 60 });
  const [nx, ny] = volume.grid.size;
  // A patch of brain near the top of the scan.
  const k = 56;
  const column = Math.round(-volume.grid.origin[0] / volume.grid.spacing[0]);
  const row = Math.round(-volume.grid.origin[1] / volume.grid.spacing[1]);
  const patch = (slice: number): number[] =>
    Array.from(
      { length: 400 },
      (_, n) => volume.hu[(slice * ny + row - 10 + Math.floor(n / 20)) * nx + column - 10 + (n % 20)]!,
    );
  const correlation = (a: number[], b: number[]): number => {
    const centre = (values: number[]): number[] =>
      values.map((value) => value - values.reduce((sum, v) => sum + v, 0) / values.length);
    const dot = (p: number[], q: number[]): number => p.reduce((sum, value, at) => sum + value * q[at]!, 0);
    const [p, q] = [centre(a), centre(b)];
    return dot(p, q) / Math.sqrt(dot(p, p) * dot(q, q));
  };
  const first = patch(k);
  assert.ok(correlation(first.slice(0, -1), first.slice(1)) > 0.4, 'neighbouring pixels');
  assert.ok(Math.abs(correlation(first, patch(k + 1))) < 0.3, 'neighbouring slices');
});
