import { compareText, type CommitmentState, type DeliveryState } from './orders.ts';
import type { IndexEntry } from './series-index.ts';

/** What a queue still has to do, as the disk knows it. */
export interface DueWork {
  /** `contour`, `compare` or `deliver-DESTINATION`. */
  readonly queue: string;
  readonly depth: number;
  /** ISO time since when the oldest of it waits. */
  readonly oldestAt: string;
}

/** Counts of deliveries, or of storage commitments, in each state. */
export interface StateCount<State> {
  readonly destination: string;
  readonly state: State;
  readonly count: number;
}

export function dueWork(entries: readonly IndexEntry[]): DueWork[] {
  const jobs = Map.groupBy(
    entries.flatMap((entry) => entry.dueJobs),
    ({ queue }) => queue,
  );
  return [...jobs].map(([queue, due]) => ({
    queue,
    depth: due.length,
    oldestAt: due.map(({ since }) => since).toSorted(compareText)[0]!,
  }));
}

export function countDeliveries(entries: readonly IndexEntry[]): StateCount<DeliveryState>[] {
  return count(entries.flatMap(({ deliveries }) => deliveries));
}

export function countCommitments(entries: readonly IndexEntry[]): StateCount<CommitmentState>[] {
  return count(entries.flatMap(({ commitments }) => commitments));
}

function count<State extends string>(names: readonly string[]): StateCount<State>[] {
  const groups = Map.groupBy(names, (name) => name);
  return [...groups].map(([name, all]) => {
    const [destination = '', state = ''] = name.split('\n');
    return { destination, state: state as State, count: all.length };
  });
}
