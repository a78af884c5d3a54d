import type { Problem } from '../problem.ts';
import type { Tables } from './tables.ts';

/** How far the images of a series are from a revision. */
export interface AssemblyState {
  /** Images that came since the series was last looked at, or that look was cut short by a crash. */
  readonly open: boolean;
  /** Associations that carry it; after a start these are lost ones. */
  readonly openAssociations: readonly string[];
  /** Images that the sender has to repeat. */
  readonly unconfirmed: readonly string[];
  readonly held: Problem | undefined;
  /** An operator takes it as it is. */
  readonly released: boolean;
  readonly callingAe: string;
  readonly calledAe: string;
  readonly address: string;
  readonly peer: string | undefined;
  readonly revision: number;
}

interface AssemblyRow {
  readonly outcome: string | null;
  readonly open_associations: string;
  readonly unconfirmed: string;
  readonly held: string | null;
  readonly released: number;
  readonly calling_ae: string;
  readonly called_ae: string;
  readonly address: string;
  readonly peer: string | null;
  readonly revision: number;
  readonly news: number;
}

export function assemblyState(tables: Tables, series: string): AssemblyState | undefined {
  const row = tables.get<AssemblyRow>(
    `SELECT outcome, open_associations, unconfirmed, held, released, calling_ae, called_ae, address, peer, revision,
       EXISTS (SELECT 1 FROM instances WHERE series = key AND considered = 0) AS news
     FROM series WHERE key = ?`,
    series,
  );
  if (row === undefined) return undefined;
  return {
    open: row.news === 1 || row.outcome === null || row.outcome === 'revision',
    openAssociations: JSON.parse(row.open_associations) as string[],
    unconfirmed: JSON.parse(row.unconfirmed) as string[],
    held: row.held === null ? undefined : (JSON.parse(row.held) as Problem),
    released: row.released === 1,
    callingAe: row.calling_ae,
    calledAe: row.called_ae,
    address: row.address,
    peer: row.peer ?? undefined,
    revision: row.revision,
  };
}

/** Instances that came since the series was last looked at. */
export function newInstances(tables: Tables, series: string): string[] {
  return tables
    .all<{ instance: string }>(
      'SELECT DISTINCT instance FROM instances WHERE series = ? AND considered = 0 ORDER BY instance',
      series,
    )
    .map(({ instance }) => instance);
}
