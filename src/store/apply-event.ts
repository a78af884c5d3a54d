import { changeCorrection } from './apply-feedback.ts';
import { applyCommitment, beginCommitment, endCommitment } from './commitment-state.ts';
import type { JournalEvent } from './journal.ts';
import type { OrderState } from './series.ts';
import type { Priority } from '../config/schema.ts';
import { deriveState } from './series-state.ts';
import type { Tables } from './tables.ts';

/** What one event changes in the tables. The same events in the same order give the same tables. */
export function applyEvent(tables: Tables, series: string, number: number, event: JournalEvent): void {
  tables.run('INSERT OR IGNORE INTO series (key) VALUES (?)', series);
  tables.run('INSERT INTO events (series, number, event) VALUES (?, ?, ?)', series, number, JSON.stringify(event));
  change(tables, series, event);
  touch(tables, series, event.at);
}

/** The series' state after a change, and when it was. */
export function touch(tables: Tables, series: string, at: string): void {
  const { state, problem } = deriveState(tables, series);
  tables.run(
    'UPDATE series SET state = ?, problem = ?, updated_at = max(updated_at, ?) WHERE key = ?',
    state,
    problem === undefined ? null : JSON.stringify(problem),
    at,
    series,
  );
}

function change(tables: Tables, series: string, event: JournalEvent): void {
  switch (event.kind) {
    case 'association':
    case 'association ended':
      return changeAssociations(tables, series, event);
    case 'refused':
    case 'notified':
      return;
    case 'held':
      return tables.run(
        'UPDATE series SET held = ?, expected = ? WHERE key = ?',
        JSON.stringify(event.problem),
        event.expected,
        series,
      );
    case 'released':
      return tables.run("UPDATE series SET released = 1, held = NULL, unconfirmed = '[]' WHERE key = ?", series);
    case 'revision':
    case 'rejected':
    case 'unrouted':
    case 'ordered':
    case 'ordered by operator':
      return changeOutcome(tables, series, event);
    case 'contour try':
    case 'contour started':
    case 'contour try failed':
    case 'set aside':
    case 'result':
    case 'retry':
      return changeOrder(tables, series, event);
    case 'deliver try':
    case 'deliver started':
    case 'deliver outcome':
    case 'deliver impossible':
    case 'resend':
      return changeDelivery(tables, series, event);
    case 'commitment try':
    case 'commitment try failed':
    case 'commitment requested':
    case 'commitment outcome':
      return applyCommitment(tables, series, event);
    default:
      return changeCorrection(tables, series, event);
  }
}

type EventOf<Kind extends JournalEvent['kind']> = Extract<JournalEvent, { kind: Kind }>;

function changeAssociations(tables: Tables, series: string, event: EventOf<'association' | 'association ended'>): void {
  const row = tables.get<{ open_associations: string }>('SELECT open_associations FROM series WHERE key = ?', series);
  const others = (JSON.parse(row?.open_associations ?? '[]') as string[]).filter((id) => id !== event.association);
  if (event.kind === 'association') {
    tables.run(
      'UPDATE series SET open_associations = ?, calling_ae = ?, called_ae = ?, address = ?, peer = ?, released = 0 WHERE key = ?',
      JSON.stringify([...others, event.association]),
      event.callingAe,
      event.calledAe,
      event.address,
      event.peer ?? null,
      series,
    );
  } else {
    tables.run(
      'UPDATE series SET open_associations = ?, unconfirmed = ?, held = ? WHERE key = ?',
      JSON.stringify(others),
      JSON.stringify(event.unconfirmed),
      event.problem === undefined ? null : JSON.stringify(event.problem),
      series,
    );
  }
}

function changeOutcome(
  tables: Tables,
  series: string,
  event: EventOf<'revision' | 'rejected' | 'unrouted' | 'ordered' | 'ordered by operator'>,
): void {
  tables.run("UPDATE series SET outcome = ?, outcome_problems = '[]' WHERE key = ?", outcomeOf(event), series);
  if (event.kind === 'revision' || event.kind === 'rejected') {
    for (const file of event.files)
      tables.run('UPDATE instances SET considered = 1 WHERE series = ? AND file = ?', series, file);
    tables.run("UPDATE series SET unconfirmed = '[]', held = NULL WHERE key = ?", series);
  }
  switch (event.kind) {
    case 'revision':
      return tables.run(
        'UPDATE series SET revision = ?, warnings = ?, expected = ? WHERE key = ?',
        event.revision,
        JSON.stringify(event.warnings),
        event.expected ?? null,
        series,
      );
    case 'rejected':
      return tables.run(
        'UPDATE series SET outcome_problems = ? WHERE key = ?',
        JSON.stringify([event.problem]),
        series,
      );
    case 'unrouted':
      return;
    case 'ordered':
      tables.run(
        'UPDATE series SET route = ?, priority = ?, outcome_problems = ? WHERE key = ?',
        event.route,
        event.priority,
        JSON.stringify(event.problems),
        series,
      );
      return addOrders(tables, series, event, event.priority);
    case 'ordered by operator':
      // Somebody waits for it.
      return addOrders(tables, series, event, 'urgent');
  }
}

function outcomeOf({ kind }: { kind: JournalEvent['kind'] }): string {
  return kind === 'ordered by operator' ? 'ordered' : kind;
}

function addOrders(
  tables: Tables,
  series: string,
  event: EventOf<'ordered' | 'ordered by operator'>,
  priority: Priority,
): void {
  for (const order of event.superseded) {
    tables.run("UPDATE orders SET state = 'superseded' WHERE series = ? AND order_key = ?", series, order);
    tables.run(
      "UPDATE deliveries SET state = 'superseded' WHERE series = ? AND order_key = ? AND state IN ('pending', 'waiting', 'delivering', 'failed')",
      series,
      order,
    );
  }
  for (const { order, bundle, deliveries } of event.orders) {
    tables.run(
      `INSERT INTO orders (series, order_key, revision, bundle_name, bundle_version, priority, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET state = 'queued', tries_before = tries, in_queue = 0, problem = NULL, next_try_at = NULL`,
      series,
      order,
      event.revision,
      bundle.name,
      bundle.version,
      priority,
      event.at,
    );
    for (const { destination, profile, refused } of deliveries) {
      tables.run(
        'INSERT OR IGNORE INTO deliveries (series, order_key, destination, profile, state, problem) VALUES (?, ?, ?, ?, ?, ?)',
        series,
        order,
        destination,
        profile,
        refused === undefined ? 'pending' : 'not allowed',
        refused === undefined ? null : JSON.stringify(refused),
      );
    }
  }
}

type OrderEvent = EventOf<'contour try' | 'contour started' | 'contour try failed' | 'set aside' | 'result' | 'retry'>;

const stateOfResult: Record<EventOf<'result'>['status'], OrderState> = {
  contoured: 'contoured',
  'nothing-found': 'nothing found',
  rejected: 'rejected',
  failed: 'failed',
};

function changeOrder(tables: Tables, series: string, event: OrderEvent): void {
  switch (event.kind) {
    case 'contour try':
      return tables.run(
        "UPDATE orders SET state = 'queued', tries = ?, in_queue = 1, started = 0, next_try_at = NULL WHERE series = ? AND order_key = ?",
        event.try,
        series,
        event.order,
      );
    case 'contour started':
      return tables.run(
        "UPDATE orders SET state = 'contouring', started = 1 WHERE series = ? AND order_key = ?",
        series,
        event.order,
      );
    case 'contour try failed':
      return tables.run(
        "UPDATE orders SET state = 'queued', in_queue = 0, problem = ?, next_try_at = ? WHERE series = ? AND order_key = ?",
        JSON.stringify(event.problem),
        event.nextTryAt ?? null,
        series,
        event.order,
      );
    case 'set aside':
      return tables.run(
        "UPDATE orders SET state = 'set aside', in_queue = 0, problem = ?, next_try_at = NULL WHERE series = ? AND order_key = ?",
        JSON.stringify(event.problem),
        series,
        event.order,
      );
    case 'result':
      return addResult(tables, series, event);
    case 'retry':
      for (const order of event.orders) {
        tables.run("UPDATE orders SET state = 'superseded' WHERE series = ? AND order_key = ?", series, order);
      }
      // The images are looked at again, as after a crash in between.
      return tables.run("UPDATE series SET outcome = 'revision' WHERE key = ?", series);
  }
}

function addResult(tables: Tables, series: string, event: EventOf<'result'>): void {
  tables.run(
    `UPDATE orders SET state = ?, in_queue = 0, next_try_at = NULL, problem = ?, rois = ?, timings = ?, warnings = ?
     WHERE series = ? AND order_key = ?`,
    stateOfResult[event.status],
    event.error === undefined ? null : JSON.stringify(event.error),
    JSON.stringify(event.rois),
    JSON.stringify(event.timings),
    JSON.stringify(event.warnings),
    series,
    event.order,
  );
  if (event.status !== 'contoured' && event.status !== 'nothing-found') return;
  tables.run(
    `UPDATE deliveries SET state = CASE WHEN profile IN (SELECT value FROM json_each(?)) THEN 'waiting' ELSE 'nothing to send' END,
       next_try_at = CASE WHEN profile IN (SELECT value FROM json_each(?)) THEN ? END
     WHERE series = ? AND order_key = ? AND state = 'pending'`,
    JSON.stringify(event.profiles),
    JSON.stringify(event.profiles),
    event.at,
    series,
    event.order,
  );
}

type DeliveryEvent = EventOf<'deliver try' | 'deliver started' | 'deliver outcome' | 'deliver impossible' | 'resend'>;

function changeDelivery(tables: Tables, series: string, event: DeliveryEvent): void {
  const where = 'WHERE series = ? AND order_key = ? AND destination = ?';
  const at = [series, event.order, event.destination] as const;
  switch (event.kind) {
    case 'deliver try':
      return tables.run(
        `UPDATE deliveries SET state = 'delivering', tries = ?, deadline_at = ?, started = 0, next_try_at = NULL ${where}`,
        event.try,
        event.deadlineAt,
        ...at,
      );
    case 'deliver started':
      return tables.run(`UPDATE deliveries SET started = 1 ${where}`, ...at);
    case 'deliver outcome':
      tables.run(
        `UPDATE deliveries SET state = ?, next_try_at = ?, failed_tries = failed_tries + ?, reported_try = CASE WHEN ? THEN ? ELSE reported_try END,
           status = ?, alarmed = ?, problem = ?, delivered_at = coalesce(?, delivered_at) ${where}`,
        event.next,
        event.nextTryAt ?? null,
        event.outcome === 'failed' ? 1 : 0,
        event.reported ? 1 : 0,
        event.try,
        event.status ?? null,
        event.alarmed ? 1 : 0,
        event.problem === undefined ? null : JSON.stringify(event.problem),
        event.next === 'delivered' ? event.at : null,
        ...at,
      );
      if (event.commitmentDeadlineAt !== undefined) beginCommitment(tables, series, event, event.commitmentDeadlineAt);
      return;
    case 'deliver impossible':
      return tables.run(
        `UPDATE deliveries SET state = 'failed', next_try_at = NULL, problem = ? ${where}`,
        JSON.stringify(event.problem),
        ...at,
      );
    case 'resend':
      endCommitment(tables, series, event);
      return tables.run(
        `UPDATE deliveries SET state = 'waiting', next_try_at = ?, failed_tries = 0, deadline_at = NULL, problem = NULL ${where}`,
        event.at,
        ...at,
      );
  }
}
