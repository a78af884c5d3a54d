import type { JournalEvent } from './journal.ts';
import type { Tables } from './tables.ts';

/** Events of structure sets that came back. */
export type CorrectionEvent = Extract<
  JournalEvent,
  {
    kind:
      | 'structure set'
      | 'compare try'
      | 'compare started'
      | 'compare try failed'
      | 'compared'
      | 'compare again'
      | 'confirmed';
  }
>;

/** What one of them changes in the tables. */
export function changeCorrection(tables: Tables, series: string, event: CorrectionEvent): void {
  const { structureSet } = event;
  const where = 'WHERE series = ? AND structure_set = ? AND order_key = ?';
  switch (event.kind) {
    case 'structure set':
      return addStructureSet(tables, series, event);
    case 'compare try':
      return tables.run(
        `UPDATE comparisons SET state = 'queued', tries = ?, in_queue = 1, started = 0, next_try_at = NULL ${where}`,
        event.try,
        series,
        structureSet,
        event.order,
      );
    case 'compare started':
      return tables.run(
        `UPDATE comparisons SET state = 'comparing', started = 1 ${where}`,
        series,
        structureSet,
        event.order,
      );
    case 'compare try failed':
      return tables.run(
        `UPDATE comparisons SET state = ?, in_queue = 0, problem = ?, next_try_at = ? ${where}`,
        event.nextTryAt === undefined ? 'failed' : 'queued',
        JSON.stringify(event.problem),
        event.nextTryAt ?? null,
        series,
        structureSet,
        event.order,
      );
    case 'compared':
      return tables.run(
        `UPDATE comparisons SET state = ?, in_queue = 0, next_try_at = NULL, problem = ?, own = ?, rois = ?, warnings = ? ${where}`,
        event.status,
        event.error === undefined ? null : JSON.stringify(event.error),
        event.own ? 1 : 0,
        JSON.stringify(event.rois),
        JSON.stringify(event.warnings),
        series,
        structureSet,
        event.order,
      );
    case 'compare again':
      return tables.run(
        `UPDATE comparisons SET state = 'queued', tries_before = tries, in_queue = 0, problem = NULL, next_try_at = NULL
         WHERE series = ? AND structure_set = ? AND state IN ('failed', 'not comparable')`,
        series,
        structureSet,
      );
    case 'confirmed':
      return tables.run(
        'UPDATE structure_sets SET confirmed_by = ?, confirmed_at = ? WHERE series = ? AND structure_set = ?',
        event.confirmed ? event.by : null,
        event.confirmed ? event.at : null,
        series,
        structureSet,
      );
  }
}

function addStructureSet(
  tables: Tables,
  series: string,
  event: Extract<JournalEvent, { kind: 'structure set' }>,
): void {
  tables.run(
    `INSERT OR IGNORE INTO structure_sets (series, structure_set, instance, received_at, dated_at, sender, matched_by, approval)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    series,
    event.structureSet,
    event.instance,
    event.at,
    event.datedAt ?? null,
    event.sender,
    event.matchedBy,
    event.approval,
  );
  for (const order of event.orders)
    tables.run(
      'INSERT OR IGNORE INTO comparisons (series, structure_set, order_key, created_at) VALUES (?, ?, ?, ?)',
      series,
      event.structureSet,
      order,
      event.at,
    );
}
