import { ContourNodeError } from '../errors.ts';
import type { Warning } from '../warning.ts';

/** Closer than this (mm) two slices lie at one position; no scanner reconstructs finer. */
const samePositionMm = 0.05;
/**
 * Steps of one spacing differ by table feed and by the rounding of positions to 0.1 mm, up to this (mm), and never by
 * more than this share: a missing slice doubles a step.
 */
const stepTolerance = { mm: 0.101, share: 0.25 };
/** A spacing that lasts so many slices is how the series was reconstructed, not a fault. */
const shortestRun = 3;

interface Run {
  /** Index of the first step; step i lies between slices i and i + 1. */
  readonly start: number;
  readonly steps: number;
  readonly spacing: number;
}

/**
 * Whether the slices follow one another without duplicates and gaps. The spacing may change along the scan where each
 * spacing lasts at least three slices and lies within the bundle's limits; an isolated larger step is a missing slice.
 * @param z ascending positions in mm
 * @returns a warning where the spacing changes
 * @throws SERIES_DUPLICATE_POSITION, SERIES_MISSING_SLICE, SERIES_SPACING naming the slices, the first is slice 1
 */
export function checkSpacing(z: readonly number[], limits: { sliceSpacingMm?: readonly [number, number] }): Warning[] {
  const steps = z.slice(1).map((position, i) => position - z[i]!);
  const duplicate = steps.findIndex((step) => step < samePositionMm);
  if (duplicate >= 0) {
    throw new ContourNodeError('SERIES_DUPLICATE_POSITION', `two slices at one position (${between(duplicate)})`);
  }
  const runs = runsOf(steps);
  // A series of a few slices has no run of three: it is regular where all its steps are one run.
  const isLasting = (run: Run): boolean => run.steps >= shortestRun || runs.length === 1;
  for (const [index, run] of runs.entries()) {
    if (isLasting(run)) continue;
    const expected = expectedSpacing(runs, index, isLasting, steps);
    const step = steps[run.start]!;
    const isGap = step > expected;
    throw new ContourNodeError(
      isGap ? 'SERIES_MISSING_SLICE' : 'SERIES_SPACING',
      `${isGap ? 'gap' : 'step'} of ${inMm(step)} ${between(run.start)}, expected ${inMm(expected)}`,
    );
  }
  checkLimits(runs, limits.sliceSpacingMm);
  if (runs.length <= 1) return [];
  const text = `the slice spacing changes along the scan: ${runs.map((run) => inMm(run.spacing)).join(', ')}`;
  return [{ code: 'SPACING_CHANGES', text }];
}

function between(step: number): string {
  return `between slices ${step + 1} and ${step + 2}`;
}

/** One digit, or two where one would hide what is different. */
function inMm(value: number): string {
  return `${Math.abs(value * 10 - Math.round(value * 10)) < 0.05 ? value.toFixed(1) : value.toFixed(2)} mm`;
}

function runsOf(steps: readonly number[]): Run[] {
  const runs: Run[] = [];
  let start = 0;
  for (let i = 1; i <= steps.length; i++) {
    // Against the first step of the run, so that small differences do not add up unseen.
    const first = steps[start]!;
    if (i < steps.length && Math.abs(steps[i]! - first) <= Math.min(stepTolerance.mm, stepTolerance.share * first))
      continue;
    const inRun = steps.slice(start, i);
    runs.push({ start, steps: inRun.length, spacing: inRun.reduce((sum, step) => sum + step, 0) / inRun.length });
    start = i;
  }
  return runs;
}

/** The spacing of the nearest lasting run before, else after; the median where there is none. */
function expectedSpacing(
  runs: readonly Run[],
  index: number,
  isLasting: (run: Run) => boolean,
  steps: readonly number[],
): number {
  const nearest = runs.slice(0, index).findLast(isLasting) ?? runs.slice(index + 1).find(isLasting);
  return nearest?.spacing ?? steps.toSorted((a, b) => a - b)[steps.length >> 1]!;
}

function checkLimits(runs: readonly Run[], limits: readonly [number, number] | undefined): void {
  if (limits === undefined) return;
  const [smallest, largest] = limits;
  const outside = runs.find((run) => run.spacing < smallest - samePositionMm || run.spacing > largest + samePositionMm);
  if (outside === undefined) return;
  throw new ContourNodeError(
    'SERIES_SPACING',
    `slice spacing of ${inMm(outside.spacing)} from slice ${outside.start + 1}, the bundle takes ${inMm(smallest)} to ${inMm(largest)}`,
  );
}
