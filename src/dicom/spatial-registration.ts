import { ContourNodeError } from '../errors.ts';
import { type Affine, columnOf, determinant, dot, greatestDistance, identity, type Point, product } from './affine.ts';
import type { DataSet, DicomFile } from './data-set.ts';
import { figure } from './figures.ts';

/** PS3.4 B.5 */
export const spatialRegistrationStorage = '1.2.840.10008.5.1.4.1.1.66.1';

/** One Item of the Registration Sequence as it stands, whether it is usable or not. */
export interface RegistrationItem {
  /** '' where the Item names images alone. */
  readonly frameOfReferenceUid: string;
  /** SOP Instance UIDs of its Referenced Image Sequence. */
  readonly images: readonly string[];
  /** In the order of the Matrix Sequence. */
  readonly matrices: readonly {
    /** RIGID, RIGID_SCALE or AFFINE; '' where absent. */
    readonly type: string;
    /** Row-major; 16 numbers in a usable one. */
    readonly matrix: readonly number[];
  }[];
}

/** What a Spatial Registration (PS3.3 C.20.2) says. */
export interface SpatialRegistration {
  /** The Registered RCS: where the matrices lead to. */
  readonly frameOfReferenceUid: string;
  readonly items: readonly RegistrationItem[];
}

/** Reads what stands there; `checkRegistration` says whether it can be used. */
export function spatialRegistrationOf(file: DicomFile): SpatialRegistration {
  return {
    frameOfReferenceUid: file.string('00200052')?.trim() ?? '',
    items: file.items('00700308').map(itemOf),
  };
}

function itemOf(item: DataSet): RegistrationItem {
  const matrices = item.items('00700309').flatMap((registration) => registration.items('0070030a'));
  return {
    frameOfReferenceUid: item.string('00200052')?.trim() ?? '',
    images: item.items('00081140').flatMap((image) => image.string('00081155')?.trim() ?? []),
    matrices: matrices.map((matrix) => ({
      type: matrix.strings('0070030c')[0] ?? '',
      matrix: matrix.numbers('300600c6'),
    })),
  };
}

/**
 * Whether every Item can be used.
 *
 * @throws ContourNodeError SERIES_REGISTRATION which Item, and what of it is wrong
 */
export function checkRegistration({ frameOfReferenceUid, items }: SpatialRegistration): void {
  if (frameOfReferenceUid === '') throw refused('the registration has no Frame of Reference UID');
  if (items.length === 0) throw refused('the registration registers nothing (Registration Sequence is empty)');
  for (const [index, item] of items.entries()) {
    const which = `item ${index + 1} of ${items.length}`;
    const matrix = itemMatrix(item, which);
    if (item.frameOfReferenceUid === '' && item.images.length === 0)
      throw refused(`${which} of the registration names neither a frame of reference nor images`);
    if (item.frameOfReferenceUid === frameOfReferenceUid && moves(matrix))
      throw refused(`${which} moves images within their own frame of reference`);
  }
}

/**
 * Takes a point of the Item's frame of reference (the Source RCS) to the registration's own (the Registered RCS). PS3.3
 * C.20.2.1.1: the matrix says how to transform a point with respect to the source into one with respect to the Registered
 * RCS. Of several matrices "the Item order is significant and corresponds to matrix multiplication order" (table C.20.2-1,
 * equation C.20.2-2); programs multiply them in either order, so several are taken only where both orders give the same.
 *
 * @param which names the Item in a sentence
 * @throws ContourNodeError SERIES_REGISTRATION
 */
export function itemMatrix({ matrices }: Pick<RegistrationItem, 'matrices'>, which = 'an item'): Affine {
  if (matrices.length === 0) throw refused(`${which} of the registration has no matrix`);
  const usable = matrices.map(({ type, matrix }) => {
    const fault = faultOf(type, matrix);
    if (fault !== undefined) throw refused(`the matrix of ${which} ${fault}`);
    return matrix;
  });
  const forwards = usable.reduce(product);
  const apart = greatestDistance(forwards, usable.toReversed().reduce(product), around);
  if (apart > sameMm) {
    throw refused(
      `${which} has ${matrices.length} matrices, and their order changes the result by ${figure(apart)} mm`,
      'write the registration with one matrix: programs apply several in different orders',
    );
  }
  return forwards;
}

/** Whether a matrix takes anything of a patient to another place. */
export function moves(matrix: Affine): boolean {
  return greatestDistance(matrix, identity, around) > sameMm;
}

/** mm between points that count as the same. */
const sameMm = 0.1;
/** Points as far from the origin as a patient lies. */
const reach = 500;
const around: readonly Point[] = [-reach, reach].flatMap((x) =>
  [-reach, reach].flatMap((y) => [-reach, reach].map((z): Point => [x, y, z])),
);

/** Largest deviation of a cosine: at 300 mm from the centre of rotation it moves a point by 0.3 mm. */
const cosineTolerance = 1e-3;
/** By how much the patient's volume, and every length, may change where scaling or shearing is allowed. */
const scaleRange = [0.8, 1.25] as const;
/** Largest cosine of two axes where shearing is allowed: 9 degrees. */
const shearTolerance = 0.15;

/** PS3.3 C.20.2.1.2: what each type allows. In words that follow `the matrix`; undefined: it is as its type says. */
function faultOf(type: string, m: readonly number[]): string | undefined {
  if (m.length !== 16 || !m.every(Number.isFinite)) return 'is not made of 16 numbers';
  if (m.slice(12).some((value, i) => Math.abs(value - (i === 3 ? 1 : 0)) > 1e-6)) return 'does not end with 0 0 0 1';
  if (columnOf(m, 3).some((value) => Math.abs(value) > 20_000)) return 'moves the patient by more than 20 m';
  const volume = determinant(m);
  if (volume < 0) return 'mirrors the patient';
  const axes = [0, 1, 2].map((column) => columnOf(m, column));
  const lengths = axes.map((axis) => Math.hypot(...axis));
  const cosines = (
    [
      [0, 1],
      [0, 2],
      [1, 2],
    ] as const
  ).map(([a, b]) => Math.abs(dot(axes[a]!, axes[b]!)) / (lengths[a]! * lengths[b]!));
  const isSheared = cosines.some((cosine) => !(cosine <= cosineTolerance));
  const isScaled = lengths.some((length) => Math.abs(length - 1) > cosineTolerance);
  switch (type) {
    case 'RIGID':
    case '':
      if (isSheared) return `shears the image, although its type is ${type === '' ? 'not given' : type}`;
      return isScaled ? `scales the image, although its type is ${type === '' ? 'not given' : type}` : undefined;
    case 'RIGID_SCALE':
      if (isSheared) return 'shears the image, although its type is RIGID_SCALE';
      break;
    case 'AFFINE':
      break;
    default:
      return 'has a type that is none of RIGID, RIGID_SCALE and AFFINE';
  }
  const [least, most] = scaleRange;
  if (volume < least || volume > most) return `changes the volume of the patient by a factor of ${figure(volume)}`;
  const stretched = lengths.find((length) => length < least || length > most);
  if (stretched !== undefined) return `stretches the patient by a factor of ${figure(stretched)}`;
  return cosines.some((cosine) => cosine > shearTolerance) ? 'shears the patient by more than 9 degrees' : undefined;
}

function refused(words: string, remedy?: string): ContourNodeError {
  return new ContourNodeError('SERIES_REGISTRATION', words, remedy === undefined ? {} : { remedy });
}
