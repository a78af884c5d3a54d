import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { ContourNodeError } from '../../src/errors.ts';
import { readCtFolder } from '../../src/dicom/read-ct-folder.ts';
import { findBody } from '../../worker/volume/body.ts';
import { loadVolume } from '../../worker/volume/load-volume.ts';
import type { Volume } from '../../worker/volume/volume.ts';
import { sharedData } from '../support/shared-data.ts';
import { cylinderWithEllipsoids, grid } from '../support/synthetic-ct.ts';

const body = { centre: [-12, 20], radii: [90, 70] } as const;

/** Paints what a scan shows besides the patient. */
function paint(volume: Volume, inside: (x: number, y: number, k: number) => boolean, value: number): void {
  const [nx, ny, nz] = volume.grid.size;
  for (let k = 0, v = 0; k < nz; k += 1) {
    for (let j = 0; j < ny; j += 1) {
      for (let i = 0; i < nx; i += 1, v += 1) {
        const x = volume.grid.origin[0] + i * volume.grid.spacing[0];
        const y = volume.grid.origin[1] + j * volume.grid.spacing[1];
        if (inside(x, y, k)) volume.hu[v] = value;
      }
    }
  }
}

function assertNear(actual: readonly number[], expected: readonly number[], tolerance: number, what: string): void {
  actual.forEach((value, axis) =>
    assert.ok(
      Math.abs(value - expected[axis]!) <= tolerance,
      `${what}: ${actual.join(', ')} instead of ${expected.join(', ')}`,
    ),
  );
}

test('the box holds the body and not the table, the mask and the headrest', () => {
  for (const spacing of [0.6, 1, 3.9]) {
    const size = Math.round(480 / spacing);
    const volume = cylinderWithEllipsoids(grid([size, size, 4], [spacing, spacing, 3]), body, []);
    paint(volume, (_, y) => y > 93 && y < 96, 150); // the table's shell, touching the skin's lowest point almost
    paint(volume, (x, y) => y > 96 && y < 125 && Math.abs(x) < 220, -850); // its foam
    paint(volume, (_, y) => y > 125 && y < 128, 150);
    paint(volume, (x, y) => Math.abs(Math.hypot((x + 12) / 93, (y - 20) / 73) - 1) < 0.01, 50); // mask on the skin
    paint(volume, (x, y) => x > 170 && x < 190 && y > 60 && y < 90, 300); // a block beside the patient
    const { low, high, centre } = findBody(volume);
    assertNear(centre, body.centre, 4, `${spacing} mm: centre`);
    assertNear([low[0], high[0], low[1], high[1]], [-102, 78, -50, 90], 8, `${spacing} mm: box`);
    assertNear([low[2], high[2]], [-1.5, 10.5], 0.01, `${spacing} mm: z`);
  }
});

test('one raised shoulder moves the box and not the median', () => {
  const volume = cylinderWithEllipsoids(grid([240, 160, 9], [2, 2, 3]), body, []);
  paint(volume, (x, y, k) => k < 4 && x < -80 && x > -200 && Math.abs(y - 20) < 40, 40);
  const { low, high, centre, median } = findBody(volume);
  assertNear([low[0], high[0]], [-200, 78], 8, 'box');
  assertNear(centre, [-61, 20], 4, 'middle of the box');
  assertNear(median, body.centre, 4, 'median');
});

test('a body that the image cuts, and padding of -2000 around the scan, do not shift the box', () => {
  const volume = cylinderWithEllipsoids(grid([200, 200, 6], [1, 1, 3]), { centre: [60, 0], radii: [90, 70] }, []);
  paint(volume, (x, y) => Math.hypot(x, y) > 100, -2000);
  const { low, high } = findBody(volume);
  assertNear([low[0], high[0], low[1], high[1]], [-30, 100, -70, 70], 8, 'box');
});

test('a CT without a body is refused in words', () => {
  const air = { grid: grid([100, 100, 5], [2, 2, 3]), hu: new Int16Array(100 * 100 * 5).fill(-1000) };
  paint(air, (_, y) => y > 50 && y < 54, 100);
  assert.throws(
    () => findBody(air),
    (error) => {
      assert.ok(error instanceof ContourNodeError);
      assert.equal(error.code, 'SERIES_NO_BODY');
      assert.match(error.message, /^no body in the images/);
      return true;
    },
  );
});

test("a real head-and-neck CT on its table: the box is the patient's", async (t) => {
  const folder = sharedData('hn-ct');
  if (folder === undefined) return t.skip('../shared/data/hn-ct is absent');
  const { series, files } = await readCtFolder([folder]);
  const volume = await loadVolume(
    series.slices.map(({ sopInstanceUid }) => files.get(sopInstanceUid)!),
    series.geometry,
  );
  const { low, high, volumeCm3 } = findBody(volume);
  // Shoulders from 55 to 465 mm, tip of the nose at -388 mm, back of the head at -160 mm; the table begins at -150 mm.
  assertNear([low[0], high[0], low[1], high[1]], [55, 465, -388, -158], 12, 'box');
  assert.ok(volumeCm3 > 5000 && volumeCm3 < 8000);
});

test('a thigh that fills the image is a body too', async (t) => {
  const folder = sharedData(join('rtstruct', 'mim-6.3.9-sts001', 'ct'));
  if (folder === undefined) return t.skip('../shared/data/rtstruct is absent');
  const { series, files } = await readCtFolder([folder]);
  const volume = await loadVolume(
    series.slices.map(({ sopInstanceUid }) => files.get(sopInstanceUid)!),
    series.geometry,
  );
  const { low, high } = findBody(volume);
  const [nx, ny] = volume.grid.size;
  const edges = [
    volume.grid.origin[0],
    volume.grid.origin[0] + nx * 0.977,
    volume.grid.origin[1],
    volume.grid.origin[1] + ny * 0.977,
  ];
  assertNear([low[0], high[0], low[1], high[1]], edges, 6, 'box');
});
