import type { SliceManifest } from '../../src/bundles/manifest.ts';
import { ContourNodeError } from '../../src/errors.ts';
import type { Engine } from '../engines/engine.ts';
import { mostImages } from '../engines/fastest-settings.ts';
import { inputChannels, type NetworkVolume, writeNetworkInput } from '../volume/preprocess.ts';
import { mirroredChannels } from './mirrored-channels.ts';
import { runInModelAxes } from './model-axes.ts';
import { networkRuns } from './patches-along-slices.ts';
import type { Grid } from '../volume/volume.ts';

/**
 * Probabilities on the network's grid. One array for each ROI in the order of the manifest, its values in the order of
 * Volume.hu; 65535 stands for probability 1. It takes half the memory of float32, and 1/65535 moves no surface.
 */
export interface Probabilities {
  readonly grid: Grid;
  readonly rois: readonly Uint16Array[];
}

/** The value of probability 1 in `Probabilities.rois`. */
export const one = 65535;

/**
 * Runs the network over every slice, a 3-D network over overlapping patches.
 * @param network HU on the network's grid, without margin (`toNetworkHu`)
 * @param options.onSlices called with the number of slices done after each batch
 * @param options.onBatch called with the time that the engine took for each batch
 * @throws ContourNodeError ENGINE_FAILED, BUNDLE_INVALID (the graph's output does not fit the manifest)
 */
export async function infer(
  engine: Engine,
  network: NetworkVolume,
  manifest: SliceManifest,
  options: { batchSize: number; onSlices?: (done: number) => void; onBatch?: (seconds: number) => void },
): Promise<Probabilities> {
  const { input, output } = manifest;
  checkPatch(manifest);
  const slices = network.grid.size[2];
  const grid = outputGrid(network.grid, output.scale);
  const area = grid.size[0] * grid.size[1];
  const rois = manifest.rois.map(() => new Uint16Array(area * slices));
  const passes = manifest.flipAverage ? [false, true] : [false];
  const twins = mirroredChannels(manifest.rois);
  const length = input.size[0] * input.size[1] * inputChannels(input);

  for (const { first, written, shape, shares } of networkRuns(
    input,
    slices,
    slicesAtOnce(engine, input, options.batchSize),
  )) {
    const tensor = new Float32Array(written * length);
    for (let n = 0; n < written; n += 1) writeNetworkInput(network, first + n, input, tensor, n * length);
    for (const flipped of passes) {
      if (flipped) flipColumns(tensor, shape, input.layout);
      const started = performance.now();
      const result = await runInModelAxes(engine, manifest, tensor, shape);
      options.onBatch?.((performance.now() - started) / 1000);
      const channels = activate(result, manifest, written, grid);
      rois.forEach((target, roi) => {
        const layer = layerOf(manifest, flipped ? twins[roi]! : roi);
        for (let n = 0; n < shares.length; n += 1) {
          addChannel(
            result.data,
            manifest,
            { slice: n, layer, channels, flipped },
            grid,
            target,
            (first + n) * area,
            (one / passes.length) * shares[n]!,
          );
        }
      });
    }
    options.onSlices?.(first + shares.length);
  }
  return { grid, rois };
}

function slicesAtOnce({ device, images }: Engine, { size }: SliceManifest['input'], batchSize: number): number {
  if (device !== 'cpu') return batchSize;
  return Math.min(batchSize, images ?? mostImages(size));
}

function checkPatch({ input, output }: SliceManifest): void {
  if (input.patch === undefined) return;
  const asTrained = input.layout === 'nhwc' && output.layout === 'nhwc' && input.axes.join() === 'P,L';
  if (asTrained && output.scale === 1) return;
  throw new ContourNodeError('BUNDLE_INVALID', 'with input.patch the tensors are nhwc, rows to the back, of scale 1', {
    remedy: 'correct layout, axes and scale in bundle.json, or turn the axes in the graph',
  });
}

/** Grid of the output: `scale` pixels per input pixel, the same outer edges (half-pixel centres). */
export function outputGrid(grid: Grid, scale: number): Grid {
  if (scale === 1) return grid;
  const spacing = [grid.spacing[0] / scale, grid.spacing[1] / scale] as const;
  return {
    size: [Math.round(grid.size[0] * scale), Math.round(grid.size[1] * scale), grid.size[2]],
    spacing,
    origin: [grid.origin[0] + (spacing[0] - grid.spacing[0]) / 2, grid.origin[1] + (spacing[1] - grid.spacing[1]) / 2],
    z: grid.z,
  };
}

type Output = { data: Float32Array; shape: readonly number[] };

/**
 * Checks the output's shape and turns its values into probabilities in place, according to the manifest's activation.
 * @returns the graph's output channels
 */
function activate({ data, shape }: Output, manifest: SliceManifest, count: number, grid: Grid): number {
  const { input, output } = manifest;
  const [width, height] = grid.size;
  const found = (output.layout === 'nhwc' ? shape.at(-1) : shape[1]) ?? 0;
  const channels = outputChannels(manifest, found);
  const samples = input.patch === undefined ? [count] : [count / input.patch.slices, input.patch.slices];
  const expected = output.layout === 'nhwc' ? [...samples, height, width, channels] : [count, channels, height, width];
  if (shape.length !== expected.length || expected.some((length, axis) => length !== shape[axis])) {
    throw new ContourNodeError(
      'BUNDLE_INVALID',
      `the network gave an output of ${shape.join('x')}, the manifest says ${expected.join('x')}`,
      { remedy: 'correct output and rois in bundle.json' },
    );
  }
  if (output.activation === 'logit') {
    for (let v = 0; v < data.length; v += 1) data[v] = 1 / (1 + Math.exp(-data[v]!));
  }
  if (output.activation === 'softmax') {
    const [pixelStep, channelStep] = output.layout === 'nhwc' ? [channels, 1] : [1, width * height];
    for (let n = 0; n < count; n += 1) {
      for (let pixel = 0; pixel < width * height; pixel += 1) {
        softmax(data, n * channels * width * height + pixel * pixelStep, channelStep, channels);
      }
    }
  }
  return channels;
}

/** Channels that the manifest expects; where it names the ROIs' channels, the graph may have more. */
function outputChannels({ rois, output }: SliceManifest, found: number): number {
  if (output.channels !== undefined) return Math.max(found, Math.max(...output.channels) + 1);
  return output.activation === 'softmax' ? rois.length + 1 : rois.length;
}

/** Channel of the graph's output that belongs to an ROI. */
function layerOf({ output }: SliceManifest, roi: number): number {
  return output.channels?.[roi] ?? (output.activation === 'softmax' ? roi + 1 : roi);
}

/** Softmax over `count` values `step` apart, in place. */
function softmax(data: Float32Array, start: number, step: number, count: number): void {
  const end = start + count * step;
  let largest = -Infinity;
  for (let v = start; v < end; v += step) largest = Math.max(largest, data[v]!);
  let sum = 0;
  for (let v = start; v < end; v += step) sum += data[v] = Math.exp(data[v]! - largest);
  for (let v = start; v < end; v += step) data[v] = data[v]! / sum;
}

/** Adds `scale` times one ROI's probabilities of one slice of the batch to `target[offset ...]`, row by row. */
function addChannel(
  data: Float32Array,
  { output }: SliceManifest,
  { slice, layer, channels, flipped }: { slice: number; layer: number; channels: number; flipped: boolean },
  grid: Grid,
  target: Uint16Array,
  offset: number,
  scale: number,
): void {
  const [width, height] = grid.size;
  const area = width * height;
  const [step, base] = output.layout === 'nhwc' ? [channels, layer] : [1, layer * area];
  const least = 0.5 / scale;
  for (let y = 0; y < height; y += 1) {
    let v = slice * channels * area + base + y * width * step + (flipped ? (width - 1) * step : 0);
    const next = flipped ? -step : step;
    for (let out = offset + y * width, end = out + width; out < end; out += 1, v += next) {
      const value = data[v]!;
      // Most pixels are in no ROI: a smaller value would add nothing.
      if (value < least) continue;
      if (!(value <= Infinity)) throw new ContourNodeError('ENGINE_FAILED', 'the network gave NaN');
      const sum = target[out]! + (value > 1 ? 1 : value) * scale + 0.5;
      target[out] = sum > one ? one : sum;
    }
  }
}

/** Mirrors every image of a tensor left to right, in place. */
function flipColumns(tensor: Float32Array, shape: readonly number[], layout: 'nhwc' | 'nchw'): void {
  const width = shape.at(layout === 'nhwc' ? -2 : -1)!;
  const pixel = layout === 'nhwc' ? shape.at(-1)! : 1;
  for (let row = 0; row < tensor.length; row += width * pixel) {
    for (let left = 0, right = width - 1; left < right; left += 1, right -= 1) {
      for (let c = 0; c < pixel; c += 1) {
        const a = row + left * pixel + c;
        const b = row + right * pixel + c;
        const kept = tensor[a]!;
        tensor[a] = tensor[b]!;
        tensor[b] = kept;
      }
    }
  }
}
