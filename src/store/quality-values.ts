import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { comparedRoiSchema } from '../work/correction.ts';
import { keySchema } from '../work/key.ts';
import { qualityFile, qualityFolder } from '../work/paths.ts';
import { countingComparisons } from './corrections.ts';
import type { SeriesRecord } from './series-record.ts';
import type { Tables } from './tables.ts';

/** One ROI of a structure set that counts; nothing of it tells who the patient is. */
const valueSchema = z.strictObject({
  structureSet: keySchema,
  bundle: z.strictObject({ name: z.string(), version: z.string() }),
  receivedAt: z.iso.datetime(),
  countedBy: z.enum(['approved', 'confirmed']),
  /** Peer that sent it, and the operator who confirmed it; files of earlier versions have neither. */
  sender: z.string().optional(),
  confirmed: z.strictObject({ by: z.string(), at: z.iso.datetime() }).optional(),
  roi: comparedRoiSchema,
});
const fileSchema = z.strictObject({ formatVersion: z.literal(1), values: z.array(valueSchema) });

export type QualityValue = z.output<typeof valueSchema> & { readonly series: string };

interface ValueRow {
  readonly series: string;
  readonly value: string;
}

/** Every value, in the order in which the structure sets came. */
export function qualityValues(tables: Tables): QualityValue[] {
  return tables
    .all<ValueRow>('SELECT series, value FROM quality_values ORDER BY received_at, series, number')
    .map(({ series, value }) => ({ series, ...(JSON.parse(value) as z.output<typeof valueSchema>) }));
}

/**
 * Writes down what counts of a series now. It outlives the series, which retention removes: of structure sets that the
 * series does not know (any more) the values stay, unless the same bundle has newer ones.
 */
export function refreshQuality(
  tables: Tables,
  dataDirectory: string,
  { key: series, corrections, orders }: SeriesRecord,
): void {
  const before = valuesOf(tables, series);
  const counting = countingComparisons(corrections, orders).flatMap(({ correction, comparison, bundle, countedBy }) =>
    comparison.rois.map((roi) => ({
      structureSet: correction.structureSet,
      bundle,
      receivedAt: correction.receivedAt,
      countedBy,
      sender: correction.sender,
      ...(correction.confirmed !== undefined && { confirmed: correction.confirmed }),
      roi,
    })),
  );
  const known = new Set(corrections.map(({ structureSet }) => structureSet));
  const bundles = new Set(counting.map(bundleOf));
  const stay = before.filter((value) => !known.has(value.structureSet) && !bundles.has(bundleOf(value)));
  const values = [...stay, ...counting];
  if (JSON.stringify(values) === JSON.stringify(before)) return;
  // The file first: rows that are behind are made again from the series, or read from it.
  writeWhole(join(dataDirectory, qualityFile(series)), JSON.stringify({ formatVersion: 1, values }, undefined, 1));
  tables.transaction(() => replace(tables, series, values));
}

/** An operator deletes the series, and wants nothing of it left. */
export function forgetQuality(tables: Tables, dataDirectory: string, series: string): void {
  tables.run('DELETE FROM quality_values WHERE series = ?', series);
  rmSync(join(dataDirectory, qualityFile(series)), { force: true });
}

/**
 * At the start: takes up what the files say and the table does not.
 *
 * @returns files that cannot be read
 */
export function recoverQuality(tables: Tables, dataDirectory: string): string[] {
  mkdirSync(join(dataDirectory, qualityFolder), { recursive: true, mode: 0o700 });
  const broken: string[] = [];
  for (const name of readdirSync(join(dataDirectory, qualityFolder))) {
    const series = /^([0-9a-f]{16})\.json$/.exec(name)?.[1];
    if (series === undefined || valuesOf(tables, series).length > 0) continue;
    try {
      const { values } = fileSchema.parse(JSON.parse(readFileSync(join(dataDirectory, qualityFolder, name), 'utf8')));
      tables.transaction(() => replace(tables, series, values));
    } catch {
      broken.push(name);
    }
  }
  return broken;
}

type Value = z.output<typeof valueSchema>;

function valuesOf(tables: Tables, series: string): Value[] {
  return tables
    .all<ValueRow>('SELECT series, value FROM quality_values WHERE series = ? ORDER BY number', series)
    .map(({ value }) => JSON.parse(value) as Value);
}

function replace(tables: Tables, series: string, values: readonly Value[]): void {
  tables.run('DELETE FROM quality_values WHERE series = ?', series);
  for (const [number, value] of values.entries())
    tables.run(
      'INSERT INTO quality_values (series, number, received_at, value) VALUES (?, ?, ?, ?)',
      series,
      number,
      value.receivedAt,
      JSON.stringify(value),
    );
}

function bundleOf({ bundle }: Value): string {
  return `${bundle.name} ${bundle.version}`;
}

function writeWhole(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(`${path}.tmp`, content, { mode: 0o600, flush: true });
  renameSync(`${path}.tmp`, path);
}
