import { compareText } from './orders.ts';
import { type FilterChoices, type SeriesFilter, type SeriesState, seriesStates } from './series.ts';
import type { SeriesRecord } from './series-record.ts';
import { currentOrders, isFinished } from './series-state.ts';
import { summaryOf } from './series-view.ts';
import { commitmentsOf, type DueJob, dueJobs, isAwaited, type Turn, turnOf, waitingTries } from './unfinished-work.ts';

/** What of a record is asked for across all series, less than 1 KB each. */
export interface IndexEntry {
  readonly key: string;
  readonly state: SeriesState;
  readonly updatedAt: string;
  readonly sender: string;
  readonly modality: SeriesRecord['modality'];
  /** Of the newest revision, as are destinations. */
  readonly bundles: readonly string[];
  readonly destinations: readonly string[];
  /** Everything that a search looks at, in small letters. */
  readonly text: string;
  readonly finished: boolean;
  readonly turn: Turn | undefined;
  readonly waitingTries: readonly string[];
  readonly dueJobs: readonly DueJob[];
  /** `DESTINATION\nSTATE` of each delivery, and of each storage commitment. */
  readonly deliveries: readonly string[];
  readonly commitments: readonly string[];
  readonly awaitsCommitment: boolean;
  /** Transaction UIDs of storage commitment requests. */
  readonly transactions: readonly string[];
}

export function indexEntryOf(record: SeriesRecord): IndexEntry {
  const { key, state, updatedAt, callingAe, calledAe, address, peer, route, problem, warnings, ...summary } =
    summaryOf(record);
  const { models: bundles, destinations } = summary;
  const commitments = commitmentsOf(record);
  const searched = [
    key,
    callingAe,
    calledAe,
    address,
    peer,
    route,
    JSON.stringify(problem),
    JSON.stringify(warnings.map(({ code, text }) => [code, text])),
    ...currentOrders(record).map((order) => JSON.stringify([order.bundle.name, order.problem])),
    ...destinations,
  ];
  return {
    key,
    state,
    updatedAt,
    sender: peer ?? callingAe,
    modality: record.modality,
    bundles,
    destinations,
    text: searched
      .filter((text) => text !== undefined)
      .join('\n')
      .toLowerCase(),
    finished: isFinished(record),
    turn: turnOf(record),
    waitingTries: waitingTries(record),
    dueJobs: dueJobs(record),
    deliveries: record.orders.flatMap((order) => order.deliveries.map(nameAndState)),
    commitments: commitments.map(nameAndState),
    awaitsCommitment: commitments.some(isAwaited),
    transactions: commitments.flatMap(({ job }) => job.transactions),
  };
}

function nameAndState({ destination, state }: { destination: string; state: string }): string {
  return `${destination}\n${state}`;
}

/** Keys of one page, the last changed first, and how many series match in each state, whatever states the filter names. */
export interface FoundSeries {
  readonly keys: readonly string[];
  readonly counts: Readonly<Record<SeriesState, number>>;
}

/** The entries of all series in memory, for what is asked across them: worklist, queues, metrics, retention. */
export class SeriesIndex {
  readonly #entries = new Map<string, IndexEntry>();
  /** The last changed first. */
  #sorted: readonly IndexEntry[] | undefined;

  set(record: SeriesRecord): void {
    const entry = indexEntryOf(record);
    this.delete(record.key);
    this.#entries.set(record.key, entry);
    if (this.#sorted === undefined) return;
    // Most often the first: sorting all of them again takes milliseconds.
    const place = this.#sorted.findIndex((other) => byChange(entry, other) < 0);
    this.#sorted = this.#sorted.toSpliced(place === -1 ? this.#sorted.length : place, 0, entry);
  }

  delete(series: string): void {
    const before = this.#entries.get(series);
    if (before === undefined) return;
    this.#entries.delete(series);
    this.#sorted = this.#sorted?.filter((other) => other !== before);
  }

  /** The last changed first. */
  all(): readonly IndexEntry[] {
    this.#sorted ??= [...this.#entries.values()].toSorted(byChange);
    return this.#sorted;
  }

  find(filter: SeriesFilter, { offset, limit }: { offset: number; limit: number }): FoundSeries {
    const matching = this.all().filter(matcher(filter));
    const wanted = new Set(filter.states ?? seriesStates);
    const shown = matching.filter(({ state }) => wanted.has(state)).slice(offset, offset + limit);
    return { keys: shown.map(({ key }) => key), counts: countStates(matching) };
  }

  counts(): Record<SeriesState, number> {
    return countStates(this.all());
  }

  /** What the worklist can be narrowed to. */
  choices(): FilterChoices {
    const senders = new Set<string>();
    const bundles = new Set<string>();
    const destinations = new Set<string>();
    for (const entry of this.#entries.values()) {
      if (entry.sender !== '') senders.add(entry.sender);
      for (const name of entry.bundles) bundles.add(name);
      for (const name of entry.destinations) destinations.add(name);
    }
    return {
      senders: [...senders].toSorted(),
      bundles: [...bundles].toSorted(),
      destinations: [...destinations].toSorted(),
    };
  }

  /** Series with unfinished work, by their turn. */
  unfinished(): string[] {
    return this.all()
      .flatMap(({ key, turn }) => (turn === undefined ? [] : [{ key, ...turn }]))
      .toSorted((a, b) => a.rank - b.rank || compareText(a.since, b.since) || compareText(a.key, b.key))
      .map(({ key }) => key);
  }

  /** ISO times of every try that is in no queue yet. */
  waitingTries(): string[] {
    return this.all().flatMap((entry) => entry.waitingTries);
  }
}

function countStates(entries: readonly IndexEntry[]): Record<SeriesState, number> {
  const counts = Object.fromEntries(seriesStates.map((state) => [state, 0])) as Record<SeriesState, number>;
  for (const { state } of entries) counts[state] += 1;
  return counts;
}

function byChange(a: IndexEntry, b: IndexEntry): number {
  return compareText(b.updatedAt, a.updatedAt) || compareText(a.key, b.key);
}

function matcher({
  search,
  alsoFound,
  sender,
  bundle,
  destination,
  since,
}: SeriesFilter): (entry: IndexEntry) => boolean {
  const text = search?.toLowerCase();
  return (entry) =>
    (since === undefined || entry.updatedAt >= since) &&
    (sender === undefined || entry.sender === sender) &&
    (bundle === undefined || entry.bundles.includes(bundle)) &&
    (destination === undefined || entry.destinations.includes(destination)) &&
    (text === undefined || entry.text.includes(text) || alsoFound?.has(entry.key) === true);
}
