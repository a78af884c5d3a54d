import { seriesStates } from './series.ts';
import type { FilterChoices, SeriesFilter, SeriesState } from './series.ts';
import type { Tables } from './tables.ts';

/** What of a series the worklist is narrowed by; of orders and deliveries those of the newest revision count. */
interface Entry {
  readonly key: string;
  readonly state: SeriesState;
  readonly updatedAt: string;
  readonly sender: string;
  readonly bundles: readonly string[];
  readonly destinations: readonly string[];
  /** Everything that a search looks at, in small letters. */
  readonly text: string;
}

/** Keys of one page, the last changed first, and how many series match in each state, whatever states the filter names. */
export interface FoundSeries {
  readonly keys: readonly string[];
  readonly counts: Readonly<Record<SeriesState, number>>;
}

/**
 * What the worklist is filtered, searched and sorted by, in memory (less than 1 KB a series): made from the tables, and
 * brought up to date with them when somebody asks, series by series.
 */
export class SeriesIndex {
  readonly #tables: Tables;
  readonly #entries: Map<string, Entry>;
  readonly #stale = new Set<string>();
  /** The last changed first. */
  #sorted: readonly Entry[] | undefined;

  constructor(tables: Tables) {
    this.#tables = tables;
    this.#entries = new Map(tables.all<EntryRow>(entries).map((row) => [row.key, entryOf(row)]));
  }

  /** Its rows changed, or went away. */
  changed(series: string): void {
    this.#stale.add(series);
  }

  find(filter: SeriesFilter, { offset, limit }: { offset: number; limit: number }): FoundSeries {
    const counts = Object.fromEntries(seriesStates.map((state) => [state, 0])) as Record<SeriesState, number>;
    const wanted = new Set(filter.states ?? seriesStates);
    const matches = matcher(filter);
    const keys: string[] = [];
    let seen = 0;
    for (const entry of this.#list()) {
      if (!matches(entry)) continue;
      counts[entry.state] += 1;
      if (!wanted.has(entry.state)) continue;
      if (seen >= offset && keys.length < limit) keys.push(entry.key);
      seen += 1;
    }
    return { keys, counts };
  }

  /** What the worklist can be narrowed to. */
  choices(): FilterChoices {
    const senders = new Set<string>();
    const bundles = new Set<string>();
    const destinations = new Set<string>();
    for (const entry of this.#list()) {
      if (entry.sender !== '') senders.add(entry.sender);
      for (const name of entry.bundles) bundles.add(name);
      for (const name of entry.destinations) destinations.add(name);
    }
    return {
      senders: [...senders].toSorted(),
      bundles: [...bundles].toSorted(),
      destinations: [...destinations].toSorted(),
    };
  }

  #list(): readonly Entry[] {
    for (const series of this.#stale) {
      const row = this.#tables.get<EntryRow>(`${entries} WHERE key = ?`, series);
      if (row === undefined) this.#entries.delete(series);
      else this.#entries.set(series, entryOf(row));
    }
    if (this.#stale.size > 0) this.#sorted = undefined;
    this.#stale.clear();
    this.#sorted ??= [...this.#entries.values()].toSorted(byChange);
    return this.#sorted;
  }
}

function byChange(a: Entry, b: Entry): number {
  if (a.updatedAt !== b.updatedAt) return a.updatedAt < b.updatedAt ? 1 : -1;
  return a.key < b.key ? -1 : 1;
}

function matcher({ search, sender, bundle, destination, since }: SeriesFilter): (entry: Entry) => boolean {
  const text = search?.toLowerCase();
  return (entry) =>
    (since === undefined || entry.updatedAt >= since) &&
    (sender === undefined || entry.sender === sender) &&
    (bundle === undefined || entry.bundles.includes(bundle)) &&
    (destination === undefined || entry.destinations.includes(destination)) &&
    (text === undefined || entry.text.includes(text));
}

interface EntryRow {
  readonly key: string;
  readonly state: SeriesState;
  readonly updated_at: string;
  readonly sender: string;
  readonly bundles: string;
  readonly destinations: string;
  readonly text: string;
}

const entries = `SELECT key, state, updated_at, coalesce(peer, calling_ae) AS sender,
  (SELECT json_group_array(DISTINCT bundle_name) FROM orders AS o WHERE o.series = key AND o.revision = series.revision) AS bundles,
  (SELECT json_group_array(DISTINCT destination) FROM deliveries AS d JOIN orders AS o USING (series, order_key)
     WHERE d.series = key AND o.revision = series.revision) AS destinations,
  concat_ws(char(10), key, calling_ae, called_ae, address, peer, route, problem, warnings,
    (SELECT group_concat(concat_ws(char(10), bundle_name, o.warnings, o.problem), char(10))
       FROM orders AS o WHERE o.series = key AND o.revision = series.revision)) AS text
  FROM series`;

function entryOf({ key, state, updated_at: updatedAt, sender, text, ...row }: EntryRow): Entry {
  const destinations = JSON.parse(row.destinations) as string[];
  return {
    key,
    state,
    updatedAt,
    sender,
    bundles: JSON.parse(row.bundles) as string[],
    destinations,
    text: [text, ...destinations].join('\n').toLowerCase(),
  };
}
