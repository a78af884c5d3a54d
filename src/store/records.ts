import type { SeriesRecord } from './series-record.ts';
import { recordVersion } from './series-record.ts';
import type { Tables } from './tables.ts';

/** A record, and how much of the journal is in it. */
export interface KeptRecord {
  readonly record: SeriesRecord;
  readonly journalBytes: number;
}

interface Row {
  readonly journal_bytes: number;
  readonly record: string;
}

/** Records that stay parsed in memory: a few pages of the worklist, and what is being worked on. */
const parsedRecords = 500;

/**
 * The folded record of every series in table `records`, so that a start does not fold thousands of journals. While the
 * images of a series arrive, its record is in memory alone: to write it with every image takes longer than the image's own
 * row, and the next start folds a record whose number of images is not that of its folder.
 */
export class Records {
  readonly #tables: Tables;
  readonly #parsed = new Map<string, KeptRecord>();
  readonly #unwritten = new Map<string, KeptRecord>();

  /** Drops records of another version: they have to be folded again. */
  constructor(tables: Tables) {
    this.#tables = tables;
    tables.run('DELETE FROM records WHERE record_version <> ?', recordVersion);
  }

  get(series: string): KeptRecord | undefined {
    const known = this.#unwritten.get(series);
    if (known !== undefined) return known;
    const parsed = this.#parsed.get(series);
    if (parsed !== undefined) return this.#remember(parsed);
    const row = this.#tables.get<Row>('SELECT journal_bytes, record FROM records WHERE key = ?', series);
    return row === undefined ? undefined : this.#remember(parse(row));
  }

  /** Writes a record; once the transaction is over, `written` says so. */
  write({ record, journalBytes }: KeptRecord): void {
    this.#tables.run(
      `INSERT INTO records (key, record_version, journal_bytes, record) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET journal_bytes = excluded.journal_bytes, record = excluded.record`,
      record.key,
      recordVersion,
      journalBytes,
      JSON.stringify(record),
    );
  }

  written(kept: KeptRecord): void {
    this.#unwritten.delete(kept.record.key);
    this.#remember(kept);
  }

  /** Holds a record in memory until the next one of its series is written; the table has an older one. */
  hold(kept: KeptRecord): void {
    this.#unwritten.set(kept.record.key, kept);
  }

  remove(series: string): void {
    this.#tables.run('DELETE FROM records WHERE key = ?', series);
    this.#parsed.delete(series);
    this.#unwritten.delete(series);
  }

  keys(): string[] {
    return this.#tables.all<{ key: string }>('SELECT key FROM records ORDER BY key').map(({ key }) => key);
  }

  #remember(kept: KeptRecord): KeptRecord {
    this.#parsed.delete(kept.record.key);
    this.#parsed.set(kept.record.key, kept);
    if (this.#parsed.size > parsedRecords) this.#parsed.delete(this.#parsed.keys().next().value!);
    return kept;
  }
}

function parse({ record, journal_bytes: journalBytes }: Row): KeptRecord {
  return { record: JSON.parse(record) as SeriesRecord, journalBytes };
}
