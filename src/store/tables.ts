import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { migrate } from './migrations.ts';

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

  /** The same for a query with names (`:states`) for its values. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- only the query knows its columns
  named<T extends object>(sql: string, values: Record<string, SQLInputValue>): T[] {
    return this.#statement(sql).all(values) as T[];
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
