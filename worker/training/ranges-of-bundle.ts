import type { BundleManifest } from '../../src/bundles/manifest.ts';
import type { Bundle } from '../../src/bundles/read-bundle.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { seriesDigest } from '../archive/series-digest.ts';
import { rewriteManifest } from '../bundles/rewrite-manifest.ts';
import type { Provenance } from '../bundles/provenance.ts';
import type { CaseCollection } from './case-cache.ts';
import type { Side } from './split.ts';
import type { TrainingConfig } from './training-config.ts';
import { roiPlausibility, trainedCt } from './training-range.ts';

/** The part of a training that `evaluate` needs: the ROI names in the archive and the digests of the series used. */
export function trainingProvenance(
  { bundle, rois }: Pick<TrainingConfig, 'bundle' | 'rois'>,
  { cases }: Pick<CaseCollection, 'cases'>,
): Pick<Provenance, 'patterns' | 'series'> {
  const digests = (side: Side) =>
    cases.flatMap((one) =>
      one.side === side && one.seriesInstanceUid !== undefined
        ? [seriesDigest(bundle.name, one.seriesInstanceUid)]
        : [],
    );
  return {
    patterns: Object.fromEntries(
      rois.flatMap(({ name, patterns }) => (patterns === undefined ? [] : [[name, patterns]])),
    ),
    series: { training: digests('training').toSorted(), validation: digests('validation').toSorted() },
  };
}

/** The ranges of a training's patients, as a bundle keeps them; without the patients set aside. */
export function trainingRanges(
  { rois }: Pick<TrainingConfig, 'rois'>,
  { training }: Pick<CaseCollection, 'training'>,
): { trained: NonNullable<BundleManifest['applicability']['trained']>; plausibility: BundleManifest['plausibility'] } {
  const cases = training.map(({ description }) => description);
  const names = rois.map(({ name }) => name);
  return { trained: trainedCt(cases), plausibility: roiPlausibility(cases, names) };
}

/**
 * Adds the ranges of the training data to a bundle that was written without them. Network and golden output stay as they
 * are; bundle.json changes, and with it the digest of the bundle.
 * @throws ContourNodeError CONFIG_INVALID (the configuration has other ROIs), TRAINING_DATA (no patient)
 */
export async function writeRanges(bundle: Bundle, config: TrainingConfig, cases: CaseCollection): Promise<Bundle> {
  const { manifest } = bundle;
  const names = (rois: readonly { name: string }[]) => rois.map(({ name }) => name).join(', ');
  if (names(manifest.rois) !== names(config.rois)) {
    const what = `the configuration trains ${names(config.rois)}, bundle ${manifest.name} contours ${names(manifest.rois)}`;
    throw new ContourNodeError('CONFIG_INVALID', what, {
      remedy: 'give the configuration that the bundle was trained with',
    });
  }
  if (cases.training.length === 0) throw new ContourNodeError('TRAINING_DATA', 'no patient to take ranges from');
  const { trained, plausibility } = trainingRanges(config, cases);
  return rewriteManifest(bundle, {
    applicability: { ...manifest.applicability, trained },
    plausibility,
    training: {
      ...manifest.training,
      ...trainingProvenance({ ...config, bundle: { ...config.bundle, name: manifest.name } }, cases),
    },
  });
}
