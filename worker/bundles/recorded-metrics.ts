import { z } from 'zod';
import type { BundleManifest } from '../../src/bundles/manifest.ts';
import type { Bundle } from '../../src/bundles/read-bundle.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { rewriteManifest } from './rewrite-manifest.ts';

/** The part of a bundle's `metrics` that a model card shows. */
const meanAndSpread = z.object({ mean: z.number(), sd: z.number().nullable(), median: z.number() });

/** Figures of one call of `evaluate --record`. */
export const recordedEvaluation = z.object({
  /** Name of the data set; no path. */
  data: z.string(),
  command: z.string(),
  /** YYYY-MM-DD */
  date: z.string(),
  engine: z.string(),
  series: z.int(),
  /** Series without any warning except END_OF_SCAN and CUT_SCAN. */
  withoutWarning: z.int(),
  rois: z.record(
    z.string(),
    z.object({
      /** Series with figures, and series where the model found nothing although the reference has the ROI. */
      n: z.int(),
      notDrawn: z.int(),
      dsc: meanAndSpread.optional(),
      asdMm: meanAndSpread.optional(),
      hd95Mm: meanAndSpread.optional(),
      surfaceDsc: meanAndSpread.optional(),
    }),
  ),
});
export type RecordedEvaluation = z.output<typeof recordedEvaluation>;

/** Dice per ROI, measured by the trainer or by a person. */
const diceFigures = z.object({
  what: z.string(),
  date: z.string(),
  command: z.string().optional(),
  dice: z.record(z.string(), z.union([z.number(), z.object({ mean: z.number(), min: z.number() }), z.null()])),
});
export type DiceFigures = z.output<typeof diceFigures>;

/**
 * Puts what is known to go wrong with a bundle into it, in place of what stands there.
 * @throws ContourNodeError USAGE (an empty sentence), DISK_FULL
 */
export async function recordKnownFailures(bundle: Bundle, failures: readonly string[]): Promise<Bundle> {
  if (failures.some((failure) => failure.trim() === ''))
    throw new ContourNodeError('USAGE', 'a known failure is empty: say it in a sentence');
  const knownFailures = failures.map((failure) => failure.trim());
  return rewriteManifest(bundle, { metrics: { ...bundle.manifest.metrics, knownFailures } });
}

export interface RecordedMetrics {
  readonly evaluations: readonly RecordedEvaluation[];
  readonly dice: readonly DiceFigures[];
  readonly knownFailures: readonly string[];
}

export function recordedMetrics({ metrics }: Pick<BundleManifest, 'metrics'>): RecordedMetrics {
  const { evaluations, knownFailures, ...others } = metrics;
  return {
    evaluations: z
      .array(recordedEvaluation)
      .catch([])
      .parse(evaluations ?? []),
    dice: Object.values(others).flatMap((value) => diceFigures.safeParse(value).data ?? []),
    knownFailures: z
      .array(z.string())
      .catch([])
      .parse(knownFailures ?? []),
  };
}
