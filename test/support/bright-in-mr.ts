import { join } from 'node:path';
import type { Bundle } from '../../src/bundles/read-bundle.ts';
import { type BundleDescription, writeBundle } from '../../worker/bundles/write-bundle.ts';
import type { Cleanup } from './cleanup.ts';
import { temporaryFolder, thresholdDescription } from './threshold-bundle.ts';
import { pointwiseNetwork } from './tiny-onnx.ts';

const mrNetwork = pointwiseNetwork({ weights: [[0, 4, 0]], bias: [-12], activation: 'sigmoid' });

/**
 * A bundle whose one ROI is what is three standard deviations brighter than the tissue of the body in the MR; the CT does not
 * matter to it. In a folder of its own.
 */
export async function brightInMrBundle(
  t: Cleanup,
  mayBeMissing = true,
  { model = mrNetwork, name = 'bright-in-mr' } = {},
): Promise<Bundle> {
  const folder = await temporaryFolder(t);
  const description: BundleDescription = {
    ...thresholdDescription,
    name,
    input: {
      ...thresholdDescription.input,
      spacingMm: 1.7,
      modalities: [
        {
          name: 'MR',
          modality: 'MR',
          normalisation: 'z-score',
          mayBeMissing,
          trained: { bodyOverlap: [0.95, 1], mutualInformation: [0.2, 2] },
        },
      ],
    },
  };
  return writeBundle(join(folder, description.name), description, { model });
}
