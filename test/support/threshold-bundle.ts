import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Bundle } from '../../src/bundles/read-bundle.ts';
import { writeBundle, type BundleDescription } from '../../worker/bundles/write-bundle.ts';
import { afterwards } from './afterwards.ts';
import type { Cleanup } from './cleanup.ts';
import { pointwiseNetwork } from './tiny-onnx.ts';

/** A folder that is gone after the test. */
export async function temporaryFolder(t: Cleanup): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'contour-node-'));
  afterwards(t, () => rm(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * Description of a bundle whose network gives each pixel's place in the window [-100, 300] HU as probability: what is
 * brighter than 100 HU is its one ROI, and the surface lies exactly where the CT passes 100 HU.
 */
export const thresholdDescription: BundleDescription = {
  name: 'threshold',
  version: '1.0.0',
  description: 'everything above 100 HU',
  architecture: { family: 'imported' },
  input: {
    spacingMm: 2,
    sliceSpacingMm: null,
    size: [128, 128],
    centre: 'body',
    neighbours: 0,
    windows: [{ low: -100, high: 300 }],
    layout: 'nchw',
  },
  output: { activation: 'probability', layout: 'nchw' },
  rois: [{ name: 'Bright', interpretedType: 'ORGAN', colour: [255, 0, 0] }],
  intendedUse: 'demonstration',
  applicability: { sliceSpacingMm: [0.5, 6] },
  licence: 'none',
};

/** That bundle, changed as wanted, in a folder of its own. */
export async function thresholdBundle(t: TestContext, changes: Partial<BundleDescription> = {}): Promise<Bundle> {
  const folder = await temporaryFolder(t);
  const description = { ...thresholdDescription, ...changes };
  const model = pointwiseNetwork({
    weights: description.rois.map(() => [1]),
    bias: description.rois.map(() => 0),
    activation: 'none',
  });
  return writeBundle(join(folder, description.name), description, { model });
}
