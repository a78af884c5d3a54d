import type { CtHeader } from './ct-header.ts';
import { planeOf } from './image-plane.ts';
import { samePositionMm, stackLine } from './stack-line.ts';

/** One run of the scanner, or one reconstruction, of several that share their positions. */
export interface Acquisition<T> {
  /** What tells it from the others: `Acquisition Number 2`. */
  readonly name: string;
  readonly images: readonly T[];
}

/** Images at one position, each group in the order given. */
export function positionsOf<T extends CtHeader>(images: readonly T[]): T[][] {
  const [first] = images;
  if (first === undefined) return [];
  const { along } = stackLine(images, planeOf(first));
  const order = images.map((image, i) => ({ image, i, s: along[i]! })).toSorted((a, b) => a.s - b.s || a.i - b.i);
  const groups: { s: number; images: { image: T; i: number }[] }[] = [];
  for (const { image, i, s } of order) {
    const last = groups.at(-1);
    if (last !== undefined && s - last.s < samePositionMm) last.images.push({ image, i });
    else groups.push({ s, images: [{ image, i }] });
  }
  return groups.map((group) => group.images.toSorted((a, b) => a.i - b.i).map(({ image }) => image));
}

/**
 * Images whose pixels are at their position already, under another SOP Instance UID: a CT that was sent again after an
 * archive, or a copy, had given it new UIDs. Of each kind the first given is no repeat.
 */
export function repeatsAmong<T extends CtHeader & { readonly pixelSha256?: string }>(images: readonly T[]): Set<T> {
  return new Set(
    positionsOf(images).flatMap((group) =>
      group.filter(
        ({ pixelSha256, slope, intercept }, i) =>
          pixelSha256 !== undefined &&
          group
            .slice(0, i)
            .some(
              (other) => other.pixelSha256 === pixelSha256 && other.slope === slope && other.intercept === intercept,
            ),
      ),
    ),
  );
}

const marks = [
  ['Acquisition Number', 'acquisition'],
  ['series time', 'seriesTime'],
  ['kernel', 'kernel'],
] as const;

/**
 * The runs or reconstructions that images at the same positions belong to, the largest first: by the first attribute
 * that parts all that share a position. Empty where no two share one, or no attribute parts them.
 */
export function acquisitionsOf<T extends CtHeader>(images: readonly T[]): Acquisition<T>[] {
  const shared = positionsOf(images).filter((group) => group.length > 1);
  if (shared.length === 0) return [];
  for (const [name, key] of marks) {
    const markOf = (image: T): string => image.run?.[key] ?? '';
    if (shared.some((group) => new Set(group.map(markOf)).size < group.length)) continue;
    return [...Map.groupBy(images, markOf)]
      .map(([mark, ofRun]) => ({ name: `${name} ${mark === '' ? '(none)' : mark}`, images: ofRun }))
      .toSorted((a, b) => b.images.length - a.images.length);
  }
  return [];
}
