import { seriesStates } from './series.ts';
import type { FilterChoices, SeriesFilter, SeriesState } from './series.ts';
import type { Tables } from './tables.ts';

/** Of orders and deliveries those of the newest revision count. */
const matching = `
  state IN (SELECT value FROM json_each(:states))
  AND (:sender IS NULL OR coalesce(peer, calling_ae) = :sender)
  AND (:since IS NULL OR updated_at >= :since)
  AND (:bundle IS NULL OR EXISTS (SELECT 1 FROM orders AS o
         WHERE o.series = key AND o.revision = series.revision AND o.bundle_name = :bundle))
  AND (:destination IS NULL OR EXISTS (SELECT 1 FROM deliveries AS d JOIN orders AS o USING (series, order_key)
         WHERE d.series = key AND o.revision = series.revision AND d.destination = :destination))
  AND (:search IS NULL
       OR instr(lower(key || char(10) || calling_ae || char(10) || called_ae || char(10) || address || char(10) ||
            coalesce(peer, '') || char(10) || coalesce(route, '') || char(10) || coalesce(problem, '') || char(10) || warnings), :search) > 0
       OR EXISTS (SELECT 1 FROM orders AS o WHERE o.series = key AND o.revision = series.revision
            AND instr(lower(o.bundle_name || char(10) || o.warnings || char(10) || coalesce(o.problem, '')), :search) > 0)
       OR EXISTS (SELECT 1 FROM deliveries AS d WHERE d.series = key AND instr(lower(d.destination), :search) > 0))`;

function parameters(filter: SeriesFilter): Record<string, string | null> {
  return {
    states: JSON.stringify(filter.states ?? seriesStates),
    sender: filter.sender ?? null,
    since: filter.since ?? null,
    bundle: filter.bundle ?? null,
    destination: filter.destination ?? null,
    search: filter.search?.toLowerCase() ?? null,
  };
}

/** Keys of one page of the series that match, the last changed first, and how many match in all. */
export function findSeries(
  tables: Tables,
  filter: SeriesFilter,
  page: { offset: number; limit: number },
): { keys: string[]; total: number } {
  const values = parameters(filter);
  const keys = tables
    .named<{
      key: string;
    }>(`SELECT key FROM series WHERE ${matching} ORDER BY updated_at DESC, key LIMIT :limit OFFSET :offset`, {
      ...values,
      ...page,
    })
    .map(({ key }) => key);
  const [row] = tables.named<{ n: number }>(`SELECT count(*) AS n FROM series WHERE ${matching}`, values);
  return { keys, total: row?.n ?? 0 };
}

/** Series in each state that match, whatever states the filter names. */
export function countMatching(tables: Tables, filter: SeriesFilter): Record<SeriesState, number> {
  const counts = Object.fromEntries(seriesStates.map((state) => [state, 0])) as Record<SeriesState, number>;
  const { states: _, ...rest } = filter;
  const rows = tables.named<{ state: SeriesState; n: number }>(
    `SELECT state, count(*) AS n FROM series WHERE ${matching} GROUP BY state`,
    parameters(rest),
  );
  for (const { state, n } of rows) counts[state] = n;
  return counts;
}

/** What the worklist can be narrowed to. */
export function filterChoices(tables: Tables): FilterChoices {
  const list = (sql: string): string[] => tables.all<{ name: string }>(sql).map(({ name }) => name);
  return {
    senders: list("SELECT DISTINCT coalesce(peer, calling_ae) AS name FROM series WHERE name <> '' ORDER BY name"),
    bundles: list('SELECT DISTINCT bundle_name AS name FROM orders ORDER BY name'),
    destinations: list('SELECT DISTINCT destination AS name FROM deliveries ORDER BY name'),
  };
}
