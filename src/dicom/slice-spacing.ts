import { ContourNodeError } from '../errors.ts';
import type { Warning } from '../warning.ts';
import { figure, figures } from './figures.ts';
import { samePositionMm } from './stack-line.ts';

/**
 * Steps of one spacing differ by table feed and by the rounding of positions to 0.1 mm, up to this (mm), and never by
 * more than this share: a missing slice doubles a step.
 */
const stepTolerance = { mm: 0.101, share: 0.25 };
/** Positions that jitter by less than this share of the step are told of: a step then changes by twice as much. */
const jitterShare = 0.1;
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
 * spacing lasts at least three slices and lies within the bundle's limits; where two spacings meet, one step may be
 * smaller than either. An isolated larger step is a missing slice.
 * @param z ascending positions in mm
 * @returns warnings where the spacing changes, or the positions jitter by less than a tenth of the step
 * @throws SERIES_DUPLICATE_POSITION, SERIES_MISSING_SLICE, SERIES_SPACING naming the slices, the first is slice 1
 */
export function checkSpacing(z: readonly number[], limits: { sliceSpacingMm?: readonly [number, number] }): Warning[] {
  const steps = z.slice(1).map((position, i) => position - z[i]!);
  const duplicate = steps.findIndex((step) => step < samePositionMm);
  if (duplicate >= 0) {
    throw new ContourNodeError('SERIES_DUPLICATE_POSITION', `two slices at one position (${between(duplicate)})`);
  }
  const even = runsOf(steps, (start) => {
    const first = steps[start]!;
    // Against the first step of the run, so that small differences do not add up unseen.
    return { expected: first, tolerance: Math.min(stepTolerance.mm, stepTolerance.share * first) };
  });
  const jittering = faultOf(even) === undefined ? undefined : jitteringRuns(z, steps);
  const runs = jittering?.runs ?? even;
  if (faultOf(runs) !== undefined) refuse(runs, z, steps);
  checkLimits(
    runs.filter((run) => isLasting(run, runs)),
    limits.sliceSpacingMm,
  );
  const warnings: Warning[] = [];
  if (runs.length > 1) {
    const text = `the slice spacing changes along the scan: ${runs.map((run) => inMm(run.spacing)).join(', ')}`;
    warnings.push({ code: 'SPACING_CHANGES', text });
  }
  if (jittering !== undefined) {
    const [deviation] = figures(jittering.deviation);
    const text = `slices lie up to ${deviation} mm beside even positions; each contour lies at its own slice`;
    warnings.push({ code: 'SPACING_JITTER', text });
  }
  return warnings;
}

function between(step: number): string {
  return `between slices ${step + 1} and ${step + 2}`;
}

function inMm(value: number): string {
  return `${figure(value)} mm`;
}

/** A series of a few slices has no run of three: it is regular where all its steps are one run. */
function isLasting(run: Run, runs: readonly Run[]): boolean {
  return run.steps >= shortestRun || runs.length === 1;
}

/** The index of the first run that is neither a spacing of its own nor the short step where two spacings meet. */
function faultOf(runs: readonly Run[]): number | undefined {
  const index = runs.findIndex((_, i) => isFault(runs, i));
  return index < 0 ? undefined : index;
}

/** Where every position is uneven, no step is at fault more than another. */
function refuseJitter(z: readonly number[]): void {
  const { spacing, deviation } = nearestEven(z);
  if (deviation > stepTolerance.share * spacing) return;
  const [beside, limit] = figures(deviation, jitterShare * spacing);
  const text = `slices lie up to ${beside} mm beside even positions, at most ${limit} mm is taken`;
  throw new ContourNodeError('SERIES_SPACING', text);
}

function isFault(runs: readonly Run[], index: number): boolean {
  return !isLasting(runs[index]!, runs) && !isJoint(runs, index);
}

function isJoint(runs: readonly Run[], index: number): boolean {
  const [before, joint, after] = [runs[index - 1], runs[index]!, runs[index + 1]];
  if (before === undefined || after === undefined || joint.steps > 1) return false;
  const areTwoSpacings =
    Math.abs(before.spacing - after.spacing) > stepTolerance.share * Math.max(before.spacing, after.spacing);
  const isShort = joint.spacing <= Math.max(before.spacing, after.spacing) + stepTolerance.mm;
  return areTwoSpacings && isShort && isLasting(before, runs) && isLasting(after, runs);
}

function refuse(runs: readonly Run[], z: readonly number[], steps: readonly number[]): never {
  const lasts = runs.some((run) => isLasting(run, runs));
  if (!lasts) refuseJitter(z);
  // A step that is as expected is at fault for its neighbours alone.
  const isOdd = (index: number): boolean => {
    const expected = expectedSpacing(runs, index, steps);
    return Math.abs(steps[runs[index]!.start]! - expected) > Math.min(stepTolerance.mm, stepTolerance.share * expected);
  };
  const odd = runs.findIndex((_, index) => isFault(runs, index) && isOdd(index));
  const index = lasts && odd >= 0 ? odd : oddest(runs, steps);
  const run = runs[index]!;
  const expected = expectedSpacing(runs, index, steps);
  const step = steps[run.start]!;
  const isGap = step > expected;
  const [shown, wanted] = pairInMm(step, expected);
  throw new ContourNodeError(
    isGap ? 'SERIES_MISSING_SLICE' : 'SERIES_SPACING',
    `${isGap ? 'gap' : 'step'} of ${shown} mm ${between(run.start)}, expected ${wanted} mm`,
  );
}

/** Where no spacing lasts, the run that differs most from the median step. */
function oddest(runs: readonly Run[], steps: readonly number[]): number {
  const middle = medianOf(steps);
  const differences = runs.map(({ start }) => Math.abs(steps[start]! - middle));
  return differences.indexOf(Math.max(...differences));
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function medianOf(steps: readonly number[]): number {
  return steps.toSorted((a, b) => a - b)[steps.length >> 1]!;
}

/** Each with the digits it needs, and both with enough to look different. */
function pairInMm(a: number, b: number): [string, string] {
  const [ownA, ownB] = [figure(a), figure(b)];
  return ownA === ownB ? (figures(a, b) as [string, string]) : [ownA, ownB];
}

function runsOf(steps: readonly number[], fit: (start: number) => { expected: number; tolerance: number }): Run[] {
  const runs: Run[] = [];
  let start = 0;
  for (let i = 1; i <= steps.length; i++) {
    const { expected, tolerance } = fit(start);
    if (i < steps.length && Math.abs(steps[i]! - expected) <= tolerance) continue;
    const inRun = steps.slice(start, i);
    runs.push({ start, steps: inRun.length, spacing: meanOf(inRun) });
    start = i;
  }
  return runs;
}

/** The runs where steps may differ by twice the jitter, and by how much (mm) a slice lies beside its even position. */
function jitteringRuns(z: readonly number[], steps: readonly number[]): { runs: Run[]; deviation: number } | undefined {
  const near = (start: number): readonly number[] => steps.slice(start, start + 2 * shortestRun + 1);
  // Two neighbours change a step by twice the jitter. Their mean is nearer to the spacing; the median belongs to one
  // spacing alone where two meet, and is a step that jitters itself.
  const byMean = evenRuns(z, steps, (start) => ({ expected: meanOf(near(start)), tolerance: 2.5 * jitterShare }));
  if (byMean !== undefined && faultOf(byMean.runs) === undefined) return byMean;
  return evenRuns(z, steps, (start) => ({ expected: medianOf(near(start)), tolerance: 3 * jitterShare }));
}

/** @param fit of the step at the start of a run, the one that is expected, and by which share of it others may differ */
function evenRuns(
  z: readonly number[],
  steps: readonly number[],
  fit: (start: number) => { expected: number; tolerance: number },
): { runs: Run[]; deviation: number } | undefined {
  const runs = runsOf(steps, (start) => {
    const { expected, tolerance } = fit(start);
    return { expected, tolerance: tolerance * expected };
  });
  let largest = 0;
  for (const { start, steps: count } of runs) {
    const { spacing, deviation } = nearestEven(z.slice(start, start + count + 1));
    if (deviation > jitterShare * spacing + 1e-6) return undefined;
    largest = Math.max(largest, deviation);
  }
  return { runs, deviation: largest };
}

/** The even positions nearest to these (Chebyshev: the largest distance is as small as can be), and that distance in mm. */
function nearestEven(z: readonly number[]): { spacing: number; deviation: number } {
  const deviationAt = (spacing: number): number => {
    const beside = z.map((position, n) => position - n * spacing);
    return (Math.max(...beside) - Math.min(...beside)) / 2;
  };
  const steps = z.slice(1).map((position, n) => position - z[n]!);
  let [low, high] = [Math.min(...steps), Math.max(...steps)];
  // The deviation is convex in the spacing.
  while (high - low > 1e-9 * high) {
    const [a, b] = [low + (high - low) / 3, high - (high - low) / 3];
    if (deviationAt(a) <= deviationAt(b)) high = b;
    else low = a;
  }
  return { spacing: low, deviation: deviationAt(low) };
}

/** The spacing of the nearest lasting run before, else after; the median where there is none. */
function expectedSpacing(runs: readonly Run[], index: number, steps: readonly number[]): number {
  const lasts = (run: Run): boolean => isLasting(run, runs);
  const nearest = runs.slice(0, index).findLast(lasts) ?? runs.slice(index + 1).find(lasts);
  return nearest?.spacing ?? medianOf(steps);
}

function checkLimits(runs: readonly Run[], limits: readonly [number, number] | undefined): void {
  if (limits === undefined) return;
  const [smallest, largest] = limits;
  const outside = runs.find((run) => run.spacing < smallest - samePositionMm || run.spacing > largest + samePositionMm);
  if (outside === undefined) return;
  const [shown] = pairInMm(outside.spacing, outside.spacing < smallest ? smallest : largest);
  throw new ContourNodeError(
    'SERIES_SPACING',
    `slice spacing of ${shown} mm from slice ${outside.start + 1}, the bundle takes ${inMm(smallest)} to ${inMm(largest)}`,
  );
}
