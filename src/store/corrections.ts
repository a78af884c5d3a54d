import type { Approval } from '../dicom/rtstruct/received-structure-set.ts';
import type { Problem } from '../problem.ts';
import type { Warning } from '../warning.ts';
import type { ComparedRoi } from '../work/correction.ts';
import { changed } from './changed.ts';
import type { EventOf, JournalEvent } from './events.ts';
import { again, ended, type JobProgress, newJob, queued, started } from './job-progress.ts';
import { compareText, type Order } from './orders.ts';

/** `not comparable`: its problem says why; `failed`: every try did. */
export type ComparisonState = 'queued' | 'comparing' | 'compared' | 'not comparable' | 'failed';

/** A correction beside the contours of one order. */
export interface Comparison {
  readonly order: string;
  readonly state: ComparisonState;
  readonly tries: number;
  readonly problem?: Problem;
  /** The node's own structure set, unchanged. */
  readonly own: boolean;
  readonly rois: readonly ComparedRoi[];
  readonly warnings: readonly Warning[];
  readonly job: JobProgress;
}

/** A correction: a structure set that came back. */
export interface Correction {
  readonly structureSet: string;
  readonly receivedAt: string;
  /** By the clock of the system that wrote it. */
  readonly datedAt?: string;
  /** Name of the peer, or its AE title. */
  readonly sender: string;
  readonly matchedBy: 'images' | 'frame of reference';
  readonly approval: Approval;
  /** The operator who confirmed it, and when. */
  readonly confirmed?: { readonly by: string; readonly at: string };
  readonly comparisons: readonly Comparison[];
}

/** Events of corrections. */
export type CorrectionEvent = Extract<JournalEvent, { structureSet: string }>;

/** What one event changes in the corrections of a series. */
export function evolveCorrections(
  corrections: readonly Correction[],
  event: JournalEvent,
  orders: readonly Order[],
): readonly Correction[] {
  if (!('structureSet' in event)) return corrections;
  if (event.kind === 'structure set') return add(corrections, event, orders);
  return corrections.map((one) => (one.structureSet === event.structureSet ? evolveCorrection(one, event) : one));
}

function evolveCorrection(
  correction: Correction,
  event: Exclude<CorrectionEvent, { kind: 'structure set' }>,
): Correction {
  const { comparisons } = correction;
  switch (event.kind) {
    case 'confirmed':
      return changed(correction, { confirmed: event.confirmed ? { by: event.by, at: event.at } : undefined });
    case 'compare again':
      return { ...correction, comparisons: comparisons.map(madeAgain) };
    default:
      return {
        ...correction,
        comparisons: comparisons.map((one) => (one.order === event.order ? evolveComparison(one, event) : one)),
      };
  }
}

type ComparisonEvent = EventOf<'compare try' | 'compare started' | 'compare try failed' | 'compared'>;

function evolveComparison(comparison: Comparison, event: ComparisonEvent): Comparison {
  const { job } = comparison;
  switch (event.kind) {
    case 'compare try':
      return { ...comparison, state: 'queued', tries: event.try, job: queued(job) };
    case 'compare started':
      return { ...comparison, state: 'comparing', job: started(job) };
    case 'compare try failed': {
      const { problem, nextTryAt } = event;
      const state = nextTryAt === undefined ? 'failed' : 'queued';
      return { ...comparison, state, problem, job: ended(job, nextTryAt) };
    }
    default: {
      const { status, error, own, rois, warnings } = event;
      return changed(comparison, { state: status, problem: error, own, rois, warnings, job: ended(job) });
    }
  }
}

/** What failed is to be made again. */
function madeAgain(comparison: Comparison): Comparison {
  const { state, job, tries } = comparison;
  if (state !== 'failed' && state !== 'not comparable') return comparison;
  return changed(comparison, { state: 'queued', problem: undefined, job: again(job, tries) });
}

function add(
  corrections: readonly Correction[],
  event: EventOf<'structure set'>,
  known: readonly Order[],
): readonly Correction[] {
  const { structureSet, at, datedAt, sender, matchedBy, approval, orders } = event;
  const standing = corrections.find((one) => one.structureSet === structureSet);
  const correction: Correction = standing ?? {
    structureSet,
    receivedAt: at,
    ...(datedAt !== undefined && { datedAt }),
    sender,
    matchedBy,
    approval,
    comparisons: [],
  };
  const added = orders
    .filter((order) => known.some((one) => one.order === order))
    .filter((order) => !correction.comparisons.some((one) => one.order === order))
    .map((order) => newComparison(order, at));
  const comparisons = [...correction.comparisons, ...added].toSorted((a, b) => compareText(a.order, b.order));
  return [...corrections.filter((one) => one !== standing), { ...correction, comparisons }].toSorted((a, b) =>
    compareText(a.structureSet, b.structureSet),
  );
}

function newComparison(order: string, createdAt: string): Comparison {
  return { order, state: 'queued', tries: 0, own: false, rois: [], warnings: [], job: newJob(createdAt) };
}

/** A comparison that stands for its series and bundle in the statistics. */
export interface CountingComparison {
  readonly correction: Correction;
  readonly comparison: Comparison;
  readonly bundle: Order['bundle'];
  readonly countedBy: 'approved' | 'confirmed';
}

/**
 * Corrections count that are approved, or confirmed by an operator, and not the node's own unchanged structure set; of
 * several for one bundle the one that was changed last, by the dates that it bears, then by when it came. By order.
 */
export function countingComparisons(
  corrections: readonly Correction[],
  orders: readonly Order[],
): readonly CountingComparison[] {
  const counting = new Map<string, CountingComparison>();
  for (const correction of corrections.toSorted(newestFirst)) {
    if (correction.approval !== 'APPROVED' && correction.confirmed === undefined) continue;
    const countedBy = correction.approval === 'APPROVED' ? 'approved' : 'confirmed';
    for (const comparison of correction.comparisons) {
      const bundle = orders.find(({ order }) => order === comparison.order)?.bundle;
      if (bundle === undefined || comparison.state !== 'compared' || comparison.own) continue;
      const name = `${bundle.name} ${bundle.version}`;
      if (!counting.has(name)) counting.set(name, { correction, comparison, bundle, countedBy });
    }
  }
  return [...counting.values()].toSorted((a, b) => compareText(a.comparison.order, b.comparison.order));
}

function newestFirst(a: Correction, b: Correction): number {
  return (
    compareText(b.datedAt ?? '', a.datedAt ?? '') ||
    compareText(b.receivedAt, a.receivedAt) ||
    compareText(a.structureSet, b.structureSet)
  );
}
