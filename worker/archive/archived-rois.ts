import type { BundleManifest } from '../../src/bundles/manifest.ts';
import type { MatchedRoi } from '../../src/dicom/rtstruct/match-to-ct.ts';
import { provenanceOf } from '../bundles/provenance.ts';
import { rasterise } from '../contours/rasterise.ts';
import type { Grid, Mask } from '../volume/volume.ts';
import { namedRoi } from './read-case.ts';
import type { RoiPatterns } from './roi-patterns.ts';

/**
 * The ROIs of a bundle, in its order, under the names that an archive gives them.
 * @param given names in this archive, where they differ from those in the bundle and in its training
 */
export function archivedRois(
  manifest: Pick<BundleManifest, 'rois' | 'training'>,
  given: readonly RoiPatterns[] = [],
): RoiPatterns[] {
  const { patterns } = provenanceOf(manifest);
  return manifest.rois.map(({ name }) => given.find((roi) => roi.name === name) ?? { name, patterns: patterns[name] });
}

/**
 * What a structure set contours of the wanted ROIs, by their names in the bundle; those that it lacks are absent.
 * @param grid of the CT
 * @throws ContourNodeError as namedRoi
 */
export function referenceMasks(
  wanted: readonly RoiPatterns[],
  rois: readonly MatchedRoi[],
  grid: Grid,
): ReadonlyMap<string, Mask> {
  const references = wanted.flatMap((roi) => {
    const reference = namedRoi(rois, roi);
    return reference === undefined ? [] : [[roi.name, rasterise(reference.contours, grid)] as const];
  });
  return new Map(references);
}
