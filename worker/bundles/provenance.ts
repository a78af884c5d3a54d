import { z } from 'zod';
import type { BundleManifest } from '../../src/bundles/manifest.ts';

/** The part of a bundle's `training` that `evaluate` needs; bundles of other trainers do not have it. */
const provenance = z.object({
  /** Per ROI: its names in the training archive. */
  patterns: z.record(z.string(), z.array(z.string())).default({}),
  /** Digests of the CT series (worker/archive/series-digest.ts) that were trained on, and that chose the epoch. */
  series: z
    .object({ training: z.array(z.string()), validation: z.array(z.string()) })
    .default({ training: [], validation: [] }),
});
export type Provenance = z.output<typeof provenance>;

export function provenanceOf({ training }: Pick<BundleManifest, 'training'>): Provenance {
  const parsed = provenance.safeParse(training);
  return parsed.success ? parsed.data : provenance.parse({});
}
