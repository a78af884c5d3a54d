import { z } from 'zod';
import type { QualityValue } from '../store/quality-values.ts';

/** What the charts can show. */
export const qualityMetrics = ['dsc', 'hd95', 'surfaceDsc', 'addedPathLengthMm'] as const;
export type QualityMetric = (typeof qualityMetrics)[number];

const name = z.string().min(1).max(100).optional().catch(undefined);
const querySchema = z.object({
  metric: z.enum(qualityMetrics).catch('dsc'),
  /** Corrections that came in so many last days. */
  days: z.coerce.number().int().min(1).max(36_500).optional().catch(undefined),
  /** Name of a bundle. */
  model: name,
  sender: name,
});

/** What the address of the quality page narrows its figures to. */
export type QualityQuery = z.output<typeof querySchema>;

/** What does not make sense in an address is as if it were absent. */
export function qualityQuery(query: unknown): QualityQuery {
  return querySchema.parse(query);
}

/** The address of the page, or of its CSV, with this filter. */
export function qualityAddress(
  path: '/quality' | '/quality.csv',
  { metric, days, model, sender }: QualityQuery,
): string {
  const query = new URLSearchParams();
  if (metric !== 'dsc' && path === '/quality') query.set('metric', metric);
  if (days !== undefined) query.set('days', String(days));
  if (model !== undefined) query.set('model', model);
  if (sender !== undefined) query.set('sender', sender);
  return query.size === 0 ? path : `${path}?${query.toString()}`;
}

/** The values of one model and sender, of any time: control limits come from the first of them. */
export function ofModelAndSender(
  values: readonly QualityValue[],
  { model, sender }: Pick<QualityQuery, 'model' | 'sender'>,
): QualityValue[] {
  return values.filter(
    (value) =>
      (model === undefined || value.bundle.name === model) && (sender === undefined || value.sender === sender),
  );
}

/** @returns whether a value came in the period that ends at `now` (milliseconds since 1970) */
export function periodOf({ days }: Pick<QualityQuery, 'days'>, now: number): (value: QualityValue) => boolean {
  if (days === undefined) return () => true;
  const since = new Date(now - days * 86_400_000).toISOString();
  return ({ receivedAt }) => receivedAt >= since;
}

/** Values by a name, in the order of the names. */
export function grouped(
  values: readonly QualityValue[],
  nameOf: (value: QualityValue) => string,
): [string, QualityValue[]][] {
  const groups = new Map<string, QualityValue[]>();
  for (const value of values) {
    const name = nameOf(value);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [value]);
    else group.push(value);
  }
  return [...groups].toSorted(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }));
}
