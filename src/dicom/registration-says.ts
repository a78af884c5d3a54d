import { asContourNodeError } from '../errors.ts';
import type { Affine } from './affine.ts';
import type { FrameLink } from './frame-ways.ts';
import {
  checkRegistration,
  itemMatrix,
  moves,
  type RegistrationItem,
  type SpatialRegistration,
} from './spatial-registration.ts';

/** Images that a registration moves within its own frame of reference: that frame does not say where they lie. */
export interface FrameMove {
  readonly registration: string;
  readonly frameOfReferenceUid: string;
  /** SOP Instance UIDs; none where all that lies in the frame is meant. */
  readonly images: readonly string[];
}

/** The same by series, whose names are what a registration was looked up with. */
export interface SeriesMove {
  readonly frameOfReferenceUid: string;
  /** Undefined: all that lies in the frame. */
  readonly series: readonly string[] | undefined;
}

/** Whether a registration moves a series within its own frame of reference. */
export function isMoved(series: string, frameOfReferenceUid: string, moves: readonly SeriesMove[]): boolean {
  return moves.some(
    (move) => move.frameOfReferenceUid === frameOfReferenceUid && (move.series?.includes(series) ?? true),
  );
}

/** What a registration says of frames of reference. */
export interface RegistrationSays {
  /** None of a registration that cannot be used. */
  readonly links: readonly FrameLink[];
  readonly moves: readonly FrameMove[];
}

/**
 * What a registration says of frames of reference; that it moves something within its own counts even where it cannot be used.
 * An Item that names images alone stands for their frame of reference.
 *
 * @param name of the registration
 * @param frameOf the frame of reference of an image; undefined where it is not here
 */
export function registrationSays(
  registration: SpatialRegistration,
  name: string,
  frameOf: (sopInstanceUid: string) => string | undefined,
): RegistrationSays {
  const to = registration.frameOfReferenceUid;
  const read = registration.items.flatMap((item) => {
    const [from, matrix] = [item.frameOfReferenceUid || frameOfImages(item, frameOf), matrixOf(item)];
    return from === undefined || matrix === undefined ? [] : [{ from, matrix, images: item.images }];
  });
  const links = isUsable(registration)
    ? read.filter(({ from }) => from !== to).map(({ from, matrix }) => ({ registration: name, from, to, matrix }))
    : [];
  const moved = read.filter(({ from, matrix }) => from === to && moves(matrix));
  return { links, moves: moved.map(({ images }) => ({ registration: name, frameOfReferenceUid: to, images })) };
}

function isUsable(registration: SpatialRegistration): boolean {
  return unlessRefused(() => (checkRegistration(registration), true)) === true;
}

function matrixOf(item: RegistrationItem): Affine | undefined {
  return unlessRefused(() => itemMatrix(item));
}

function unlessRefused<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (asContourNodeError(error).code === 'SERIES_REGISTRATION') return undefined;
    throw error;
  }
}

/** The one of all that are here; undefined where there is none, or they lie in several. */
function frameOfImages(
  { images }: RegistrationItem,
  frameOf: (sopInstanceUid: string) => string | undefined,
): string | undefined {
  const frames = new Set(images.map(frameOf).filter((frame) => frame !== undefined));
  return frames.size === 1 ? [...frames][0] : undefined;
}
