import type { TrainedCt } from '../../src/bundles/training-range.ts';
import type { Warning } from '../../src/warning.ts';
import type { CtAppearance } from '../volume/ct-appearance.ts';
import { beyond, outOfRange } from './out-of-range.ts';

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

  const [least, most] = trained.sliceSpacingMm;
  const odd = ct.sliceSpacingMm.find((gap) => gap < least * (1 - tolerance) || gap > most * (1 + tolerance));
  const spacing = odd === undefined ? undefined : outOfRange(odd, trained.sliceSpacingMm, 1);
  if (spacing !== undefined) {
    warn('CT_SLICE_SPACING', `slices ${spacing.value} mm apart, in the training data ${spacing.limit} mm`);
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
    const unlike = outOfRange(size, range, 0);
    if (unlike === undefined) continue;
    const body = `the body in the scan is ${unlike.value} mm ${direction}`;
    warn('CT_BODY_SIZE', `${body}, in the training data ${unlike.limit} mm`);
  }
  const classes = trained.tissueClassesHu;
  for (const [kind, low] of classes.entries()) {
    const [share, range] = [
      ct.tissue[kind]! * 100,
      trained.tissue[kind]!.map((part) => part * 100) as [number, number],
    ];
    const unlike = outOfRange(share, range, 1);
    if (unlike === undefined) continue;
    const high = classes[kind + 1];
    const name = high === undefined ? `above ${low} HU` : `between ${low} and ${high} HU`;
    warn('CT_TISSUE', `${unlike.value} % of the body ${name}, in the training data ${unlike.limit} %`);
  }
  for (const [axis, range] of trained.bones.entries()) {
    const place = ct.bones[axis]!;
    if (place >= range[0] && place <= range[1]) continue;
    const side = sides[axis]![place > range[1] ? 1 : 0];
    warn('CT_BONES', `the bones lie further to the ${side} than in any training CT`);
  }
  const airway = beyond(ct.airBehindBonesMm, trained.airBehindBonesMm);
  if (airway !== undefined) {
    const how = `${Math.abs(airway).toFixed(0)} mm further to the ${airway < 0 ? 'front' : 'back'}`;
    warn(
      'CT_AIRWAY',
      `the air in the body lies ${how}, seen from the bones, than in any training CT: is this the right part of the body, and the right way round`,
    );
  }
  return warnings;
}
