import assert from 'node:assert/strict';
import { test } from 'node:test';
import { thinning } from '../../worker/bundles/write-bundle.ts';

test('a long golden output is thinned, and values of every class, row and column are kept', () => {
  assert.equal(thinning([1, 96, 112, 8]), 1, 'a slice is kept whole');
  const shapes = [
    [1, 48, 72, 64, 8],
    [1, 117, 128, 128, 128],
    [8, 11, 13, 17, 19, 23],
  ];
  for (const shape of shapes) {
    const length = shape.reduce((a, b) => a * b, 1);
    const every = thinning(shape);
    assert.ok(
      length / every > 50_000 && length / every <= 200_001,
      `${shape.join(' x ')}: each ${every}th of ${length}`,
    );
    for (const [axis, size] of shape.entries()) {
      const stride = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
      const kept = new Set(
        Array.from({ length: Math.ceil(length / every) }, (_, n) => Math.floor((n * every) / stride) % size),
      );
      assert.equal(kept.size, size, `axis ${axis} of ${shape.join(' x ')}`);
    }
  }
});
