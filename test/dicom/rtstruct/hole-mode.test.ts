import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ringsOf } from '../../../src/dicom/rtstruct/hole-mode.ts';
import { keyhole } from '../../../src/dicom/rtstruct/keyhole.ts';
import { doubledArea } from '../../../src/dicom/rtstruct/ring.ts';
import type { Polygon, Ring } from '../../../src/dicom/rtstruct/structure-set.ts';
import { maskContours } from '../../../worker/contours/roi-contours.ts';
import { noiseMask, randomNumbers } from '../../contours/random-masks.ts';

type Edge = readonly [number, number, number, number];

const edges = (ring: Ring): Edge[] =>
  Array.from({ length: ring.length / 2 }, (_, p) => {
    const q = (p + 1) % (ring.length / 2);
    return [ring[2 * p]!, ring[2 * p + 1]!, ring[2 * q]!, ring[2 * q + 1]!].map((value) =>
      Math.round(value * 100),
    ) as unknown as Edge;
  });

const turn = (ax: number, ay: number, bx: number, by: number, cx: number, cy: number): number =>
  Math.sign((bx - ax) * (cy - ay) - (by - ay) * (cx - ax));

/** Whether two edges cross within both of them. */
const cross = (a: Edge, b: Edge): boolean =>
  turn(...a, b[0], b[1]) * turn(...a, b[2], b[3]) < 0 && turn(...b, a[0], a[1]) * turn(...b, a[2], a[3]) < 0;

test('a keyhole contour has the area without its holes, its own points only, and channels that cross no line', () => {
  let holes = 0;
  for (let seed = 0; seed < 12; seed++) {
    for (const { polygons } of maskContours(noiseMask(randomNumbers(seed), 0.85))) {
      for (const polygon of polygons) {
        const line = keyhole(polygon);
        holes += polygon.holes.length;
        assert.equal(
          line.length / 2,
          [polygon.outer, ...polygon.holes].reduce((sum, ring) => sum + ring.length / 2, 0) + 2 * polygon.holes.length,
        );
        const area = [polygon.outer, ...polygon.holes].reduce((sum, ring) => sum + doubledArea(ring), 0);
        assert.ok(Math.abs(doubledArea(line) - area) < 1e-6 * Math.abs(area) + 1e-6);
        assert.ok(line[0] !== line.at(-2) || line[1] !== line.at(-1));
        const all = edges(line);
        for (const [at, edge] of all.entries())
          assert.ok(
            all.slice(at + 1).every((other) => !cross(edge, other)),
            `seed ${seed}`,
          );
      }
    }
  }
  assert.ok(holes > 300, `only ${holes} holes`);
});

const square = (centre: number, half: number): number[] => [
  centre - half,
  centre - half,
  centre + half,
  centre - half,
  centre + half,
  centre + half,
  centre - half,
  centre + half,
];
const outer = (centre: number, half: number): Ring => Float64Array.from(square(centre, half));
const hole = (centre: number, half: number): Ring => {
  const [ax, ay, bx, by, cx, cy, dx, dy] = square(centre, half) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return Float64Array.of(dx, dy, cx, cy, bx, by, ax, ay);
};
const polygons: Polygon[] = [
  { outer: outer(0, 20), holes: [hole(0, 10)] },
  { outer: outer(0, 5), holes: [] },
  { outer: outer(50, 3), holes: [] },
];

test('fill drops holes and the islands in them; nested keeps every ring', () => {
  assert.deepEqual(ringsOf(polygons, 'fill'), [polygons[0]!.outer, polygons[2]!.outer]);
  assert.deepEqual(ringsOf(polygons, 'nested'), [
    polygons[0]!.outer,
    polygons[0]!.holes[0],
    polygons[1]!.outer,
    polygons[2]!.outer,
  ]);
  assert.deepEqual(ringsOf(polygons, 'CLOSEDPLANAR_XOR'), ringsOf(polygons, 'nested'));
  assert.equal(ringsOf(polygons, 'keyhole').length, 3);
});
