import type { Triple } from './model-view.ts';

/** Samples to take along an axis: how many, and where each lies among those that are there. */
export interface AxisSamples {
  readonly length: number;
  readonly place: (index: number) => number;
}

/**
 * Resampling of a volume along one axis with B-splines of order 0, 1 or 3, as scipy.ndimage does it (zoom with
 * grid_mode, map_coordinates) with the edge repeated. Splines are separable: one axis after the other gives what all at
 * once do.
 */
export function resampleAxis(
  values: Float32Array,
  size: Triple,
  axis: 0 | 1 | 2,
  samples: AxisSamples,
  order: number,
): Float32Array {
  const { length } = samples;
  const source = size[axis];
  const inner = axis === 2 ? 1 : axis === 1 ? size[2] : size[1] * size[2];
  const outer = values.length / (source * inner);
  const result = new Float32Array(outer * length * inner);
  const taps = axisTaps(source, samples, order);
  // Lines that lie beside each other in memory are taken together: the values are read row by row.
  const width = Math.min(inner, 256);
  const lines = new Float64Array((source + 2 * taps.margin) * width);
  for (let block = 0; block < outer; block += 1) {
    for (let first = 0; first < inner; first += width) {
      const count = Math.min(width, inner - first);
      gather(values, block * source * inner + first, source, inner, lines, count, taps.margin);
      if (order === 3) prefilter(lines, source + 2 * taps.margin, count);
      for (let t = 0; t < length; t += 1) {
        const out = (block * length + t) * inner + first;
        const from = taps.first[t]! * count;
        for (let n = 0; n < count; n += 1) {
          let sum = 0;
          for (let tap = 0; tap < taps.count; tap += 1)
            sum += taps.weights[t * taps.count + tap]! * lines[from + tap * count + n]!;
          result[out + n] = sum;
        }
      }
    }
  }
  return result;
}

/** Copies `count` neighbouring lines, element after element, the first and the last repeated `margin` times. */
function gather(
  values: Float32Array,
  start: number,
  length: number,
  step: number,
  lines: Float64Array,
  count: number,
  margin: number,
): void {
  for (let i = 0; i < length + 2 * margin; i += 1) {
    const at = start + Math.min(Math.max(i - margin, 0), length - 1) * step;
    for (let n = 0; n < count; n += 1) lines[i * count + n] = values[at + n]!;
  }
}

/** How often scipy repeats the edge before the cubic filter; further away it has no weight left. */
const splineMargin = 12;

interface AxisTaps {
  readonly margin: number;
  /** Taps of each target sample. */
  readonly count: number;
  /** First source sample of each target, counted from the beginning of the margin. */
  readonly first: Int32Array;
  readonly weights: Float64Array;
}

function axisTaps(source: number, { length, place }: AxisSamples, order: number): AxisTaps {
  const count = order + 1;
  const margin = order === 3 ? splineMargin : 0;
  const first = new Int32Array(length);
  const weights = new Float64Array(length * count);
  for (let t = 0; t < length; t += 1) {
    const position = place(t);
    if (order === 3) {
      const below = Math.floor(position);
      first[t] = below - 1 + margin;
      weights.set(cubicWeights(position - below), t * count);
    } else {
      const { below, upper } = linearTap(position, source, order);
      first[t] = Math.min(below, source - count);
      weights[t * count + below - first[t]!] = 1 - upper;
      if (order === 1 && upper > 0) weights[t * count + below + 1 - first[t]!] = upper;
    }
  }
  return { margin, count, first, weights };
}

/**
 * Neighbours of a position (in samples) and the weight of the upper one, the edge repeated; order 0 takes the nearest,
 * of two at equal distance the upper.
 */
export function linearTap(position: number, length: number, order: number): { below: number; upper: number } {
  const clamped = Math.min(Math.max(position, 0), length - 1);
  if (order === 0) return { below: Math.min(Math.floor(clamped + 0.5), length - 1), upper: 0 };
  const below = Math.floor(clamped);
  return { below, upper: clamped - below };
}

/** The cubic B-spline at distances 1 + t, t, 1 - t and 2 - t. */
function cubicWeights(t: number): [number, number, number, number] {
  const s = 1 - t;
  return [(s * s * s) / 6, 2 / 3 - (t * t * (2 - t)) / 2, 2 / 3 - (s * s * (2 - s)) / 2, (t * t * t) / 6];
}

/**
 * Turns samples into the coefficients of the cubic B-spline through them, in place (Unser 1999, Splines: a perfect fit
 * for signal and image processing, box 2), the samples mirrored at both ends.
 */
function prefilter(lines: Float64Array, length: number, count: number): void {
  const pole = Math.sqrt(3) - 2;
  const gain = (1 - pole) * (1 - 1 / pole);
  // Beyond this many samples the power of the pole is nothing.
  const reach = Math.min(length, 40);
  const start = new Float64Array(count);
  for (let i = 0, power = pole; i < reach; i += 1, power *= pole) {
    for (let n = 0; n < count; n += 1) start[n] = start[n]! + power * lines[i * count + n]!;
  }
  for (let n = 0; n < count; n += 1) lines[n] = lines[n]! + start[n]!;
  for (let i = 1; i < length; i += 1) {
    for (let n = 0; n < count; n += 1)
      lines[i * count + n] = lines[i * count + n]! + pole * lines[(i - 1) * count + n]!;
  }
  const last = (length - 1) * count;
  for (let n = 0; n < count; n += 1) lines[last + n] = (lines[last + n]! * pole) / (pole - 1);
  for (let i = length - 2; i >= 0; i -= 1) {
    for (let n = 0; n < count; n += 1)
      lines[i * count + n] = pole * (lines[(i + 1) * count + n]! - lines[i * count + n]!);
  }
  for (let v = 0; v < length * count; v += 1) lines[v] = lines[v]! * gain;
}
