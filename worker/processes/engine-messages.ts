import { z } from 'zod';
import { configSchema } from '../../src/config/schema.ts';
import { contourPayloadSchema } from '../../src/work/payloads.ts';
import { progressSchema } from '../../src/work/progress.ts';
import { workResultSchema } from '../../src/work/work-result.ts';
import { problemSchema } from '../../src/problem.ts';

/** Messages between parent and engine process; each side validates those that it receives. */

const engineSettingsSchema = z.strictObject({
  dataDirectory: z.string(),
  modelsDirectory: z.string(),
  engine: configSchema.shape.engine.unwrap(),
  logging: configSchema.shape.logging.unwrap(),
  /** Bundles to load and to run once before the first job. */
  warmUp: z.array(z.string()),
  /** Above so many MB of resident memory no more than two bundles stay loaded. */
  bundlesMegabytes: z.number(),
});
export type EngineSettings = z.output<typeof engineSettingsSchema>;

export const toEngineSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('start'), settings: engineSettingsSchema }),
  z.strictObject({ kind: z.literal('contour'), payload: contourPayloadSchema }),
  /** An order of a node on another machine; its slices lie in the folder. */
  z.strictObject({ kind: z.literal('contour remote'), folder: z.string() }),
]);
export type ToEngine = z.output<typeof toEngineSchema>;
export type EngineTask = Exclude<ToEngine, { kind: 'start' }>;

/** The part of a result that may be stored in Redis: no UID, no file. */
export const contourSummarySchema = workResultSchema.pick({
  status: true,
  error: true,
  timings: true,
  peakResidentMegabytes: true,
});
export type ContourSummary = z.output<typeof contourSummarySchema>;

export const fromEngineSchema = z.discriminatedUnion('kind', [
  /** Started; `problems` of the bundles that could not be loaded and run, or not with their 8-bit integers. */
  z.strictObject({ kind: z.literal('ready'), warmed: z.array(z.string()), problems: z.array(problemSchema) }),
  z.strictObject({ kind: z.literal('progress'), ...progressSchema.shape }),
  z.strictObject({ kind: z.literal('done'), summary: contourSummarySchema, residentMegabytes: z.number() }),
  z.strictObject({ kind: z.literal('failed'), problem: problemSchema, residentMegabytes: z.number() }),
]);
export type FromEngine = z.output<typeof fromEngineSchema>;
