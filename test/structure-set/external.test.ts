import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { readCtFolder } from '../../src/dicom/read-ct-folder.ts';
import { maskContours } from '../../worker/contours/roi-contours.ts';
import { generatePhantom } from '../../worker/phantom/generate-phantom.ts';
import { couch } from '../../worker/structure-set/couch.ts';
import { maskOf, type Part, placedOn, wholeGrid } from '../../worker/structure-set/derived/part.ts';
import { external } from '../../worker/structure-set/external.ts';
import { loadVolume } from '../../worker/volume/load-volume.ts';
import type { Volume } from '../../worker/volume/volume.ts';
import { sharedData } from '../support/shared-data.ts';
import { cylinderWithEllipsoids, grid } from '../support/synthetic-ct.ts';

const trunk = { centre: [0, 0], radii: [120, 80] } as const;

function paint(volume: Volume, inside: (x: number, y: number) => boolean, value: number): void {
  const [nx, ny, nz] = volume.grid.size;
  const [[dx, dy], [x0, y0]] = [volume.grid.spacing, volume.grid.origin];
  for (let v = 0; v < nx * ny * nz; v += 1)
    if (inside(x0 + (v % nx) * dx, y0 + (Math.trunc(v / nx) % ny) * dy)) volume.hu[v] = value;
}

/** Area of a slice's voxels, cm2. */
function area(part: Part, { grid: ct }: Volume, k: number): number {
  const [nx, ny] = ct.size;
  const slice = placedOn(part, wholeGrid(ct)).voxels.subarray(k * nx * ny, (k + 1) * nx * ny);
  return (slice.reduce((a, b) => a + b, 0) * ct.spacing[0] * ct.spacing[1]) / 100;
}

/** Pieces and holes of each slice. */
function pieces(part: Part, volume: Volume): { outer: number; holes: number }[] {
  return maskContours(maskOf(part, volume.grid)).map(({ polygons }) => ({
    outer: polygons.length,
    holes: polygons.reduce((sum, polygon) => sum + polygon.holes.length, 0),
  }));
}

for (const spacing of [1, 3.9]) {
  test(`pixels of ${spacing} mm: the body is one closed contour a slice, both arms further ones, the rest is outside`, () => {
    const size = Math.round(500 / spacing);
    const volume = cylinderWithEllipsoids(grid([size, size, 20], [spacing, spacing, 3]), trunk, []);
    paint(volume, (x, y) => Math.hypot(x / 30, y / 40) < 1, -850); // a lung
    paint(volume, (x, y) => Math.hypot(x - 165, y) < 25 || Math.hypot(x + 165, y) < 25, 30); // the arms
    paint(volume, (x, y) => Math.abs(y + 95) < 1.2 && Math.abs(x) < 120, 50); // a mask, apart from the skin
    paint(volume, (_, y) => y > 83 && y < 86, 150); // the table's shells and its foam
    paint(volume, (x, y) => y >= 86 && y < 120 && Math.abs(x) < 220, -900);
    paint(volume, (_, y) => y >= 120 && y < 123, 150);
    const body = external(volume);
    assert.deepEqual(
      pieces(body, volume),
      Array.from({ length: 20 }, () => ({ outer: 3, holes: 0 })),
    );
    const expected = (Math.PI * (120 * 80 + 2 * 25 ** 2)) / 100;
    assert.ok(
      Math.abs(area(body, volume, 2) / expected - 1) < 0.015 + spacing / 100,
      `${area(body, volume, 2)} cm2 of ${expected}`,
    );

    const table = couch(volume, body);
    assert.deepEqual(
      pieces(table, volume),
      Array.from({ length: 20 }, () => ({ outer: 1, holes: 0 })),
    );
    const [first, last] = [table.low[1], table.high[1] - 1].map((j) => volume.grid.origin[1] + j * spacing);
    assert.ok(Math.abs(first! - 84.5) < 2 + spacing && Math.abs(last! - 121.5) < 2 + spacing, `${first} to ${last} mm`);
  });
}

test('blocks beside the shoulders that are dense throughout are outside, an arm with its bone is not', () => {
  const volume = cylinderWithEllipsoids(grid([400, 300, 20], [1, 1, 3]), trunk, []);
  paint(volume, (x, y) => Math.abs(Math.abs(x) - 165) < 20 && Math.abs(y - 90) < 25, 320);
  paint(volume, (x, y) => Math.hypot(x - 165, y) < 25, 30);
  paint(volume, (x, y) => Math.hypot(x - 165, y) < 10, 900);
  const body = external(volume);
  assert.deepEqual(
    pieces(body, volume),
    Array.from({ length: 20 }, () => ({ outer: 2, holes: 0 })),
  );
  assert.ok(body.high[0] > 200 + 165 + 20, 'the arm on the left');
  assert.ok(body.low[0] > 200 - 165 + 20, 'nothing on the right');
});

test('a body that the image cuts reaches to its edge, and a CT without a table has no couch', () => {
  const volume = cylinderWithEllipsoids(grid([150, 150, 4], [1, 1, 3]), { centre: [40, 0], radii: [90, 60] }, []);
  const body = external(volume);
  assert.deepEqual([body.high[0], body.low[2], body.high[2]], [150, 0, 4]);
  assert.equal(couch(volume, body).voxels.length, 0);
});

test('the skin of the phantoms holds every structure, and neither table nor headrest', () => {
  for (const seed of [1, 5]) {
    const { volume, truth } = generatePhantom(seed, { size: 256, slices: 40 });
    const body = external(volume);
    for (const { name, mask } of truth) {
      const inside = placedOn(body, wholeGrid(volume.grid)).voxels;
      assert.ok(
        mask.voxels.every((value, v) => value === 0 || inside[v] === 1),
        `${name} of phantom ${seed}`,
      );
    }
    const table = couch(volume, body);
    assert.ok(table.low[1] >= body.high[1] && table.low[2] === 0 && table.high[2] === 40, `table of phantom ${seed}`);
  }
});

const realCt = sharedData('hn-ct');

test(
  'a real head and neck: one contour in each of 90 slices, the table below it',
  { skip: realCt === undefined },
  async () => {
    const { series, files } = await readCtFolder([join(realCt!)]);
    const paths = series.slices.map(({ sopInstanceUid }) => files.get(sopInstanceUid)!);
    const volume = await loadVolume(paths, series.geometry);
    const body = external(volume);
    assert.deepEqual(
      pieces(body, volume),
      Array.from({ length: 90 }, () => ({ outer: 1, holes: 0 })),
    );
    const table = couch(volume, body);
    assert.ok(table.low[1] > body.high[1] - 12 && table.high[1] < 500, `rows ${table.low[1]} to ${table.high[1]}`);
  },
);
