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

/**
 * Every way between two frames of reference along the links, each taken forwards or backwards, no frame passed twice; the
 * shortest first. PS3.3 C.20.2.1.1, equation C.20.2-3: two frames that are registered to a third are registered to each
 * other by inverse and product.
 */
export function waysBetween(links: readonly FrameLink[], from: string, to: string): FrameWay[] {
  if (from === to) return [{ matrix: identity, registrations: [] }];
  const steps = links
    .filter((link) => link.from !== link.to)
    .flatMap((link) => [link, { ...link, from: link.to, to: link.from, matrix: inverse(link.matrix) }]);
  const ways: FrameWay[] = [];
  const walk = (frame: string, passed: readonly string[], way: FrameWay): void => {
    if (way.registrations.length === longestWay) return;
    for (const step of steps.filter((one) => one.from === frame && !passed.includes(one.to))) {
      const next = {
        matrix: product(step.matrix, way.matrix),
        registrations: [...way.registrations, step.registration],
      };
      if (step.to === to) ways.push(next);
      else walk(step.to, [...passed, step.to], next);
    }
  };
  walk(from, [from], { matrix: identity, registrations: [] });
  return ways.toSorted((a, b) => a.registrations.length - b.registrations.length);
}

/** The greatest distance (mm) of any two of the ways at these points of the frame that they begin in. */
export function disagreement(ways: readonly FrameWay[], points: readonly Point[]): number {
  const [first, ...others] = ways;
  if (first === undefined) return 0;
  return Math.max(
    ...others.map((other) => greatestDistance(first.matrix, other.matrix, points)),
    disagreement(others, points),
  );
}
