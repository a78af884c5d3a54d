import type { VolumeDescription } from '../../worker/bundles/write-bundle.ts';
import { GraphBuilder } from '../../worker/networks/onnx-graph.ts';

/**
 * A network of the whole CT that looks at each voxel by itself: logit c is weights[c] * value + bias[c], of several images
 * the sum over them, weights[c * images + n]. However the patches lie, its answer is known.
 */
export function pointwiseVolumeNetwork(
  weights: readonly number[],
  bias: readonly number[],
  axes: 2 | 3 = 3,
  images = 1,
): Uint8Array {
  const graph = new GraphBuilder();
  const ones = Array.from({ length: axes }, () => 1);
  const open = ['slices', 'rows', 'columns'].slice(-axes);
  const kernel = graph.floats('weights', [bias.length, images, ...ones], Float32Array.from(weights));
  graph.node('Conv', ['image', kernel, graph.floats('bias', [bias.length], Float32Array.from(bias))], 'logits');
  return graph.encode(
    'pointwise',
    { name: 'image', shape: [images, ...open] },
    { name: 'logits', shape: [bias.length, ...open] },
  );
}

const resampling = { separateZ: null, anisotropy: 3, orderZ: 0 };

/** The window of that network: -100 HU is 0, 300 HU is 1. Its one ROI is what is brighter than 100 HU. */
export const brightVolume: VolumeDescription = {
  name: 'bright-volume',
  version: '1.0.0',
  description: 'everything above 100 HU, one label a voxel',
  architecture: { family: 'nnunet' },
  rois: [{ name: 'Bright', interpretedType: 'ORGAN', colour: [255, 0, 0] }],
  intendedUse: 'demonstration',
  applicability: { sliceSpacingMm: [0.5, 6] },
  licence: 'none',
  volume: {
    axes: ['S', 'P', 'L'],
    transpose: [0, 1, 2],
    normalisation: { scheme: 'ct', low: -100, high: 300, mean: -100, sd: 400 },
    spacingMm: [3, 2, 2],
    resampling: { image: { ...resampling, order: 3 }, logits: { ...resampling, order: 1 } },
    patch: [8, 32, 32],
    folds: ['0'],
    tensors: { input: 'image', output: 'logits' },
    channels: 2,
    labels: [[1]],
  },
};

/** Background 0, bright 8 * (value - 1/2): the labels part where the CT passes 100 HU. */
export const brightNetwork = pointwiseVolumeNetwork([0, 8], [0, -4]);
