import type { DatabaseSync } from 'node:sqlite';
import { ContourNodeError } from '../errors.ts';

/** One step a version of the tables, never changed once released. Times are ISO strings in UTC, lists are JSON. */
const migrations: readonly string[] = [
  `CREATE TABLE series (
     key TEXT PRIMARY KEY,
     state TEXT NOT NULL DEFAULT 'receiving',
     problem TEXT,
     /* revision, rejected, unrouted, ordered: how far the images came when they were last looked at */
     outcome TEXT,
     outcome_problems TEXT NOT NULL DEFAULT '[]',
     revision INTEGER NOT NULL DEFAULT 0,
     calling_ae TEXT NOT NULL DEFAULT '',
     called_ae TEXT NOT NULL DEFAULT '',
     address TEXT NOT NULL DEFAULT '',
     peer TEXT,
     open_associations TEXT NOT NULL DEFAULT '[]',
     unconfirmed TEXT NOT NULL DEFAULT '[]',
     held TEXT,
     released INTEGER NOT NULL DEFAULT 0,
     expected INTEGER,
     route TEXT,
     priority TEXT NOT NULL DEFAULT 'normal',
     warnings TEXT NOT NULL DEFAULT '[]',
     updated_at TEXT NOT NULL DEFAULT '',
     journal_bytes INTEGER NOT NULL DEFAULT 0
   ) STRICT;
   CREATE INDEX series_by_change ON series (updated_at);

   /* Not tied to its series: its rows stay while a journal is applied again. */
   CREATE TABLE instances (
     series TEXT NOT NULL,
     instance TEXT NOT NULL,
     version INTEGER NOT NULL,
     file TEXT NOT NULL,
     received_at TEXT NOT NULL,
     /* 1: part of what was last looked at */
     considered INTEGER NOT NULL DEFAULT 0,
     image TEXT NOT NULL,
     PRIMARY KEY (series, instance, version)
   ) STRICT, WITHOUT ROWID;

   CREATE TABLE orders (
     series TEXT NOT NULL REFERENCES series (key) ON DELETE CASCADE,
     order_key TEXT NOT NULL,
     revision INTEGER NOT NULL,
     bundle_name TEXT NOT NULL,
     bundle_version TEXT NOT NULL,
     priority TEXT NOT NULL,
     state TEXT NOT NULL DEFAULT 'queued',
     problem TEXT,
     created_at TEXT NOT NULL,
     tries INTEGER NOT NULL DEFAULT 0,
     /* tries before the last retry by an operator: they do not count */
     tries_before INTEGER NOT NULL DEFAULT 0,
     /* 1: the current try has not ended yet */
     in_queue INTEGER NOT NULL DEFAULT 0,
     started INTEGER NOT NULL DEFAULT 0,
     next_try_at TEXT,
     rois TEXT NOT NULL DEFAULT '[]',
     timings TEXT NOT NULL DEFAULT '[]',
     warnings TEXT NOT NULL DEFAULT '[]',
     PRIMARY KEY (series, order_key)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX orders_by_state ON orders (state);

   CREATE TABLE deliveries (
     series TEXT NOT NULL REFERENCES series (key) ON DELETE CASCADE,
     order_key TEXT NOT NULL,
     destination TEXT NOT NULL,
     profile TEXT NOT NULL,
     state TEXT NOT NULL DEFAULT 'pending',
     tries INTEGER NOT NULL DEFAULT 0,
     failed_tries INTEGER NOT NULL DEFAULT 0,
     /* the last try whose worker said how it ended */
     reported_try INTEGER NOT NULL DEFAULT 0,
     started INTEGER NOT NULL DEFAULT 0,
     next_try_at TEXT,
     deadline_at TEXT,
     delivered_at TEXT,
     status INTEGER,
     alarmed INTEGER NOT NULL DEFAULT 0,
     problem TEXT,
     PRIMARY KEY (series, order_key, destination)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX deliveries_by_state ON deliveries (state);

   CREATE TABLE events (
     series TEXT NOT NULL REFERENCES series (key) ON DELETE CASCADE,
     number INTEGER NOT NULL,
     event TEXT NOT NULL,
     PRIMARY KEY (series, number)
   ) STRICT, WITHOUT ROWID;`,
  `/* Images of whatever series: a structure set names images, or a frame of reference, and no series. */
   CREATE INDEX instances_by_instance ON instances (instance);
   CREATE INDEX instances_by_frame ON instances (image ->> 'frameOfReferenceUid');

   /* Structure sets that came back from elsewhere. */
   CREATE TABLE structure_sets (
     series TEXT NOT NULL REFERENCES series (key) ON DELETE CASCADE,
     structure_set TEXT NOT NULL,
     /* pseudonym of its SOP Instance UID: another content under it is another version */
     instance TEXT NOT NULL,
     received_at TEXT NOT NULL,
     /* by the clock of the system that wrote it */
     dated_at TEXT,
     sender TEXT NOT NULL,
     matched_by TEXT NOT NULL,
     approval TEXT NOT NULL,
     confirmed_by TEXT,
     confirmed_at TEXT,
     PRIMARY KEY (series, structure_set)
   ) STRICT, WITHOUT ROWID;

   CREATE TABLE comparisons (
     series TEXT NOT NULL REFERENCES series (key) ON DELETE CASCADE,
     structure_set TEXT NOT NULL,
     order_key TEXT NOT NULL,
     state TEXT NOT NULL DEFAULT 'queued',
     created_at TEXT NOT NULL,
     tries INTEGER NOT NULL DEFAULT 0,
     /* tries before an operator had it compared again: they do not count */
     tries_before INTEGER NOT NULL DEFAULT 0,
     in_queue INTEGER NOT NULL DEFAULT 0,
     started INTEGER NOT NULL DEFAULT 0,
     next_try_at TEXT,
     problem TEXT,
     /* 1: the node's own structure set, unchanged */
     own INTEGER NOT NULL DEFAULT 0,
     rois TEXT NOT NULL DEFAULT '[]',
     warnings TEXT NOT NULL DEFAULT '[]',
     PRIMARY KEY (series, structure_set, order_key)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX comparisons_by_state ON comparisons (state);`,

  `/* Storage commitment that a destination is asked for, from the delivery on. */
   CREATE TABLE commitments (
     series TEXT NOT NULL REFERENCES series (key) ON DELETE CASCADE,
     order_key TEXT NOT NULL,
     destination TEXT NOT NULL,
     state TEXT NOT NULL DEFAULT 'due',
     tries INTEGER NOT NULL DEFAULT 0,
     next_try_at TEXT,
     deadline_at TEXT NOT NULL,
     problem TEXT,
     PRIMARY KEY (series, order_key, destination)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX commitments_by_state ON commitments (state);

   CREATE TABLE commitment_transactions (
     transaction_uid TEXT PRIMARY KEY,
     series TEXT NOT NULL,
     order_key TEXT NOT NULL,
     destination TEXT NOT NULL,
     FOREIGN KEY (series, order_key, destination) REFERENCES commitments ON DELETE CASCADE
   ) STRICT, WITHOUT ROWID;`,

  `/* Not tied to its series: the values outlive it. */
   CREATE TABLE quality_values (
     series TEXT NOT NULL,
     number INTEGER NOT NULL,
     received_at TEXT NOT NULL,
     value TEXT NOT NULL,
     PRIMARY KEY (series, number)
   ) STRICT, WITHOUT ROWID;`,
];

/** What this program writes; it reads it and everything older. */
export const tablesVersion = migrations.length;

/**
 * Brings the tables to this program's version, in one transaction.
 *
 * @throws ContourNodeError DATA_DIRECTORY the tables were written by a newer program
 */
export function migrate(database: DatabaseSync): void {
  const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number };
  if (version > migrations.length) {
    throw new ContourNodeError(
      'DATA_DIRECTORY',
      `state.sqlite has version ${version}, this program knows ${migrations.length}`,
      {
        remedy: 'run the newer program, or remove state.sqlite: the tables are made again from the files',
      },
    );
  }
  database.exec('BEGIN IMMEDIATE');
  for (const step of migrations.slice(version)) database.exec(step);
  database.exec(`PRAGMA user_version = ${migrations.length}; COMMIT`);
}
