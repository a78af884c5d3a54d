import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maskContours } from '../../worker/contours/roi-contours.ts';
import { rasterise, type PlanarContour } from '../../worker/contours/rasterise.ts';
import { compareMasks } from '../../worker/evaluation/compare-masks.ts';
import { roiFigures } from '../../worker/correction/roi-figures.ts';
import type { Mask } from '../../worker/volume/volume.ts';
import { exampleGrid, exampleMasks, maskOf } from '../dicom/rtstruct/example-structure-set.ts';

function contoursOf(mask: Mask): PlanarContour[] {
  return maskContours(mask).flatMap(({ slice, polygons }) =>
    polygons.flatMap(({ outer, holes }) =>
      [outer, ...holes].map((ring) => ({
        points: Float64Array.from(
          Array.from({ length: ring.length / 2 }, (_, at) => [
            ring[at * 2]!,
            ring[at * 2 + 1]!,
            exampleGrid.z[slice]!,
          ]).flat(),
        ),
      })),
    ),
  );
}

test('the figures on the part of the grid that holds both are those on the whole grid', () => {
  const corner = maskOf((i, j) => i < 9 && j < 7);
  const pairs = [
    [exampleMasks['Solid']!, exampleMasks['Islands']!],
    [exampleMasks['Ring']!, exampleMasks['Solid']!],
    [corner, maskOf((i, j, k) => i < 8 && j < 9 && k > 3)],
  ] as const;
  for (const [a, b] of pairs) {
    const whole = compareMasks(rasterise(contoursOf(a), exampleGrid), rasterise(contoursOf(b), exampleGrid), 2);
    assert.ok(whole.status === 'ok');
    const part = roiFigures('x', contoursOf(a), contoursOf(b), exampleGrid);
    assert.equal(part.state, 'compared');
    for (const [mine, theirs] of [
      [part.dsc, whole.dsc],
      [part.hd95, whole.hd95],
      [part.surfaceDsc, whole.surfaceDsc],
      [part.proposedCm3, whole.referenceCm3],
      [part.correctedCm3, whole.testCm3],
    ])
      assert.ok(Math.abs(mine! - theirs!) < 0.006, `${mine} is not ${theirs}`);
    assert.ok(part.addedPathLengthMm! > 0);
  }
});

test('the same contours have nothing added and DSC 1; one side alone is said so, with its volume', () => {
  const solid = contoursOf(exampleMasks['Solid']!);
  const same = roiFigures('x', solid, solid, exampleGrid);
  assert.deepEqual([same.dsc, same.hd95, same.surfaceDsc, same.addedPathLengthMm], [1, 0, 1, 0]);
  const added = roiFigures('x', [], solid, exampleGrid);
  assert.deepEqual([added.state, added.proposedCm3, added.dsc], ['only corrected', 0, undefined]);
  assert.equal(added.correctedCm3, same.correctedCm3);
  assert.equal(roiFigures('x', solid, [], exampleGrid).state, 'only proposed');
});
