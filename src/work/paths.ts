import { join } from 'node:path';

/** Where things lie in the data directory; src/work/work-order.ts says what they are. */
export const incomingFolder = 'incoming';
export const seriesRoot = 'series';
/** Folders on their way out; emptied at every start. */
export const trashFolder = 'trash';
/** Storage commitments that were asked for, with their results. */
export const commitmentsFolder = 'commitments';
/** Structure sets that belong to no series. */
export const unmatchedFolder = 'unmatched';
/** What counted of structure sets that came back, one file a series; it outlives the series. */
export const qualityFolder = 'quality';
export const databaseFile = 'state.sqlite';

/** Paths relative to the data directory: they may be shown and logged, for they hold pseudonyms only. */
export function seriesFolder(series: string): string {
  return join(seriesRoot, series);
}

export function journalFile(series: string): string {
  return join(seriesRoot, series, 'journal.jsonl');
}

export function instancesFolder(series: string): string {
  return join(seriesRoot, series, 'instances');
}

/** @param version 1 for the first; a changed header under the same SOP Instance UID is kept beside it */
export function instanceFile(instance: string, version: number): string {
  return version === 1 ? `${instance}.dcm` : `${instance}.${version}.dcm`;
}

/** The instance's key and version, or undefined for a name that is no instance's. */
export function parseInstanceFile(name: string): { instance: string; version: number } | undefined {
  const match = /^([0-9a-f]{16})(?:\.([2-9]|[1-9]\d+))?\.dcm$/.exec(name);
  return match === null ? undefined : { instance: match[1]!, version: Number(match[2] ?? 1) };
}

export function revisionFolder(series: string, revision: number): string {
  return join(seriesRoot, series, `revision-${revision}`);
}

export function orderFolder(series: string, revision: number, order: string): string {
  return join(revisionFolder(series, revision), 'orders', order);
}

/** Structure sets that came back to a series. */
export function structureSetsFolder(series: string): string {
  return join(seriesRoot, series, 'structure-sets');
}

/** What came of comparing one with an order. */
export function comparisonFolder(series: string, structureSet: string, order: string): string {
  return join(structureSetsFolder(series), structureSet, order);
}

export function qualityFile(series: string): string {
  return join(qualityFolder, `${series}.json`);
}

export function deliveryTryFile(
  series: string,
  revision: number,
  order: string,
  destination: string,
  number: number,
): string {
  return join(
    orderFolder(series, revision, order),
    'deliveries',
    destination,
    `try-${String(number).padStart(3, '0')}.json`,
  );
}
