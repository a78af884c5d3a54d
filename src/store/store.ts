import { existsSync, renameSync, statSync } from 'node:fs';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CtInstance } from '../dicom/ct-instance.ts';
import { readCtInstance } from '../dicom/ct-instance.ts';
import { asContourNodeError, ContourNodeError } from '../errors.ts';
import { faultPoint } from '../fault-point.ts';
import type { Log } from '../log.ts';
import { applyEvent, touch } from './apply-event.ts';
import { appendEvent, readJournal } from './journal.ts';
import type { JournalEvent, NewEvent } from './journal.ts';
import {
  databaseFile,
  instancesFolder,
  parseInstanceFile,
  seriesFolder,
  seriesRoot,
  trashFolder,
} from '../work/paths.ts';
import { seriesStates } from './series.ts';
import type {
  Actor,
  FilterChoices,
  ListOptions,
  SeriesDetail,
  SeriesFilter,
  SeriesPage,
  SeriesReader,
  SeriesState,
  SeriesSummary,
} from './series.ts';
import { forgetQuality, type QualityValue, qualityValues, recoverQuality, refreshQuality } from './quality-values.ts';
import { SeriesIndex } from './series-index.ts';
import { Tables } from './tables.ts';
import { countStates, eventsOf, listSeries, showSeries } from './views.ts';
import { moveFolder } from './move.ts';

export type * from './series.ts';

/** One image of a series as it is kept. */
export interface StoredImage {
  /** Pseudonym of its SOP Instance UID. */
  readonly instance: string;
  /** 1, and one more for every time it came with a changed header. */
  readonly version: number;
  /** Name within the series' folder of instances. */
  readonly file: string;
  readonly receivedAt: string;
  readonly image: CtInstance;
}

export type SeriesChange =
  | { readonly kind: 'event'; readonly event: JournalEvent }
  | { readonly kind: 'image' }
  /** The folder is gone, what the tables know of it still there. */
  | { readonly kind: 'removed'; readonly by: Actor | 'retention' };

export interface StoreOptions {
  readonly dataDirectory: string;
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Series whose view is kept in memory: a few pages of the worklist. */
const keptSeries = 500;

/**
 * The state of every series, and its only writer. An event is first appended to the series' journal and flushed, then
 * applied to the tables; when these are lost, behind or damaged, they are made again from journals and images.
 */
export class Store implements SeriesReader {
  readonly dataDirectory: string;
  readonly tables: Tables;
  readonly #log: Log;
  readonly #now: () => number;
  readonly #listeners = new Set<(series: string, change: SeriesChange) => void>();
  readonly #index: SeriesIndex;
  /** As the tables have them now; whoever looked at a worklist looks at it again. */
  readonly #shown = new Map<string, SeriesDetail>();

  private constructor(options: StoreOptions, tables: Tables) {
    this.dataDirectory = options.dataDirectory;
    this.tables = tables;
    this.#index = new SeriesIndex(tables);
    this.#log = options.log;
    this.#now = options.now;
  }

  /**
   * Opens the tables and brings them in line with the files.
   *
   * @throws ContourNodeError DATA_DIRECTORY
   */
  static async open(options: StoreOptions): Promise<Store> {
    const { dataDirectory } = options;
    await mkdir(join(dataDirectory, seriesRoot), { recursive: true, mode: 0o700 });
    await rm(join(dataDirectory, trashFolder), { recursive: true, force: true });
    const store = new Store(options, openTables(join(dataDirectory, databaseFile), options.log));
    await store.#reconcileWithFiles();
    for (const file of recoverQuality(store.tables, dataDirectory))
      options.log.error({ file }, 'figures of corrected structure sets cannot be read');
    return store;
  }

  close(): void {
    this.tables.close();
  }

  list(options: ListOptions = {}): SeriesSummary[] {
    return listSeries(this.tables, options);
  }

  show(key: string): SeriesDetail | undefined {
    const kept = this.#shown.get(key);
    if (kept !== undefined) return kept;
    const shown = showSeries(this.tables, key);
    if (shown === undefined) return undefined;
    if (this.#shown.size >= keptSeries) this.#shown.delete(this.#shown.keys().next().value!);
    this.#shown.set(key, shown);
    return shown;
  }

  counts(): Record<SeriesState, number> {
    return countStates(this.tables);
  }

  /** The series' journal, oldest event first. */
  events(series: string): JournalEvent[] {
    return eventsOf(this.tables, series);
  }

  /** Series with a change at this ISO time or later. */
  changedSince(at: string): string[] {
    return this.tables.all<{ key: string }>('SELECT key FROM series WHERE updated_at >= ?', at).map(({ key }) => key);
  }

  page(filter: SeriesFilter, page: { offset: number; limit: number }): SeriesPage {
    const { keys, counts } = this.#index.find(filter, page);
    const series = keys.map((key) => this.show(key)).filter((one) => one !== undefined);
    const total = (filter.states ?? seriesStates).reduce((sum, state) => sum + counts[state], 0);
    return { series, total, counts };
  }

  choices(): FilterChoices {
    return this.#index.choices();
  }

  onChange(listener: (series: string, change: SeriesChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(series: string, change: SeriesChange): void {
    for (const listener of this.#listeners) listener(series, change);
  }

  nowIso(): string {
    return new Date(this.#now()).toISOString();
  }

  /** Appends an event to the series' journal, flushed, and applies it. Throws what disk and SQLite throw. */
  record(series: string, event: NewEvent): void {
    const entry: JournalEvent = { ...event, at: this.nowIso() };
    const row = this.tables.get<{ journal_bytes: number }>('SELECT journal_bytes FROM series WHERE key = ?', series);
    const { before, after } = appendEvent(this.dataDirectory, series, entry);
    faultPoint('event-appended');
    this.#change(series, () => {
      if (before !== (row?.journal_bytes ?? 0)) return this.#replay(series);
      const last = this.tables.get<{ n: number }>(
        'SELECT coalesce(max(number), 0) AS n FROM events WHERE series = ?',
        series,
      );
      applyEvent(this.tables, series, (last?.n ?? 0) + 1, entry);
      this.tables.run('UPDATE series SET journal_bytes = ? WHERE key = ?', after, series);
    });
    if (entry.kind === 'compared' || entry.kind === 'confirmed') this.#refreshQuality(series);
    this.#tell(series, { kind: 'event', event: entry });
  }

  /** The event stands whatever becomes of the figures: they are made again at the next start. */
  #refreshQuality(series: string): void {
    try {
      refreshQuality(this.tables, this.dataDirectory, series);
    } catch (error) {
      this.#log.error({ series, err: asContourNodeError(error) }, 'figures of a structure set could not be written');
    }
  }

  /** What counts of the structure sets that came back, in the order in which they came. */
  quality(): QualityValue[] {
    return qualityValues(this.tables);
  }

  /** Records an image whose file lies under its name already. */
  addImage(series: string, stored: StoredImage): void {
    this.#change(series, () => this.#insertImage(series, stored));
    this.#tell(series, { kind: 'image' });
  }

  /** The newest version of an image. */
  image(series: string, instance: string): StoredImage | undefined {
    const row = this.tables.get<ImageRow>(
      'SELECT instance, version, file, received_at, image FROM instances WHERE series = ? AND instance = ? ORDER BY version DESC LIMIT 1',
      series,
      instance,
    );
    return row === undefined ? undefined : storedImage(row);
  }

  /** The newest version of every image of the series. */
  images(series: string): StoredImage[] {
    const rows = this.tables.all<ImageRow>(
      `SELECT instance, version, file, received_at, image FROM instances AS i WHERE series = ?
         AND version = (SELECT max(version) FROM instances WHERE series = i.series AND instance = i.instance) ORDER BY instance`,
      series,
    );
    return rows.map(storedImage);
  }

  /** Where these instances lie: in no series, one or several; their newest version. */
  findInstances(
    instances: readonly string[],
  ): { instance: string; series: string; file: string; sopClassUid: string }[] {
    const newest = new Map<string, { instance: string; series: string; file: string; sopClassUid: string }>();
    // Rows by ascending version: the last one stays.
    for (const { instance, series, file, sopClassUid } of this.tables.all<{
      instance: string;
      series: string;
      file: string;
      sopClassUid: string;
    }>(
      `SELECT instance, series, file, image ->> 'sopClassUid' AS sopClassUid FROM instances
         WHERE instance IN (SELECT value FROM json_each(?)) ORDER BY version`,
      JSON.stringify(instances),
    ))
      newest.set(`${series} ${instance}`, { instance, series, file, sopClassUid });
    return [...newest.values()];
  }

  keys(): string[] {
    return this.tables.all<{ key: string }>('SELECT key FROM series ORDER BY key').map(({ key }) => key);
  }

  /** Removes a series with everything that was drawn on it; the figures that count stay when retention does it. */
  async remove(series: string, by: Actor | 'retention'): Promise<void> {
    if (by !== 'retention') forgetQuality(this.tables, this.dataDirectory, series);
    const trash = join(this.dataDirectory, trashFolder, `${series}-${this.#now()}`);
    await moveFolder(join(this.dataDirectory, seriesFolder(series)), trash);
    this.#tell(series, { kind: 'removed', by });
    this.#change(series, () => this.#forget(series));
    await rm(trash, { recursive: true, force: true });
  }

  /** Makes a series' rows again from its journal and images. */
  async rebuild(series: string): Promise<void> {
    const images = await this.#readImages(series);
    this.#change(series, () => {
      this.#forget(series);
      for (const image of images) this.#insertImage(series, image);
      this.#replay(series);
    });
  }

  /** Every change of a series' rows goes this way. */
  #change(series: string, work: () => void): void {
    this.tables.transaction(work);
    this.#shown.delete(series);
    this.#index.changed(series);
  }

  #insertImage(series: string, { instance, version, file, receivedAt, image }: StoredImage): void {
    this.tables.run(
      'INSERT INTO instances (series, instance, version, file, received_at, image) VALUES (?, ?, ?, ?, ?, ?)',
      series,
      instance,
      version,
      file,
      receivedAt,
      JSON.stringify(image),
    );
    touch(this.tables, series, receivedAt);
  }

  /** Applies the whole journal again; the images' rows stay. */
  #replay(series: string): void {
    const { events, bytes, unreadable } = readJournal(this.dataDirectory, series);
    if (unreadable > 0)
      this.#log.error({ series, lines: unreadable }, 'lines of the journal cannot be read and were passed over');
    this.tables.run('DELETE FROM series WHERE key = ?', series);
    this.tables.run('UPDATE instances SET considered = 0 WHERE series = ?', series);
    this.tables.run('INSERT INTO series (key, journal_bytes) VALUES (?, ?)', series, bytes);
    for (const [index, event] of events.entries()) applyEvent(this.tables, series, index + 1, event);
    const newest = this.tables.get<{ at: string | null }>(
      'SELECT max(received_at) AS at FROM instances WHERE series = ?',
      series,
    );
    touch(this.tables, series, newest?.at ?? '');
  }

  #forget(series: string): void {
    this.tables.run('DELETE FROM instances WHERE series = ?', series);
    this.tables.run('DELETE FROM series WHERE key = ?', series);
  }

  async #reconcileWithFiles(): Promise<void> {
    const folders = (await readdir(join(this.dataDirectory, seriesRoot))).filter((name) => /^[0-9a-f]{16}$/.test(name));
    for (const key of this.keys()) {
      if (!folders.includes(key)) this.#change(key, () => this.#forget(key));
    }
    for (const key of folders) {
      const row = this.tables.get<{ journal_bytes: number; images: number }>(
        'SELECT journal_bytes, (SELECT count(*) FROM instances WHERE series = key) AS images FROM series WHERE key = ?',
        key,
      );
      const { bytes } = readJournal(this.dataDirectory, key);
      const images = (await this.#imageFiles(key)).length;
      if (images === 0 && bytes === 0) await rm(join(this.dataDirectory, seriesFolder(key)), { recursive: true });
      else if (row?.journal_bytes !== bytes || row.images !== images) await this.rebuild(key);
    }
  }

  async #imageFiles(series: string): Promise<string[]> {
    const names = await readdir(join(this.dataDirectory, instancesFolder(series))).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return [];
        throw error;
      },
    );
    return names.filter((name) => parseInstanceFile(name) !== undefined).toSorted();
  }

  async #readImages(series: string): Promise<StoredImage[]> {
    const images: StoredImage[] = [];
    for (const file of await this.#imageFiles(series)) {
      const path = join(this.dataDirectory, instancesFolder(series), file);
      try {
        const image = await readCtInstance(await readFile(path), { decode: false });
        images.push({ ...parseInstanceFile(file)!, file, receivedAt: statSync(path).mtime.toISOString(), image });
      } catch (error) {
        this.#log.error({ series, file, err: asContourNodeError(error) }, 'a kept image cannot be read any more');
      }
    }
    return images;
  }
}

interface ImageRow {
  readonly instance: string;
  readonly version: number;
  readonly file: string;
  readonly received_at: string;
  readonly image: string;
}

function storedImage(row: ImageRow): StoredImage {
  const { instance, version, file } = row;
  return { instance, version, file, receivedAt: row.received_at, image: JSON.parse(row.image) as CtInstance };
}

/** A damaged file is put aside: everything in it can be made again. */
function openTables(path: string, log: Log): Tables {
  try {
    return new Tables(path);
  } catch (error) {
    if (error instanceof ContourNodeError || !existsSync(path)) throw asContourNodeError(error);
    log.error(
      { err: asContourNodeError(error) },
      'state.sqlite is damaged; it is put aside and made again from the files',
    );
    for (const end of ['', '-wal', '-shm']) if (existsSync(path + end)) renameSync(path + end, `${path}.damaged${end}`);
    return new Tables(path);
  }
}
