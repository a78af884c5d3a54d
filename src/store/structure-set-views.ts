import type { ComparisonView, StructureSetView } from './series.ts';
import type { Tables } from './tables.ts';

interface StructureSetRow {
  readonly structure_set: string;
  readonly received_at: string;
  readonly sender: string;
  readonly matched_by: StructureSetView['matchedBy'];
  readonly approval: StructureSetView['approval'];
  readonly confirmed_by: string | null;
  readonly confirmed_at: string | null;
}

interface ComparisonRow {
  readonly structure_set: string;
  readonly order_key: string;
  readonly bundle_name: string;
  readonly bundle_version: string;
  readonly state: ComparisonView['state'];
  readonly tries: number;
  readonly problem: string | null;
  readonly own: number;
  readonly rois: string;
  readonly warnings: string;
  readonly counts: number;
}

/**
 * Structure sets count that are approved, or confirmed by an operator, and not the node's own unchanged one; of several for
 * one series and bundle the one that was changed last, by the dates that it bears, then by when it came.
 */
export const countingComparisons = `
  SELECT c.series, c.structure_set, c.order_key, c.rois, o.bundle_name, o.bundle_version, s.received_at,
    CASE WHEN s.approval = 'APPROVED' THEN 'approved' ELSE 'confirmed' END AS counted_by,
    row_number() OVER (PARTITION BY c.series, o.bundle_name, o.bundle_version
      ORDER BY coalesce(s.dated_at, '') DESC, s.received_at DESC, c.structure_set) AS place
  FROM comparisons AS c JOIN structure_sets AS s USING (series, structure_set) JOIN orders AS o USING (series, order_key)
  WHERE c.state = 'compared' AND c.own = 0 AND (s.approval = 'APPROVED' OR s.confirmed_by IS NOT NULL)`;

/** What came back to a series, the newest first. */
export function structureSetsOf(tables: Tables, series: string): StructureSetView[] {
  const sets = tables.all<StructureSetRow>(
    'SELECT * FROM structure_sets WHERE series = ? ORDER BY received_at DESC, structure_set',
    series,
  );
  if (sets.length === 0) return [];
  const comparisons = tables.all<ComparisonRow>(
    `SELECT c.*, o.bundle_name, o.bundle_version, EXISTS (
         SELECT 1 FROM (${countingComparisons} AND c.series = ?1) AS n
         WHERE n.structure_set = c.structure_set AND n.order_key = c.order_key AND n.place = 1) AS counts
       FROM comparisons AS c JOIN orders AS o USING (series, order_key) WHERE c.series = ?1 ORDER BY order_key`,
    series,
  );
  return sets.map((row) => ({
    structureSet: row.structure_set,
    receivedAt: row.received_at,
    sender: row.sender,
    matchedBy: row.matched_by,
    approval: row.approval,
    ...(row.confirmed_by !== null &&
      row.confirmed_at !== null && { confirmed: { by: row.confirmed_by, at: row.confirmed_at } }),
    comparisons: comparisons.filter((one) => one.structure_set === row.structure_set).map(comparisonOf),
  }));
}

function comparisonOf(row: ComparisonRow): ComparisonView {
  return {
    order: row.order_key,
    bundle: { name: row.bundle_name, version: row.bundle_version },
    state: row.state,
    tries: row.tries,
    ...(row.problem !== null && { problem: JSON.parse(row.problem) as NonNullable<ComparisonView['problem']> }),
    own: row.own === 1,
    counts: row.counts === 1,
    rois: JSON.parse(row.rois) as ComparisonView['rois'],
    warnings: JSON.parse(row.warnings) as ComparisonView['warnings'],
  };
}
