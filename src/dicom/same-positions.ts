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
export function repeatsAmong<T extends CtHeader & { readonly pixelSha256?: string }>(
  images: readonly T[],
  pixelsOf: PixelsOf<T> = ({ pixelSha256 }) => pixelSha256,
): Set<T> {
  return new Set(
    positionsOf(images).flatMap((group) =>
      group.filter((image, i) => {
        const pixels = pixelsOf(image);
        const isSame = (other: T): boolean =>
          pixelsOf(other) === pixels && other.slope === image.slope && other.intercept === image.intercept;
        return pixels !== undefined && group.slice(0, i).some(isSame);
      }),
    ),
  );
}

/** Digest of the pixels of an image; undefined where it is not known. */
export type PixelsOf<T> = (image: T) => string | undefined;

const marks = [
  ['Acquisition Number', 'acquisition'],
  ['Temporal Position', 'temporalPosition'],
  ['KVP', 'kvp'],
  ['series time', 'seriesTime'],
  ['kernel', 'kernel'],
  ['Slice Thickness', 'sliceThickness'],
] as const;

type Run = NonNullable<CtHeader['run']>;

/**
 * The runs or reconstructions that images at the same positions belong to, or between whose slices those of another lie,
 * the largest first: by the first attribute that parts them. Empty where there is one, or no attribute parts them.
 */
export function acquisitionsOf<T extends CtHeader>(images: readonly T[]): Acquisition<T>[] {
  const shared = positionsOf(images).filter((group) => group.length > 1);
  for (const [name, key] of marks) {
    const parts =
      shared.length > 0
        ? shared.every((group) => new Set(group.map((image) => markOf(image, key))).size === group.length)
        : areInterleaved(images, key);
    if (!parts) continue;
    return [...Map.groupBy(images, (image) => markOf(image, key))]
      .map(([mark, ofRun]) => ({ name: `${name} ${mark === '' ? '(none)' : mark}`, images: ofRun }))
      .toSorted((a, b) => b.images.length - a.images.length);
  }
  return [];
}

/** Whether images are of another run or reconstruction than the first ones, by an attribute that both have. */
export function areOtherRun(first: readonly CtHeader[], others: readonly CtHeader[]): boolean {
  return marks.some(([, key]) => {
    const [ours, theirs] = [first, others].map((images) => images.map((image) => markOf(image, key))) as [
      string[],
      string[],
    ];
    // An axial scan may number every turn of the tube.
    const isMark = [ours, theirs].every(
      (values) => !values.includes('') && new Set(values).size * smallestRun <= values.length,
    );
    return isMark && new Set(ours).isDisjointFrom(new Set(theirs));
  });
}

/**
 * Images at the same positions that their Instance Numbers part: each run goes along the patient once, and the next one
 * begins where the direction turns. Empty where they do not. What they are (a second run of the scanner, or a part of it
 * that was scanned again) is for a person to say.
 */
export function numberedRuns<T extends CtHeader>(images: readonly T[]): Acquisition<T>[] {
  const [first] = images;
  if (first === undefined || positionsOf(images).length === images.length) return [];
  const { along } = stackLine(images, planeOf(first));
  const order = images
    .map((image, i) => ({ image, s: along[i]!, number: Number(image.instanceNumber || Number.NaN) }))
    .toSorted((a, b) => a.number - b.number);
  if (order.some(({ number }, i) => !Number.isInteger(number) || number === order[i + 1]?.number)) return [];
  const runs: (typeof order)[] = [];
  for (const one of order) {
    const run = runs.at(-1);
    const [before, last] = [run?.at(-2), run?.at(-1)];
    const step = last === undefined ? 0 : one.s - last.s;
    const isOn = before === undefined || last === undefined || step * (last.s - before.s) > 0;
    if (run !== undefined && Math.abs(step) >= samePositionMm && isOn) run.push(one);
    else runs.push([one]);
  }
  if (runs.length < 2 || runs.some(({ length }) => length < smallestRun)) return [];
  return runs.map((run) => ({
    name: `Instance Numbers ${run[0]!.number} to ${run.at(-1)!.number}`,
    images: run.map(({ image }) => image),
  }));
}

/** Fewer images are a turn of the tube, not a run. */
const smallestRun = 3;

/** Whether two runs cover the same part of the patient, so that one volume of both would be of two moments. */
function areInterleaved(images: readonly CtHeader[], key: keyof Run): boolean {
  const [first] = images;
  if (first === undefined) return false;
  const { along } = stackLine(images, planeOf(first));
  const runs = [
    ...Map.groupBy(
      images.map((image, i) => ({ mark: markOf(image, key), s: along[i]! })),
      ({ mark }) => mark,
    ),
  ]
    .filter(([mark, places]) => mark !== '' && places.length >= smallestRun)
    .map(([, places]) => places.map(({ s }) => s));
  return runs.some((run, i) => runs.slice(i + 1).some((other) => sharedExtent(run, other) > 0.5));
}

/** Of the shorter of two stacks with these positions, the part that lies within the other. */
export function sharedExtent(one: readonly number[], other: readonly number[]): number {
  const [[low, high], [from, to]] = [one, other].map((run) => [Math.min(...run), Math.max(...run)]) as [
    [number, number],
    [number, number],
  ];
  const shorter = Math.min(high - low, to - from);
  return shorter > 0 ? (Math.min(high, to) - Math.max(low, from)) / shorter : 0;
}

function markOf(image: CtHeader, key: keyof Run): string {
  return image.run?.[key] ?? '';
}
