import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { existsSync, renameSync } from 'node:fs';
import { asContourNodeError, ContourNodeError } from '../errors.ts';
import type { Log } from '../log.ts';

/** What this program writes; it reads it and everything older. */
export const tablesVersion = 5;

/**
 * Times are ISO strings in UTC, objects are JSON. `records` holds what was folded from the journals (series-record.ts);
 * `quality_values` is not tied to its series: the values outlive it. The indexes of `instances` are for structure sets,
 * which name instances, or a frame of reference, and no series.
 */
const schema = `
  CREATE TABLE IF NOT EXISTS instances (
    series TEXT NOT NULL,
    instance TEXT NOT NULL,
    version INTEGER NOT NULL,
    file TEXT NOT NULL,
    received_at TEXT NOT NULL,
    image TEXT NOT NULL,
    PRIMARY KEY (series, instance, version)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS instances_by_instance ON instances (instance);
  CREATE INDEX IF NOT EXISTS instances_by_frame ON instances (image ->> 'frameOfReferenceUid');
  CREATE TABLE records (
    key TEXT PRIMARY KEY,
    record_version INTEGER NOT NULL,
    journal_bytes INTEGER NOT NULL,
    record TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS quality_values (
    series TEXT NOT NULL,
    number INTEGER NOT NULL,
    received_at TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (series, number)
  ) STRICT, WITHOUT ROWID;`;

/** Up to version 4 each part of a series had a table: what is in them is in the journals as well. */
const before5 = `
  DROP TABLE IF EXISTS commitment_transactions;
  DROP TABLE IF EXISTS commitments;
  DROP TABLE IF EXISTS comparisons;
  DROP TABLE IF EXISTS structure_sets;
  DROP TABLE IF EXISTS deliveries;
  DROP TABLE IF EXISTS orders;
  DROP TABLE IF EXISTS events;
  DROP TABLE IF EXISTS series;
  ALTER TABLE instances DROP COLUMN considered;`;

/**
 * Brings the tables to this program's version, in one transaction.
 *
 * @throws ContourNodeError DATA_DIRECTORY the tables were written by a newer program
 */
function migrate(database: DatabaseSync): void {
  const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number };
  if (version === tablesVersion) return;
  if (version > tablesVersion) {
    throw new ContourNodeError(
      'DATA_DIRECTORY',
      `state.sqlite has version ${version}, this program knows ${tablesVersion}`,
      { remedy: 'run the newer program, or remove state.sqlite: the tables are made again from the files' },
    );
  }
  const steps = version === 0 ? schema : `${before5}${schema}`;
  database.exec(`BEGIN IMMEDIATE; ${steps} PRAGMA user_version = ${tablesVersion}; COMMIT`);
}

/** SQLite with its statements kept, and one level of transactions. */
export class Tables {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /** @throws ContourNodeError DATA_DIRECTORY; SQLite's errors for a file that is damaged */
  constructor(path: string) {
    this.#database = new DatabaseSync(path, { timeout: 5000 });
    try {
      // The journal and the images are flushed; what the tables lose in a power failure is made again from them.
      this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
      migrate(this.#database);
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  run(sql: string, ...values: SQLInputValue[]): void {
    this.#statement(sql).run(...values);
  }

  /** The first row; the caller says what its columns are. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- only the query knows its columns
  get<T extends object>(sql: string, ...values: SQLInputValue[]): T | undefined {
    return this.all<T>(sql, ...values)[0];
  }

  all<T extends object>(sql: string, ...values: SQLInputValue[]): T[] {
    return this.#statement(sql).all(...values) as T[];
  }

  transaction(change: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      change();
      this.#database.exec('COMMIT');
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) this.#statements.set(sql, (statement = this.#database.prepare(sql)));
    return statement;
  }
}

/**
 * A damaged file is put aside: everything in it can be made again.
 *
 * @throws ContourNodeError DATA_DIRECTORY
 */
export function openTables(path: string, log: Log): Tables {
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
