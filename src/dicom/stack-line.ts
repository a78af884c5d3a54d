import type { CtHeader } from './ct-header.ts';
import type { ImagePlane } from './image-plane.ts';

/** How the images of one orientation lie one above the other. Arrays run in the order of the images given. */
export interface StackLine {
  /** mm along the normal, to the head; in an axial image z exactly as Image Position has it. */
  readonly along: readonly number[];
  /** mm by which each image lies beside the line that most of them lie on, along its rows and its columns. */
  readonly beside: readonly (readonly [number, number])[];
  /** mm along rows and columns by which the line runs sideways, over the whole stack: a table that moves under a tilted gantry. */
  readonly drift: readonly [number, number];
}

/** Nearer than this (mm) two images lie at one position; no scanner reconstructs finer. */
export const samePositionMm = 0.05;

/** The line is that of the majority: some images that lie elsewhere do not turn or move it. */
export function stackLine(images: readonly CtHeader[], plane: ImagePlane): StackLine {
  const [cy, cz] = plane.column;
  const places = images.map(({ imagePosition }) => {
    const [x, y, z] = imagePosition as [number, number, number];
    return { u: x, v: y * cy + z * cz, s: plane.view === 'tilted' ? z * cy - y * cz : z };
  });
  const sorted = places.toSorted((a, b) => a.s - b.s);
  const length = (sorted.at(-1)?.s ?? 0) - (sorted[0]?.s ?? 0);
  const line = (axis: 'u' | 'v') => {
    // Theil (1950): the median of the slopes of pairs that lie half a stack apart.
    const apart = sorted.length >> 1;
    const slopes = sorted.slice(apart).flatMap((place, i) => {
      const step = place.s - sorted[i]!.s;
      return step < samePositionMm ? [] : [(place[axis] - sorted[i]![axis]) / step];
    });
    const slope = median(slopes);
    const offset = median(places.map((place) => place[axis] - slope * place.s));
    return { slope, beside: places.map((place) => place[axis] - slope * place.s - offset) };
  };
  const [u, v] = [line('u'), line('v')];
  return {
    along: places.map(({ s }) => s),
    beside: u.beside.map((besideU, i) => [besideU, v.beside[i]!] as const),
    drift: [u.slope * length, v.slope * length],
  };
}

function median(values: readonly number[]): number {
  if (values.length === 0) return 0;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
