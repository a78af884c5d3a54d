import { z } from 'zod';
import type { BundleManifest } from '../../src/bundles/manifest.ts';
import { seriesDigest } from '../archive/series-digest.ts';

/** Digests of the CT series (worker/archive/series-digest.ts) that were trained on, and that chose the epoch. */
const series = z
  .object({ training: z.array(z.string()), validation: z.array(z.string()) })
  .default({ training: [], validation: [] });

/** A bundle whose weights a training began with; its name is part of its series' digests. */
const ancestor = z.object({ name: z.string(), series });
export type Ancestor = z.output<typeof ancestor>;

/** The part of a bundle's `training` that `evaluate` needs; bundles of other trainers do not have it. */
const provenance = z.object({
  /** Per ROI: its names in the training archive. */
  patterns: z.record(z.string(), z.array(z.string())).default({}),
  series,
  /** The bundle that `train --from` named, and those before it. */
  ancestors: z.array(ancestor).default([]),
});
export type Provenance = z.output<typeof provenance>;

export function provenanceOf({ training }: Pick<BundleManifest, 'training'>): Provenance {
  const parsed = provenance.safeParse(training);
  return parsed.success ? parsed.data : provenance.parse({});
}

/** Whether a CT series taught a bundle, or (`validation`) chose its epoch: its own, or one whose weights it began with. */
export function hasSeen(
  manifest: Pick<BundleManifest, 'name' | 'training'>,
  seriesInstanceUid: string,
  side: keyof Ancestor['series'],
): boolean {
  const { series, ancestors } = provenanceOf(manifest);
  return [{ name: manifest.name, series }, ...ancestors].some((one) => holds(one, seriesInstanceUid, side));
}

export function trainedOnAncestor(ancestors: readonly Ancestor[], seriesInstanceUid: string): boolean {
  return ancestors.some((one) => holds(one, seriesInstanceUid, 'training'));
}

function holds({ name, series }: Ancestor, seriesInstanceUid: string, side: keyof Ancestor['series']): boolean {
  return series[side].includes(seriesDigest(name, seriesInstanceUid));
}
