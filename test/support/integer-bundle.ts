import { join } from 'node:path';
import type { Bundle } from '../../src/bundles/read-bundle.ts';
import { GraphBuilder } from '../../worker/networks/onnx-graph.ts';
import { type BundleDescription, writeBundle } from '../../worker/bundles/write-bundle.ts';
import { writeInt8 } from '../../worker/bundles/write-int8.ts';
import { quantiseGraph, type Ranges } from '../../worker/quantisation/quantise-graph.ts';
import { thresholdDescription } from './threshold-bundle.ts';

/**
 * A network that answers with the place in the window [-100, 300] HU, by way of a convolution to two channels: the place, and
 * `other` times it, which the head does not use.
 */
export function twoConvolutions(other: number): Uint8Array {
  const graph = new GraphBuilder();
  graph.floats('w', [2, 1, 1, 1], Float32Array.of(1, other));
  graph.node('Conv', ['x', 'w'], 'features');
  graph.floats('head.w', [1, 2, 1, 1], Float32Array.of(1, 0));
  graph.node('Conv', ['features', 'head.w'], 'y');
  const plane = { shape: [1, 128, 128] };
  return graph.encode('bright', { name: 'x', shape: plane.shape }, { name: 'y', shape: plane.shape });
}

const { input, output, ...rest } = thresholdDescription;
/** Of a bundle of that network. */
export const convolutionDescription: BundleDescription = {
  ...rest,
  input: { ...input, tensor: 'x' },
  output: { ...output, tensor: 'y' },
};

/** Both values of that network lie between 0 and 1, and get 255 steps. */
const ranges: Ranges = new Map(['x', 'features'].map((value) => [value, { low: 0, high: 1 }]));

/** A bundle of that network with integers beside float32, in `FOLDER/NAME`. */
export async function integerBundle(folder: string, name = 'threshold'): Promise<Bundle> {
  const model = twoConvolutions(1);
  const bundle = await writeBundle(join(folder, name), { ...convolutionDescription, name }, { model });
  return writeInt8(bundle, quantiseGraph(model, ranges), {
    contourNode: '0.0.0',
    date: '2026-11-29',
    command: 'contour-node models quantise threshold --phantoms 2',
    calibrated: 1,
    cases: 1,
    rois: [{ roi: 'Bright', cases: 1, against: 'float32', float32: 1, int8: 0.9987, loss: 0.0013 }],
  });
}
