import { type Affine, greatestDistance, identity, inverse, type Point, product } from './affine.ts';

/** What one registration says of two frames of reference. */
export interface FrameLink {
  /** Names the registration. */
  readonly registration: string;
  readonly from: string;
  readonly to: string;
  /** Takes a point of `from` to `to`. */
  readonly matrix: Affine;
}

/** A way from one frame of reference to another. */
export interface FrameWay {
  readonly matrix: Affine;
  /** The registrations that it takes, in their order; none where the frames are the same. */
  readonly registrations: readonly string[];
}

/** CT to planning MR to diagnostic MR to an atlas: nobody means a longer chain. */
const longestWay = 4;

/** Nobody decides between more: as many say that nothing is certain. */
export const mostWays = 256;

/** Two ways to one image that lie farther apart (mm, at a corner of the CT) are two statements about where it lies. */
export const agreeingMm = 1;

/**
 * Every way between two frames of reference along the links, each taken forwards or backwards, no frame passed twice; the
 * shortest first, and no more than `mostWays` and one. PS3.3 C.20.2.1.1, equation C.20.2-3: two frames that are registered to a
 * third are registered to each other by inverse and product. Links that say the same, as of a registration that was
 * exported twice, are one.
 */
export function waysBetween(links: readonly FrameLink[], from: string, to: string): FrameWay[] {
  if (from === to) return [{ matrix: identity, registrations: [] }];
  const steps = stepsBetween(links);
  const left = stepsLeft(steps, to);
  const ways: FrameWay[] = [];
  const walk = (frame: string, passed: readonly string[], way: FrameWay, length: number): void => {
    for (const step of steps.get(frame) ?? []) {
      if (ways.length > mostWays) return;
      const after = length - 1 - way.registrations.length;
      if (passed.includes(step.to) || (left.get(step.to) ?? Infinity) > after) continue;
      const next = {
        matrix: product(step.matrix, way.matrix),
        registrations: [...way.registrations, step.registration],
      };
      if (step.to !== to) walk(step.to, [...passed, step.to], next, length);
      else if (after === 0) ways.push(next);
    }
  };
  for (let length = 1; length <= longestWay; length += 1)
    walk(from, [from], { matrix: identity, registrations: [] }, length);
  return ways;
}

/** The links that leave each frame, forwards and backwards. */
function stepsBetween(links: readonly FrameLink[]): Map<string, FrameLink[]> {
  const steps = new Map<string, FrameLink[]>();
  const known = new Set<string>();
  for (const link of links) {
    if (link.from === link.to) continue;
    for (const step of [link, { ...link, from: link.to, to: link.from, matrix: inverse(link.matrix) }]) {
      const says = [step.from, step.to, ...step.matrix.map((value) => value.toFixed(6))].join(' ');
      if (known.has(says)) continue;
      known.add(says);
      const others = steps.get(step.from);
      if (others === undefined) steps.set(step.from, [step]);
      else others.push(step);
    }
  }
  return steps;
}

/** The fewest steps from each frame to one, where there are no more than `longestWay`. */
function stepsLeft(steps: ReadonlyMap<string, readonly FrameLink[]>, to: string): Map<string, number> {
  const left = new Map([[to, 0]]);
  let reached = [to];
  for (let length = 1; length <= longestWay; length += 1) {
    const next = new Set(reached.flatMap((frame) => (steps.get(frame) ?? []).map((step) => step.to)));
    reached = [...next].filter((frame) => !left.has(frame));
    for (const frame of reached) left.set(frame, length);
  }
  return left;
}

/**
 * The greatest distance (mm) of any two of the ways at these points of the frame that they begin in; Infinity where there
 * are more than `mostWays`.
 */
export function disagreement(ways: readonly FrameWay[], points: readonly Point[]): number {
  if (ways.length > mostWays) return Infinity;
  let most = 0;
  for (const [index, { matrix }] of ways.entries())
    for (const other of ways.slice(index + 1)) most = Math.max(most, greatestDistance(matrix, other.matrix, points));
  return most;
}
