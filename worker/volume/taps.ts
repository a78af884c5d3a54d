/** One axis of a grid: `count` samples, the first at `origin`, `spacing` apart (mm). */
export interface Axis {
  readonly count: number;
  readonly origin: number;
  readonly spacing: number;
}

/**
 * Weights of a resampling along one axis. Target sample t is the sum over n of
 * `weights[start[t] + n] * source[first[t] + n]` plus `outside[t]` times the padding value; all weights of a target add
 * up to 1. `source[first]` to `source[first + count]` lie within the axis.
 */
export interface Taps {
  readonly first: Int32Array;
  /** length: targets + 1 */
  readonly start: Int32Array;
  readonly weights: Float32Array;
  readonly outside: Float32Array;
}

/**
 * Triangle filter whose half width is the larger of the two spacings and `resolution` (mm). Where the target is finer
 * than the source this is linear interpolation; where it is coarser it averages, so that noise and edges look as in an
 * image that was reconstructed at the coarse spacing (no aliasing).
 */
export function triangleTaps(source: Axis, target: Axis, resolution = 0): Taps {
  const width = Math.max(source.spacing, target.spacing, resolution);
  const first = new Int32Array(target.count);
  const start = new Int32Array(target.count + 1);
  const outside = new Float32Array(target.count);
  const weights: number[] = [];
  for (let t = 0; t < target.count; t += 1) {
    const position = target.origin + t * target.spacing - source.origin;
    // The small offset keeps rounding noise of the division from adding a tap of weight 1e-16.
    const low = Math.ceil((position - width) / source.spacing + 1e-9);
    const high = Math.floor((position + width) / source.spacing - 1e-9);
    let sum = 0;
    for (let s = low; s <= high; s += 1) sum += 1 - Math.abs(s * source.spacing - position) / width;
    const from = Math.max(0, low);
    const to = Math.min(source.count - 1, high);
    first[t] = from;
    start[t] = weights.length;
    let inside = 0;
    for (let s = from; s <= to; s += 1) {
      const weight = (1 - Math.abs(s * source.spacing - position) / width) / sum;
      weights.push(weight);
      inside += weight;
    }
    // Rounding of the sum must not mix the padding value (-1024) into the image.
    outside[t] = low < 0 || high >= source.count ? 1 - inside : 0;
  }
  start[target.count] = weights.length;
  return { first, start, weights: Float32Array.from(weights), outside };
}

/** Where the targets are the source's own samples one after the other: the first of them. Else undefined. */
export function copiedFrom({ first, start, weights, outside }: Taps): number | undefined {
  const [from = 0] = first;
  const isCopied = (t: number) => {
    const [begin, end] = [start[t]!, start[t + 1]!];
    return end - begin === 1 && weights[begin] === 1 && outside[t] === 0;
  };
  return first.every((source, t) => source === from + t && isCopied(t)) ? from : undefined;
}

/**
 * Weights along z for source slices at any distances: linear between the two slices around the target where these lie
 * at least `spacing` apart, else a triangle of half width `spacing`, so that thin slices are averaged to slices of the
 * target's distance. Beyond the ends the end slice is taken.
 * @param z strictly ascending positions of the source slices, mm
 */
export function sliceTaps(z: Float64Array, target: Float64Array, spacing: number): Taps {
  const last = z.length - 1;
  const first = new Int32Array(target.length);
  const start = new Int32Array(target.length + 1);
  const weights: number[] = [];
  let below = 0;
  for (let t = 0; t < target.length; t += 1) {
    const position = Math.min(Math.max(target[t]!, z[0]!), z[last]!);
    while (below < last - 1 && z[below + 1]! <= position) below += 1;
    start[t] = weights.length;
    if (last === 0) {
      weights.push(1);
      continue;
    }
    const gap = z[below + 1]! - z[below]!;
    if (gap >= spacing - 1e-6) {
      const upper = (position - z[below]!) / gap;
      first[t] = below;
      weights.push(1 - upper, upper);
      continue;
    }
    let from = below;
    while (from > 0 && position - z[from - 1]! < spacing) from -= 1;
    let to = below + 1;
    while (to < last && z[to + 1]! - position < spacing) to += 1;
    const raw: number[] = [];
    for (let s = from; s <= to; s += 1) raw.push(Math.max(0, 1 - Math.abs(z[s]! - position) / spacing));
    const sum = raw.reduce((a, b) => a + b, 0);
    first[t] = from;
    for (const weight of raw) weights.push(weight / sum);
  }
  start[target.length] = weights.length;
  return { first, start, weights: Float32Array.from(weights), outside: new Float32Array(target.length) };
}
