import type { Warning } from '../warning.ts';
import type { CtHeader } from './ct-header.ts';
import { figures } from './figures.ts';
import { positionConflict, type ImagePlane } from './image-plane.ts';
import { namedKind } from './image-type.ts';
import type { SamePatient } from './same-patient.ts';
import type { OtherImages } from './sort-images.ts';

/** What a person should know of a series that is contoured all the same. */
export function seriesWarnings(
  slices: readonly CtHeader[],
  others: readonly OtherImages<CtHeader>[],
  plane: ImagePlane,
  patient: SamePatient,
): Warning[] {
  const count = (test: (slice: CtHeader) => boolean): number => slices.filter(test).length;
  const all = slices.length;
  const derived = count(({ imageType }) => imageType[0] === 'DERIVED' || namedKind(imageType) !== undefined);
  const lossy = count((slice) => slice.lossy);
  const surplus = count((slice) => slice.surplusPixelBytes !== undefined);
  const padded = count(hasPaddingAmongTissue);
  const isUpright = plane.view === 'axial';
  const tilt = slices.find((slice) => isUpright && Math.abs(slice.gantryTilt) > 0.1)?.gantryTilt;
  const conflict = positionConflict(slices[0]!.patientPosition, plane);
  const leftOut = others.filter(({ kind }) => kind !== 'repeat');
  const repeats = others.filter(({ kind }) => kind === 'repeat').flatMap(({ images }) => images).length;
  const warnings: (Warning | false)[] = [
    leftOut.length > 0 && { code: 'LEFT_OUT', text: leftOutText(leftOut) },
    repeats > 0 && {
      code: 'REPEAT',
      text: `${repeats} images are repeats under other SOP Instance UIDs and were left out`,
    },
    ...patient.empty.map(({ attribute, images }) => ({
      code: 'IDENTITY_INCOMPLETE',
      text: `${attribute} is empty in ${images} of ${all} slices`,
    })),
    derived > 0 && { code: 'DERIVED', text: `${derived} of ${all} slices are derived images` },
    lossy > 0 && { code: 'LOSSY', text: `${lossy} of ${all} slices were lossy compressed` },
    surplus > 0 && {
      code: 'SURPLUS_PIXEL_BYTES',
      text: `bytes behind the pixels of ${surplus} of ${all} slices were cut off`,
    },
    conflict !== undefined && { code: 'PATIENT_POSITION', text: conflict },
    tilt !== undefined && {
      code: 'GANTRY_TILT',
      text: `the header says a gantry tilt of ${figures(tilt)[0]} degrees, the positions of the slices say none`,
    },
    padded > 0 && { code: 'PADDING_VALUE', text: `the padding value of ${padded} of ${all} slices is that of tissue` },
  ];
  return warnings.filter((warning) => warning !== false);
}

function leftOutText(groups: readonly OtherImages<CtHeader>[]): string {
  const number = groups.reduce((sum, { images }) => sum + images.length, 0);
  const what =
    number === 1 ? '1 image is no slice of this scan and was' : `${number} images are no slices of this scan and were`;
  return `${what} left out: ${groups.map(({ images, reason }) => `${images.length} ${reason}`).join(', ')}`;
}

/** Pixels of the padding value become air, as the header says; where tissue has that value, a person should look. */
function hasPaddingAmongTissue({ padding, slope, intercept }: CtHeader): boolean {
  return (
    padding !== undefined &&
    padding.some((value) => value * slope + intercept > -900 && value * slope + intercept < 2000)
  );
}
