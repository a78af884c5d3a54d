import type { JournalEvent } from './journal.ts';
import type { CommitmentState } from './series.ts';
import type { Tables } from './tables.ts';

/** One structure set that a destination is asked to commit to. */
export interface CommitmentWork {
  readonly series: string;
  readonly revision: number;
  readonly order: string;
  readonly profile: string;
  readonly destination: string;
  readonly state: CommitmentState;
  /** Requests so far. */
  readonly tries: number;
  /** ISO time; undefined once the destination has taken a request. */
  readonly nextTryAt: string | undefined;
  readonly deadlineAt: string;
  /** Why the last request was not taken. */
  readonly problem: string | undefined;
}

type EventOf<Kind extends JournalEvent['kind']> = Extract<JournalEvent, { kind: Kind }>;
type CommitmentEvent = EventOf<
  'commitment try' | 'commitment try failed' | 'commitment requested' | 'commitment outcome'
>;
interface Delivery {
  readonly order: string;
  readonly destination: string;
  readonly at: string;
}

const which = 'series = ? AND order_key = ? AND destination = ?';

/** The structure set has arrived: it is to be asked for. */
export function beginCommitment(tables: Tables, series: string, delivery: Delivery, deadlineAt: string): void {
  endCommitment(tables, series, delivery);
  tables.run(
    'INSERT INTO commitments (series, order_key, destination, next_try_at, deadline_at) VALUES (?, ?, ?, ?, ?)',
    series,
    delivery.order,
    delivery.destination,
    delivery.at,
    deadlineAt,
  );
}

/** It is sent again: what was told of it before counts no more. */
export function endCommitment(tables: Tables, series: string, { order, destination }: Delivery): void {
  tables.run(`DELETE FROM commitments WHERE ${which}`, series, order, destination);
}

export function applyCommitment(tables: Tables, series: string, event: CommitmentEvent): void {
  const at = [series, event.order, event.destination] as const;
  switch (event.kind) {
    case 'commitment try':
      tables.run(`UPDATE commitments SET tries = ?, next_try_at = ? WHERE ${which}`, event.try, event.nextTryAt, ...at);
      return tables.run(
        `INSERT INTO commitment_transactions SELECT ?, series, order_key, destination FROM commitments WHERE ${which}`,
        event.transactionUid,
        ...at,
      );
    case 'commitment try failed':
      return tables.run(`UPDATE commitments SET problem = ? WHERE ${which}`, JSON.stringify(event.problem), ...at);
    case 'commitment requested':
      return tables.run(
        `UPDATE commitments SET state = 'requested', next_try_at = NULL, problem = NULL WHERE ${which}`,
        ...at,
      );
    case 'commitment outcome':
      return tables.run(
        `UPDATE commitments SET state = ?, next_try_at = NULL, problem = ? WHERE ${which}`,
        event.outcome,
        event.problem === undefined ? null : JSON.stringify(event.problem),
        ...at,
      );
  }
}

interface CommitmentRow {
  readonly series: string;
  readonly revision: number;
  readonly order_key: string;
  readonly profile: string;
  readonly destination: string;
  readonly state: CommitmentState;
  readonly tries: number;
  readonly next_try_at: string | null;
  readonly deadline_at: string;
  readonly problem: string | null;
}

const columns = `SELECT c.*, o.revision, d.profile FROM commitments AS c
  JOIN orders AS o USING (series, order_key) JOIN deliveries AS d USING (series, order_key, destination)`;

function workOf(row: CommitmentRow): CommitmentWork {
  return {
    series: row.series,
    revision: row.revision,
    order: row.order_key,
    profile: row.profile,
    destination: row.destination,
    state: row.state,
    tries: row.tries,
    nextTryAt: row.next_try_at ?? undefined,
    deadlineAt: row.deadline_at,
    problem: row.problem === null ? undefined : (JSON.parse(row.problem) as { message: string }).message,
  };
}

/** Those without a result whose time is not over, or was not seen to be. */
export function openCommitments(tables: Tables): CommitmentWork[] {
  return tables
    .all<CommitmentRow>(`${columns} WHERE c.state IN ('due', 'requested') ORDER BY c.deadline_at`)
    .map(workOf);
}

export function commitmentOf(
  tables: Tables,
  series: string,
  order: string,
  destination: string,
): CommitmentWork | undefined {
  return tables.all<CommitmentRow>(`${columns} WHERE ${which}`, series, order, destination).map(workOf)[0];
}

/** The one that a transaction asks for. */
export function commitmentOfTransaction(tables: Tables, transactionUid: string): CommitmentWork | undefined {
  return tables
    .all<CommitmentRow>(
      `${columns} JOIN commitment_transactions AS t USING (series, order_key, destination) WHERE t.transaction_uid = ?`,
      transactionUid,
    )
    .map(workOf)[0];
}

export function countCommitments(
  tables: Tables,
): { destination: string; state: CommitmentState; commitments: number }[] {
  return tables.all('SELECT destination, state, count(*) AS commitments FROM commitments GROUP BY destination, state');
}
