import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clinicCt, enhancedCt } from '../support/clinic-ct.ts';
import { rle } from '../support/rle.ts';
import { contoured } from './contoured-folder.ts';

/** Stored frames from the head down, as some scanners write them. */
const fromTheHead = Array.from({ length: 24 }, (_, k) => 23 - k);

for (const [what, file] of [
  ['frames in order', enhancedCt()],
  ['frames from the head down', enhancedCt({}, { order: fromTheHead })],
  ['compressed frames', enhancedCt({}, { order: fromTheHead, encapsulated: rle })],
] as const) {
  test(`an Enhanced CT gives the contours of the classic one: ${what} (CS 8.1.2)`, async (t) => {
    const classic = await contoured(t, clinicCt());
    const { slices, codes, dataSet, structureSet } = await contoured(t, [file]);
    assert.deepEqual([slices, codes], [24, []]);
    const points = ({ rois }: typeof structureSet) => rois[0]!.contours.map((contour) => contour.points);
    assert.deepEqual(points(structureSet), points(classic.structureSet));

    // Every contour names its instance and frame (PS3.3 table 10-3); z says which frame that is.
    const isReversed = what !== 'frames in order';
    for (const contour of dataSet.items('30060039')[0]!.items('30060040')) {
      const [image] = contour.items('30060016');
      const slice = contour.numbers('30060050')[2]! / 3;
      assert.equal(image!.string('00081155'), '1.2.3.8');
      assert.equal(image!.string('00081150'), '1.2.840.10008.5.1.4.1.1.2.1');
      assert.deepEqual(image!.numbers('00081160'), [isReversed ? 24 - slice : slice + 1]);
    }
    const [frame] = dataSet.items('30060010');
    const [series] = frame!.items('30060012')[0]!.items('30060014');
    assert.deepEqual(
      series!.items('30060016').map((one) => one.numbers('00081160')),
      [Array.from({ length: 24 }, (_, n) => n + 1)],
    );
  });
}

test('an Enhanced CT of which a frame has no place is refused in words', async (t) => {
  for (const [tag, name] of [
    ['00200032', 'Image Position'],
    ['00200037', 'Image Orientation'],
    ['00280030', 'Pixel Spacing'],
  ] as const) {
    const file = enhancedCt({ change: (k) => (k === 6 ? { [tag]: undefined } : {}) });
    await assert.rejects(contoured(t, [file]), {
      code: 'SERIES_HEADER',
      message: new RegExp(`enhanced\\.dcm: frame 7 of 24 has no ${name}$`),
    });
  }
});

test('what holds for classic images holds for frames: a gap is refused, a tilt resolved', async (t) => {
  await assert.rejects(contoured(t, [enhancedCt({ z: (k) => 3 * k + (k > 11 ? 3 : 0) })]), {
    code: 'SERIES_MISSING_SLICE',
  });
  const tilted = enhancedCt({ tilt: 18.5 });
  await assert.rejects(contoured(t, [tilted]), { code: 'SERIES_GANTRY_TILT' });
  assert.deepEqual((await contoured(t, [tilted], { tilt: 'resolve' })).codes, ['TILTED']);
});
