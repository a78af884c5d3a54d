import { statSync } from 'node:fs';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { keptInstanceOf } from '../dicom/kept-instance.ts';
import { parseDicom } from '../dicom/read-data-set.ts';
import { asContourNodeError } from '../errors.ts';
import { faultPoint } from '../fault-point.ts';
import type { Log } from '../log.ts';
import {
  databaseFile,
  instancesFolder,
  parseInstanceFile,
  seriesFolder,
  seriesRoot,
  trashFolder,
} from '../work/paths.ts';
import type { JournalEvent, NewEvent } from './events.ts';
import type { StoredImage } from './instances.ts';
import { appendEvent, journalBytes, readJournal } from './journal.ts';
import { moveFolder } from './move.ts';
import { forgetQuality, recoverQuality, refreshQuality } from './quality-values.ts';
import type { Actor, SeriesReader } from './series.ts';
import { emptyRecord, evolve, foldRecord, type SeriesRecord, withImage } from './series-record.ts';
import { StoreReader, type StoreReaderOptions } from './store-reader.ts';
import type { KeptRecord } from './records.ts';
import { openTables, type Tables } from './tables.ts';

export interface StoreOptions extends StoreReaderOptions {
  readonly log: Log;
}

export type SeriesChange =
  | { readonly kind: 'event'; readonly event: JournalEvent }
  | { readonly kind: 'image' }
  /** The folder is gone, its record still there. */
  | { readonly kind: 'removed'; readonly by: Actor | 'retention' };

/**
 * The state of every series, and its only writer. An event is first appended to the series' journal and flushed, then
 * folded into its record (series-record.ts); records that are lost, behind or damaged are folded again from journals and
 * images.
 */
export class Store extends StoreReader implements SeriesReader {
  readonly #log: Log;
  readonly #listeners = new Set<(series: string, change: SeriesChange) => void>();

  private constructor(options: StoreOptions, tables: Tables) {
    super(options, tables);
    this.#log = options.log;
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
    for (const file of recoverQuality(store.tables, dataDirectory))
      options.log.error({ file }, 'figures of corrected structure sets cannot be read');
    await store.#reconcileWithFiles();
    return store;
  }

  close(): void {
    this.tables.close();
  }

  onChange(listener: (series: string, change: SeriesChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(series: string, change: SeriesChange): void {
    for (const listener of this.#listeners) listener(series, change);
  }

  /** Appends an event to the series' journal, flushed, and folds it in. Throws what disk and SQLite throw. */
  record(series: string, event: NewEvent): void {
    const entry: JournalEvent = { ...event, at: this.nowIso() };
    const kept = this.records.get(series);
    const { before, after } = appendEvent(this.dataDirectory, series, entry);
    faultPoint('event-appended');
    const record = this.#change(() =>
      before === (kept?.journalBytes ?? 0)
        ? { record: evolve(kept?.record ?? emptyRecord(series), entry), journalBytes: after }
        : this.#fold(series),
    );
    if (entry.kind === 'compared' || entry.kind === 'confirmed') this.#refreshQuality(record);
    this.#tell(series, { kind: 'event', event: entry });
  }

  /** Records an image whose file lies under its name already. */
  addImage(series: string, stored: StoredImage): void {
    const kept = this.records.get(series);
    const next = {
      record: withImage(kept?.record ?? emptyRecord(series), stored, stored.version > 1),
      journalBytes: kept?.journalBytes ?? 0,
    };
    if (kept === undefined) {
      this.#change(() => {
        this.instances.add(series, stored);
        return next;
      });
    } else {
      this.instances.add(series, stored);
      this.records.hold(next);
      this.index.set(next.record);
    }
    this.#tell(series, { kind: 'image' });
  }

  /** Removes a series with everything that was contoured on it; the figures that count stay when retention does it. */
  async remove(series: string, by: Actor | 'retention'): Promise<void> {
    if (by !== 'retention') forgetQuality(this.tables, this.dataDirectory, series);
    const trash = join(this.dataDirectory, trashFolder, `${series}-${Date.parse(this.nowIso())}`);
    await moveFolder(join(this.dataDirectory, seriesFolder(series)), trash);
    this.#tell(series, { kind: 'removed', by });
    this.#forget(series);
    await rm(trash, { recursive: true, force: true });
  }

  /** Makes what the tables know of a series again from its journal and images. */
  async rebuild(series: string): Promise<void> {
    const images = await this.#readImages(series);
    this.#change(() => {
      this.instances.remove(series);
      for (const image of images) this.instances.add(series, image);
      return this.#fold(series);
    });
  }

  /** Every change of a record goes this way, but for images of a series that is known. */
  #change(work: () => KeptRecord): SeriesRecord {
    let kept: KeptRecord | undefined;
    this.tables.transaction(() => {
      kept = work();
      this.records.write(kept);
    });
    this.records.written(kept!);
    this.index.set(kept!.record);
    return kept!.record;
  }

  /** The record from its beginning; the images' rows stay. */
  #fold(series: string): KeptRecord {
    const { events, bytes, unreadable } = readJournal(this.dataDirectory, series);
    if (unreadable > 0)
      this.#log.error({ series, lines: unreadable }, 'lines of the journal cannot be read and were passed over');
    return { record: foldRecord(series, this.instances.files(series), events), journalBytes: bytes };
  }

  #forget(series: string): void {
    this.tables.transaction(() => {
      this.instances.remove(series);
      this.records.remove(series);
    });
    this.index.delete(series);
  }

  /** The event stands whatever becomes of the figures: they are made again at the next start. */
  #refreshQuality(record: SeriesRecord): void {
    try {
      refreshQuality(this.tables, this.dataDirectory, record);
    } catch (error) {
      const err = asContourNodeError(error);
      this.#log.error({ series: record.key, err }, 'figures of a structure set could not be written');
    }
  }

  async #reconcileWithFiles(): Promise<void> {
    const folders = (await readdir(join(this.dataDirectory, seriesRoot))).filter((name) => /^[0-9a-f]{16}$/.test(name));
    const there = new Set(folders);
    for (const key of new Set([...this.keys(), ...this.instances.series()])) if (!there.has(key)) this.#forget(key);
    for (const key of folders) await this.#reconcile(key);
  }

  async #reconcile(key: string): Promise<void> {
    const kept = this.records.get(key);
    const files = await this.#imageFiles(key);
    if (kept?.journalBytes === journalBytes(this.dataDirectory, key) && kept.record.images.files === files.length)
      this.index.set(kept.record);
    else if (files.length === 0 && readJournal(this.dataDirectory, key).bytes === 0) {
      await rm(join(this.dataDirectory, seriesFolder(key)), { recursive: true });
      this.#forget(key);
    } else if (this.instances.files(key).length === files.length) this.#change(() => this.#fold(key));
    else await this.rebuild(key);
    const record = this.get(key);
    if (record !== undefined && record.corrections.length > 0) this.#refreshQuality(record);
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
        const image = await keptInstanceOf(parseDicom(await readFile(path)));
        images.push({ ...parseInstanceFile(file)!, file, receivedAt: statSync(path).mtime.toISOString(), image });
      } catch (error) {
        this.#log.error({ series, file, err: asContourNodeError(error) }, 'a kept image cannot be read any more');
      }
    }
    return images;
  }
}
