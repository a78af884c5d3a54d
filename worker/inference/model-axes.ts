import type { SliceManifest } from '../../src/bundles/manifest.ts';
import type { Engine } from '../engines/engine.ts';

type Layout = SliceManifest['input']['layout'];
type Axes = SliceManifest['input']['axes'];

interface Tensor {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/**
 * Runs a network that expects slices turned or mirrored (`input.axes`). Input and result have rows to the back and columns
 * to the left, as all volumes of the worker.
 * @throws ContourNodeError as Engine.run
 */
export async function runInModelAxes(
  engine: Engine,
  { input, output }: Pick<SliceManifest, 'input' | 'output'>,
  data: Float32Array,
  shape: readonly number[],
): Promise<Tensor> {
  if (input.axes[0] === 'P' && input.axes[1] === 'L') return engine.run(data, shape);
  const turned = turn({ data, shape }, input.layout, input.axes, 'to the model');
  const result = await engine.run(turned.data, turned.shape);
  // The caller checks the shape and refuses an output of another rank.
  return result.shape.length === 4 ? turn(result, output.layout, input.axes, 'from the model') : result;
}

/** Reorders the two spatial axes of [batch, channel, y, x] or [batch, y, x, channel]. */
export function turn(
  { data, shape }: Tensor,
  layout: Layout,
  [first, second]: Axes,
  direction: 'to the model' | 'from the model',
): Tensor {
  const [a, b] = layout === 'nchw' ? [2, 3] : [1, 2];
  const swapped = first === 'L' || first === 'R';
  const turnedShape = [...shape];
  if (swapped) [turnedShape[a], turnedShape[b]] = [shape[b]!, shape[a]!];
  const toModel = direction === 'to the model';
  // Lengths of the model's two axes, and which of them run against ours.
  const [lengthA, lengthB] = toModel ? [turnedShape[a]!, turnedShape[b]!] : [shape[a]!, shape[b]!];
  const backwards = [first === 'A' || first === 'R', second === 'A' || second === 'R'] as const;
  const channels = layout === 'nchw' ? 1 : shape[3]!;
  const ours = (swapped ? lengthA : lengthB) * channels;
  const planes = data.length / (lengthA * lengthB * channels);
  const result = new Float32Array(data.length);
  for (let plane = 0; plane < planes; plane += 1) {
    const start = plane * lengthA * lengthB * channels;
    for (let i = 0; i < lengthA; i += 1) {
      const ownI = backwards[0] ? lengthA - 1 - i : i;
      for (let j = 0; j < lengthB; j += 1) {
        const ownJ = backwards[1] ? lengthB - 1 - j : j;
        const [y, x] = swapped ? [ownJ, ownI] : [ownI, ownJ];
        const here = start + y * ours + x * channels;
        const there = start + (i * lengthB + j) * channels;
        for (let c = 0; c < channels; c += 1) {
          if (toModel) result[there + c] = data[here + c]!;
          else result[here + c] = data[there + c]!;
        }
      }
    }
  }
  return { data: result, shape: turnedShape };
}
