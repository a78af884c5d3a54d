import { countCommitments, countDeliveries, type DueWork, dueWork, type StateCount } from './due-work.ts';
import type { JournalEvent } from './events.ts';
import { historyEvent, historySentence } from './history.ts';
import { type InstancePlace, Instances, type StoredImage } from './instances.ts';
import { readJournal } from './journal.ts';
import { type CommitmentState, compareText, type DeliveryState } from './orders.ts';
import { type QualityValue, qualityValues } from './quality-values.ts';
import { Records } from './records.ts';
import type {
  FilterChoices,
  ListOptions,
  SeriesDetail,
  SeriesFilter,
  SeriesPage,
  SeriesReader,
  SeriesState,
  SeriesSummary,
  SeriesView,
} from './series.ts';
import { seriesStates } from './series.ts';
import { type IndexEntry, SeriesIndex } from './series-index.ts';
import type { SeriesRecord } from './series-record.ts';
import { summaryOf, viewOf } from './series-view.ts';
import type { Tables } from './tables.ts';
import { commitmentsOf, type CommitmentWork, isAwaited } from './unfinished-work.ts';

export interface StoreReaderOptions {
  readonly dataDirectory: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** What the store says: records, views of them, and what is asked across all series. */
export class StoreReader implements Omit<SeriesReader, 'onChange'> {
  readonly dataDirectory: string;
  protected readonly tables: Tables;
  protected readonly records: Records;
  protected readonly instances: Instances;
  protected readonly index = new SeriesIndex();
  /** A record is never changed in place, so its view stays as it is. */
  readonly #views = new WeakMap<SeriesRecord, SeriesView>();
  readonly #now: () => number;

  protected constructor({ dataDirectory, now }: StoreReaderOptions, tables: Tables) {
    this.dataDirectory = dataDirectory;
    this.tables = tables;
    this.records = new Records(tables);
    this.instances = new Instances(tables);
    this.#now = now;
  }

  nowIso(): string {
    return new Date(this.#now()).toISOString();
  }

  keys(): string[] {
    return this.records.keys();
  }

  get(series: string): SeriesRecord | undefined {
    return this.records.get(series)?.record;
  }

  view(key: string): SeriesView | undefined {
    const record = this.get(key);
    if (record === undefined) return undefined;
    const view = this.#views.get(record) ?? viewOf(record);
    this.#views.set(record, view);
    return view;
  }

  show(key: string, sentence = historySentence): SeriesDetail | undefined {
    const view = this.view(key);
    return view && { ...view, history: this.events(key).map((event) => historyEvent(event, sentence)) };
  }

  list(options: ListOptions = {}): SeriesSummary[] {
    const { states = seriesStates, limit = 200, before = '~' } = options;
    return this.index
      .all()
      .filter(({ state, updatedAt }) => states.includes(state) && updatedAt < before)
      .slice(0, limit)
      .map(({ key }) => summaryOf(this.get(key)!));
  }

  counts(): Record<SeriesState, number> {
    return this.index.counts();
  }

  page(filter: SeriesFilter, page: { offset: number; limit: number }): SeriesPage {
    const { keys, counts } = this.index.find(filter, page);
    const total = (filter.states ?? seriesStates).reduce((sum, state) => sum + counts[state], 0);
    return { series: keys.map((key) => this.view(key)!), total, counts };
  }

  choices(): FilterChoices {
    return this.index.choices();
  }

  /** The series' journal, oldest event first. */
  events(series: string): readonly JournalEvent[] {
    return readJournal(this.dataDirectory, series).events;
  }

  /** Series with a change at this ISO time or later, the last changed first. */
  changedSince(at: string): string[] {
    return this.#keysOf(({ updatedAt }) => updatedAt >= at);
  }

  /**
   * Series without a change since this ISO time, the oldest first. Finished: nothing more is to be done; what is being
   * received is neither.
   */
  unchangedSince(at: string, which: 'finished' | 'unfinished'): { key: string; state: SeriesState }[] {
    return this.index
      .all()
      .filter(({ updatedAt, state }) => updatedAt < at && state !== 'receiving')
      .filter(({ finished }) => finished === (which === 'finished'))
      .map(({ key, state }) => ({ key, state }))
      .toReversed();
  }

  /** Series of this modality, the last changed first. */
  ofModality(modality: 'CT' | 'MR' | 'REG'): string[] {
    return this.#keysOf((entry) => (entry.modality ?? 'CT') === modality);
  }

  /** Series with unfinished orders, deliveries or comparisons, the urgent and the oldest first, comparisons last. */
  unfinishedSeries(): string[] {
    return this.index.unfinished();
  }

  /** ISO time after now at which the next try falls due; undefined where none does. */
  nextTryAt(): string | undefined {
    const now = this.nowIso();
    return this.index
      .waitingTries()
      .filter((at) => at > now)
      .toSorted()[0];
  }

  /** Whether a try is due that is in no queue. */
  hasOverdueTry(): boolean {
    const now = this.nowIso();
    return this.index.waitingTries().some((at) => at <= now);
  }

  /** What each queue has still to do, as the disk knows it. */
  dueWork(): DueWork[] {
    return dueWork(this.index.all());
  }

  countDeliveries(): StateCount<DeliveryState>[] {
    return countDeliveries(this.index.all());
  }

  countCommitments(): StateCount<CommitmentState>[] {
    return countCommitments(this.index.all());
  }

  /** Storage commitments without a result, those whose time is over first. */
  awaitedCommitments(): CommitmentWork[] {
    return this.#keysOf(({ awaitsCommitment }) => awaitsCommitment)
      .flatMap((key) => commitmentsOf(this.get(key)!).filter(isAwaited))
      .toSorted((a, b) => compareText(a.deadlineAt, b.deadlineAt));
  }

  commitment(series: string, order: string, destination: string): CommitmentWork | undefined {
    const record = this.get(series);
    return record && commitmentsOf(record).find((one) => one.order === order && one.destination === destination);
  }

  /** The storage commitment that a transaction asks for. */
  commitmentOfTransaction(transactionUid: string): CommitmentWork | undefined {
    const [series] = this.#keysOf(({ transactions }) => transactions.includes(transactionUid));
    const record = series === undefined ? undefined : this.get(series);
    return record && commitmentsOf(record).find(({ job }) => job.transactions.includes(transactionUid));
  }

  /** What counts of the corrections, in the order in which they came. */
  quality(): QualityValue[] {
    return qualityValues(this.tables);
  }

  /** The newest version of an image. */
  image(series: string, instance: string): StoredImage | undefined {
    return this.instances.newest(series, instance);
  }

  /** Any one image of the series, for what all of them say alike. */
  anyImage(series: string): StoredImage | undefined {
    return this.instances.any(series);
  }

  /** The newest version of every image of the series. */
  images(series: string): StoredImage[] {
    return this.instances.all(series);
  }

  /** Where these instances lie: in no series, one or several; their newest version. */
  findInstances(instances: readonly string[]): InstancePlace[] {
    return this.instances.find(instances);
  }

  /** Series with an image in this frame of reference. */
  seriesInFrame(frameOfReferenceUid: string): string[] {
    return this.instances.inFrame(frameOfReferenceUid);
  }

  #keysOf(which: (entry: IndexEntry) => boolean): string[] {
    return this.index
      .all()
      .filter(which)
      .map(({ key }) => key);
  }
}
