import type { SliceManifest } from '../../src/bundles/manifest.ts';
import type { Body } from './body.ts';
import { intensityOf } from './intensity.ts';
import { noData, zScoreUnits } from './modality-on-grid.ts';
import { copySlice, resampleSlice } from './resample-slice.ts';
import { copiedFrom, sliceTaps, triangleTaps } from './taps.ts';
import type { Grid, Mask, Volume } from './volume.ts';

/**
 * The input of a network from a CT: field of view, resampling, windows, neighbouring slices. Training and inference both
 * use these functions.
 *
 * CT → `networkGrid` → `toNetworkHu` (HU on the network's grid, worth caching) → `writeNetworkInput` (one tensor a slice).
 */
export type NetworkInput = SliceManifest['input'];

/** What a network sees of a patient, on its own grid. */
export interface NetworkVolume extends Volume {
  /** Per modality of the input as `modalityOnGrid` makes it; undefined where it is missing. */
  readonly modalities?: readonly (Int16Array | undefined)[];
}

/**
 * Channels of the input tensor. First those of the CT: slice by slice from the lowest neighbour (-z) up, within a slice
 * window by window. Then modality by modality the same slices, and a mask of the slice itself.
 */
export function inputChannels(input: NetworkInput): number {
  const slices = neighbourOffsets(input).length;
  return ctChannels(input) + (input.modalities?.length ?? 0) * (slices + 1);
}

/** Channels of the CT alone, which come first. */
export function ctChannels(input: NetworkInput): number {
  return neighbourOffsets(input).length * input.windows.length;
}

/** The slices that form one input, as distances in slices from the lowest (-z) up; 0 is the slice itself. */
export function neighbourOffsets({ neighbours }: NetworkInput): number[] {
  const above =
    typeof neighbours === 'number'
      ? Array.from({ length: neighbours }, (_, n) => n + 1)
      : neighbours.toSorted((a, b) => a - b);
  return [...above.map((distance) => -distance).toReversed(), 0, ...above];
}

/** Shape of the input tensor of `batch` slices, of a 3-D network of `batch` patches, in the bundle's layout. */
export function inputShape(input: NetworkInput, batch: number): number[] {
  const [width, height] = input.size;
  const channels = inputChannels(input);
  if (input.patch !== undefined) {
    const axes = [input.patch.slices, height, width];
    return input.layout === 'nhwc' ? [batch, ...axes, channels] : [batch, channels, ...axes];
  }
  return input.layout === 'nhwc' ? [batch, height, width, channels] : [batch, channels, height, width];
}

/** The middle of the field of view according to `input.centre`: x and y in mm. */
export function fieldCentre(ct: Grid, body: Body, { centre }: NetworkInput): readonly [number, number] {
  if (centre === 'image') return imageCentre(ct);
  return centre === 'body' ? body.centre : body.median;
}

/** x and y in mm. */
export function imageCentre({ origin, size, spacing }: Grid): [number, number] {
  return [origin[0] + ((size[0] - 1) / 2) * spacing[0], origin[1] + ((size[1] - 1) / 2) * spacing[1]];
}

/**
 * The grid that the network sees: `input.size` pixels of `input.spacingMm` around `centre`, at the CT's own slices or,
 * where the bundle has a slice spacing, at regular positions that span the same extent.
 *
 * The centre is moved to the nearest voxel of the CT and pixel (size >> 1) lies exactly on it, so that a CT that has the
 * network's spacing already is copied and not blurred by half a pixel.
 * @param centre x and y in mm: see `fieldCentre`
 * @param margin further pixels on each side, for a training that shifts and rotates before it crops
 */
export function networkGrid(ct: Grid, centre: readonly [number, number], input: NetworkInput, margin = 0): Grid {
  const origin = [0, 1].map((axis) => {
    const index = Math.round((centre[axis]! - ct.origin[axis]!) / ct.spacing[axis]!);
    const voxel = ct.origin[axis]! + index * ct.spacing[axis]!;
    return voxel - ((input.size[axis]! >> 1) + margin) * input.spacingMm;
  });
  const z = networkSlices(ct.z, input.sliceSpacingMm);
  return {
    size: [input.size[0] + 2 * margin, input.size[1] + 2 * margin, z.length],
    spacing: [input.spacingMm, input.spacingMm],
    origin: [origin[0]!, origin[1]!],
    z,
  };
}

function networkSlices(z: Float64Array, spacing: number | null): Float64Array {
  if (spacing === null) return z;
  const extent = z[z.length - 1]! - z[0]!;
  const count = Math.round(extent / spacing) + 1;
  const start = z[0]! + (extent - (count - 1) * spacing) / 2;
  return Float64Array.from({ length: count }, (_, k) => start + k * spacing);
}

/**
 * HU on the network's grid: triangle filter in plane (`input.resolutionMm` widens it), along z as `sliceTaps` says.
 * Voxels outside of the image and values below `input.paddingHu` (scanners pad with -2000 and less) become
 * `input.paddingHu`.
 */
export function toNetworkHu(volume: Volume, grid: Grid, input: NetworkInput): Volume {
  const hu = new Int16Array(grid.size[0] * grid.size[1] * grid.size[2]);
  resample(volume.grid, volume.hu, grid, input, input.paddingHu, (slice, offset) => {
    for (let i = 0; i < slice.length; i += 1) hu[offset + i] = Math.round(slice[i]!);
  });
  return { grid, hu };
}

/** A mask on the network's grid: 1 where at least half of the filter's weight lies on voxels of the mask. */
export function maskToNetwork(mask: Mask, grid: Grid, input: NetworkInput): Mask {
  const voxels = new Uint8Array(grid.size[0] * grid.size[1] * grid.size[2]);
  resample(mask.grid, mask.voxels, grid, input, 0, (slice, offset) => {
    for (let i = 0; i < slice.length; i += 1) voxels[offset + i] = slice[i]! >= 0.5 ? 1 : 0;
  });
  return { grid, voxels };
}

/**
 * Writes the float32 tensor of slice k (all its neighbours and windows, in the bundle's layout) to
 * `target[offset ...]`, `inputChannels * size` elements.
 * @param volume HU from `toNetworkHu`; where it has a margin, the part at `corner` is taken (default: the middle)
 */
export function writeNetworkInput(
  volume: NetworkVolume,
  k: number,
  input: NetworkInput,
  target: Float32Array,
  offset = 0,
  corner?: readonly [number, number],
): void {
  const [width, height] = input.size;
  const [nx, ny, nz] = volume.grid.size;
  const [left, top] = corner ?? [(nx - width) >> 1, (ny - height) >> 1];
  const channels = inputChannels(input);
  // Distance in the tensor of neighbouring pixels and of neighbouring channels.
  const pixelStep = input.layout === 'nhwc' ? channels : 1;
  const channelStep = input.layout === 'nhwc' ? 1 : width * height;
  let channel = 0;
  for (const neighbour of neighbourOffsets(input)) {
    const slice = Math.min(Math.max(k + neighbour, 0), nz - 1) * nx * ny;
    for (const window of input.windows) {
      const { low, high, subtract, factor } = intensityOf(window, volume);
      let out = offset + channel * channelStep;
      for (let y = 0; y < height; y += 1) {
        const row = slice + (top + y) * nx + left;
        for (let x = 0; x < width; x += 1, out += pixelStep) {
          const value = volume.hu[row + x]!;
          target[out] = ((value < low ? low : value > high ? high : value) - subtract) * factor;
        }
      }
      channel += 1;
    }
  }
  const layers = { left, top, pixelStep, channelStep, offset: offset + channel * channelStep };
  writeModalities(volume, k, input, target, layers);
}

/** The channels of the modalities: 0 wherever there is no data. */
function writeModalities(
  { grid, modalities = [] }: NetworkVolume,
  k: number,
  input: NetworkInput,
  target: Float32Array,
  layers: { left: number; top: number; pixelStep: number; channelStep: number; offset: number },
): void {
  const [width, height] = input.size;
  const [nx, ny, nz] = grid.size;
  const offsets = neighbourOffsets(input);
  let start = layers.offset;
  for (let m = 0; m < (input.modalities?.length ?? 0); m += 1) {
    const values = modalities[m];
    for (let n = 0; n <= offsets.length; n += 1, start += layers.channelStep) {
      const isMask = n === offsets.length;
      const slice = Math.min(Math.max(k + (isMask ? 0 : offsets[n]!), 0), nz - 1) * nx * ny;
      for (let y = 0, out = start; y < height; y += 1) {
        const row = slice + (layers.top + y) * nx + layers.left;
        for (let x = 0; x < width; x += 1, out += layers.pixelStep) {
          const value = values?.[row + x] ?? noData;
          target[out] = value === noData ? 0 : isMask ? 1 : value / zScoreUnits;
        }
      }
    }
  }
}

/** Resamples slice by slice; `emit` gets each finished target slice (reused) and where it starts in the target. */
function resample(
  from: Grid,
  values: Int16Array | Uint8Array,
  to: Grid,
  input: NetworkInput,
  padding: number,
  emit: (slice: Float32Array, offset: number) => void,
): void {
  const axis = (grid: Grid, n: 0 | 1) => ({ count: grid.size[n], origin: grid.origin[n], spacing: grid.spacing[n] });
  const columns = triangleTaps(axis(from, 0), axis(to, 0), input.resolutionMm);
  const rows = triangleTaps(axis(from, 1), axis(to, 1), input.resolutionMm);
  const slices = input.sliceSpacingMm === null ? undefined : sliceTaps(from.z, to.z, input.sliceSpacingMm);
  const area = to.size[0] * to.size[1];
  const [left, top] = [copiedFrom(columns), copiedFrom(rows)];
  const inPlane = (k: number, target: Float32Array) => {
    const offset = k * from.size[0] * from.size[1];
    if (left === undefined || top === undefined)
      resampleSlice(values, offset, from.size, columns, rows, padding, target);
    else copySlice(values, offset + top * from.size[0] + left, from.size[0], to.size, padding, target);
  };

  const sum = new Float32Array(area);
  if (slices === undefined) {
    for (let k = 0; k < to.size[2]; k += 1) {
      inPlane(k, sum);
      emit(sum, k * area);
    }
    return;
  }
  // Each source slice is resampled in plane once and kept for as long as targets need it.
  const kept = new Map<number, Float32Array>();
  for (let k = 0; k < to.size[2]; k += 1) {
    const first = slices.first[k]!;
    for (const old of kept.keys()) if (old < first) kept.delete(old);
    sum.fill(0);
    for (let n = slices.start[k]!; n < slices.start[k + 1]!; n += 1) {
      const source = first + n - slices.start[k]!;
      let slice = kept.get(source);
      if (slice === undefined) {
        slice = new Float32Array(area);
        inPlane(source, slice);
        kept.set(source, slice);
      }
      const weight = slices.weights[n]!;
      for (let i = 0; i < area; i += 1) sum[i] = sum[i]! + weight * slice[i]!;
    }
    emit(sum, k * area);
  }
}
