import type { TrainedCt } from '../../src/bundles/training-range.ts';
import type { Warning } from '../../src/warning.ts';
import type { CtAppearance } from '../volume/ct-appearance.ts';

type Range = readonly [number, number];

const directions = ['wide', 'deep', 'long'] as const;
const sides = [
  ['right', 'left'],
  ['front', 'back'],
  ['feet', 'head'],
] as const;
/** A tenth more or less makes no difference to a network that is trained with zoom. */
const tolerance = 0.1;

/**
 * Warnings about a CT that differs from those that the bundle was trained on. Finer pixels and a larger image do not count:
 * the network gets a part of the image, on its own grid.
 */
export function ctWarnings(ct: CtAppearance, trained: TrainedCt): Warning[] {
  const warnings: Warning[] = [];
  const warn = (code: string, text: string) => warnings.push({ code, text });
  const seen = ([low, high]: Range, digits: number) => `${low.toFixed(digits)} to ${high.toFixed(digits)}`;

  const [least, most] = trained.sliceSpacingMm;
  const odd = ct.sliceSpacingMm.find((gap) => gap < least * (1 - tolerance) || gap > most * (1 + tolerance));
  if (odd !== undefined) {
    const range = seen(trained.sliceSpacingMm, 1);
    warn('CT_SLICE_SPACING', `slices ${odd.toFixed(1)} mm apart, in the training data ${range} mm`);
  }
  const [, coarsest] = trained.pixelSpacingMm;
  if (ct.pixelSpacingMm > coarsest * (1 + tolerance)) {
    const pixels = `pixels of ${ct.pixelSpacingMm.toFixed(1)} mm`;
    warn('CT_PIXEL_SPACING', `${pixels}, in the training data at most ${coarsest.toFixed(1)} mm`);
  }
  const [smallest] = trained.fieldOfViewMm;
  if (ct.fieldOfViewMm < smallest * (1 - tolerance)) {
    const image = `an image of ${ct.fieldOfViewMm.toFixed(0)} mm`;
    warn('CT_FIELD_OF_VIEW', `${image}, in the training data at least ${smallest.toFixed(0)} mm`);
  }
  for (const [axis, direction] of directions.entries()) {
    const [size, range] = [ct.bodyMm[axis]!, trained.bodyMm[axis]!];
    if (isWithin(size, range)) continue;
    const body = `the body in the scan is ${size.toFixed(0)} mm ${direction}`;
    warn('CT_BODY_SIZE', `${body}, in the training data ${seen(range, 0)} mm`);
  }
  const classes = trained.tissueClassesHu;
  for (const [kind, low] of classes.entries()) {
    const [share, range] = [
      ct.tissue[kind]! * 100,
      trained.tissue[kind]!.map((part) => part * 100) as [number, number],
    ];
    if (isWithin(share, range)) continue;
    const high = classes[kind + 1];
    const name = high === undefined ? `above ${low} HU` : `between ${low} and ${high} HU`;
    warn('CT_TISSUE', `${share.toFixed(1)} % of the body ${name}, in the training data ${seen(range, 1)} %`);
  }
  for (const [axis, range] of trained.bones.entries()) {
    const place = ct.bones[axis]!;
    if (isWithin(place, range)) continue;
    const side = sides[axis]![place > range[1] ? 1 : 0];
    warn('CT_BONES', `the bones lie further to the ${side} than in any training CT`);
  }
  if (!isWithin(ct.airBehindBonesMm, trained.airBehindBonesMm)) {
    const where = (mm: number) => `${Math.abs(mm).toFixed(0)} mm ${mm < 0 ? 'in front of' : 'behind'}`;
    const [first, last] = trained.airBehindBonesMm;
    warn(
      'CT_AIRWAY',
      `the air in the body lies ${where(ct.airBehindBonesMm)} the bones, in the training data ${where(first)} to ${where(last)} them: is this the right part of the body, and the right way round`,
    );
  }
  return warnings;
}

function isWithin(value: number, [low, high]: Range): boolean {
  return value >= low && value <= high;
}
