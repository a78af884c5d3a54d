import assert from 'node:assert/strict';
import { test } from 'node:test';
import { doubledArea } from '../../src/dicom/rtstruct/ring.ts';
import { maskContours, slabContours } from '../../worker/contours/roi-contours.ts';
import { simplifyRings } from '../../worker/contours/simplify.ts';
import { noiseMask, randomGrid, randomNumbers, smoothProbabilities } from './random-masks.ts';
import { crossings } from './ring-crossings.ts';

/** A disc of `radius` mm whose probability falls from 1 to 0 within 6 mm around its edge. */
function disc(radius: number, spacing: number) {
  const n = Math.ceil((2 * radius + 20) / spacing);
  const grid = { size: [n, n, 1], spacing: [spacing, spacing], origin: [-100, 50], z: Float64Array.of(0) } as const;
  const centre = [-100 + (n / 2) * spacing + 0.3, 50 + (n / 2) * spacing - 0.2] as const;
  const values = Float32Array.from({ length: n * n }, (_, at) => {
    const distance = Math.hypot(-100 + (at % n) * spacing - centre[0], 50 + Math.floor(at / n) * spacing - centre[1]);
    return Math.min(1, Math.max(0, 0.5 + (radius - distance) / 6));
  });
  return { grid, values, centre, mask: { grid, voxels: Uint8Array.from(values, (value) => (value >= 0.5 ? 1 : 0)) } };
}

test('a disc is drawn within a tenth of a millimetre and with its area, whatever the pixels', () => {
  for (const spacing of [0.5, 0.98, 2]) {
    const { mask, values, centre } = disc(18, spacing);
    const { outer } = slabContours({ first: 0, values }, mask, 0.5)[0]!.polygons[0]!;
    for (let p = 0; p < outer.length; p += 2) {
      const off = Math.abs(Math.hypot(outer[p]! - centre[0], outer[p + 1]! - centre[1]) - 18);
      assert.ok(off < 0.1, `${off} mm at ${spacing} mm`);
    }
    const ratio = doubledArea(outer) / 2 / (Math.PI * 18 ** 2);
    assert.ok(Math.abs(ratio - 1) < 0.006, `area ${ratio} at ${spacing} mm`);
  }
});

/** Largest distance of a point of one ring from the line of another one. */
function farthest(points: Int32Array, ring: Int32Array): number {
  let most = 0;
  for (let p = 0; p < points.length; p += 2) {
    let least = Infinity;
    for (let a = 0, b = ring.length - 2; a < ring.length; b = a, a += 2) {
      const [ax, ay, dx, dy] = [ring[b]!, ring[b + 1]!, ring[a]! - ring[b]!, ring[a + 1]! - ring[b + 1]!];
      const along = Math.min(
        1,
        Math.max(0, ((points[p]! - ax) * dx + (points[p + 1]! - ay) * dy) / (dx * dx + dy * dy)),
      );
      least = Math.min(least, Math.hypot(points[p]! - ax - along * dx, points[p + 1]! - ay - along * dy));
    }
    most = Math.max(most, least);
  }
  return most;
}

test('simplified contours stay within the tolerance of the trace, in both directions, and do not cross', () => {
  for (let seed = 0; seed < 20; seed++) {
    const random = randomNumbers(seed);
    const grid = randomGrid(random, 1);
    const values = smoothProbabilities(random, grid);
    const mask = { grid, voxels: Uint8Array.from(values, (value) => (value >= 0.5 ? 1 : 0)) };
    for (const { polygons } of slabContours({ first: 0, values }, mask, 0.5, { toleranceMm: 0 })) {
      const traced = polygons
        .flatMap(({ outer, holes }) => [outer, ...holes])
        .map((ring) => Int32Array.from(ring, (value) => Math.round(value * 100)));
      // Far more than a structure set gets, so that lines have every reason to cross.
      for (const tolerance of [10, 100]) {
        const simple = simplifyRings(traced, tolerance);
        assert.equal(
          crossings(simple.map((ring) => Float64Array.from(ring, (value) => value / 100))),
          0,
          `seed ${seed}`,
        );
        for (const [r, ring] of simple.entries()) {
          assert.ok(ring.length >= 6 && ring.length <= traced[r]!.length);
          assert.ok(farthest(traced[r]!, ring) <= tolerance + 1e-6);
          assert.ok(farthest(ring, traced[r]!) <= tolerance + 1e-6);
        }
      }
    }
  }
});

test('a straight edge keeps its ends only', () => {
  const grid = { size: [40, 30, 1], spacing: [1, 1], origin: [0, 0], z: Float64Array.of(0) } as const;
  const voxels = new Uint8Array(1200);
  for (let j = 5; j < 25; j++) voxels.fill(1, j * 40 + 5, j * 40 + 35);
  // A rectangle with its corners cut off.
  assert.equal(maskContours({ grid, voxels })[0]!.polygons[0]!.outer.length / 2, 8);
});

test('without simplification a noisy mask keeps more points than with it', () => {
  const mask = noiseMask(randomNumbers(3), 0.6);
  const points = (toleranceMm: number): number =>
    maskContours(mask, { toleranceMm })
      .flatMap(({ polygons }) => polygons.flatMap(({ outer, holes }) => [outer, ...holes]))
      .reduce((sum, ring) => sum + ring.length / 2, 0);
  assert.ok(points(0.1) <= points(0));
});
