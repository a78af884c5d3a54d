import type { Box, ModelView } from './model-view.ts';
import type { LabelRule } from './label-rule.ts';
import type { LogitPlane } from './window-logits.ts';
import { linearTap } from './spline-axis.ts';

/** How the planes of logits lie to the voxels of the view. */
export interface PlaneGeometry {
  /** The part of the image's box of which the logits are there. */
  readonly logits: Box;
  /** The voxels of the view that get a label. */
  readonly voxels: Box;
  /** Per axis: where a voxel of the view lies among the network's, in voxels. */
  readonly position: readonly ((index: number) => number)[];
  /** Per axis: size of the network's image, beyond whose ends the end repeats, and spline order (0 or 1). */
  readonly size: readonly number[];
  readonly order: readonly number[];
}

/** Gets, plane by plane of the view, the label and the lead of the voxels: [rows, columns] of their box; reused. */
export type TakeLabels = (index: number, labels: Uint8Array, lead: Float32Array) => void;

/**
 * Brings logits from the network's image to the voxels of the view and decides there: along the first axis between two
 * planes at a time, then in plane. Of the channels only those are resampled in plane that can matter between the four
 * voxels of the network around; no class is ever there as a whole.
 */
export async function labelVoxels(
  planes: AsyncIterable<LogitPlane>,
  channels: number,
  geometry: PlaneGeometry,
  rule: LabelRule,
  take: TakeLabels,
): Promise<void> {
  const { logits: from, voxels, position, size, order } = geometry;
  const plane = new PlaneLabels(geometry, channels, rule);
  const mixed = new Float32Array((from.high[1] - from.low[1]) * (from.high[2] - from.low[2]) * channels);
  let next = voxels.low[0];
  let previous: LogitPlane | undefined;
  for await (const current of planes) {
    for (; next < voxels.high[0]; next += 1) {
      const along = linearTap(position[0]!(next), size[0]!, order[0]!);
      const last = along.upper > 0 ? along.below + 1 : along.below;
      if (last > current.index) break;
      const lower = along.below === current.index ? current : previous!;
      if (along.upper > 0) mix(lower.logits, current.logits, along.upper, mixed);
      plane.decide(along.upper > 0 ? mixed : lower.logits);
      take(next, plane.labels, plane.lead);
    }
    previous = current;
  }
}

/** target = lower * (1 - weight) + upper * weight. Apart from the loop over the planes, which is async. */
function mix(lower: Float32Array, upper: Float32Array, weight: number, target: Float32Array): void {
  const rest = 1 - weight;
  for (let v = 0; v < target.length; v += 1) target[v] = lower[v]! * rest + upper[v]! * weight;
}

/** Labels of the voxels of one plane, from a plane of logits at the same place along the first axis. */
class PlaneLabels {
  readonly labels: Uint8Array;
  readonly lead: Float32Array;
  readonly #channels: number;
  readonly #rule: LabelRule;
  readonly #height: number;
  readonly #width: number;
  readonly #rows: InPlaneTaps;
  readonly #columns: InPlaneTaps;
  /** Of each cell of the row of cells that is being decided: the channels that matter in it, and how many. */
  readonly #matter: Uint16Array;
  readonly #counts: Int32Array;
  readonly #values: Float32Array;
  /** Of each voxel of the plane of logits: the channels of the largest and the second largest. */
  readonly #first: Uint16Array;
  readonly #second: Uint16Array;

  constructor({ logits: from, voxels, position, size, order }: PlaneGeometry, channels: number, rule: LabelRule) {
    const taps = (axis: 1 | 2) =>
      inPlaneTaps(voxels.low[axis], voxels.high[axis], from.low[axis], (index) =>
        linearTap(position[axis]!(index), size[axis]!, order[axis]!),
      );
    this.#rows = taps(1);
    this.#columns = taps(2);
    this.#channels = channels;
    this.#rule = rule;
    this.#height = from.high[1] - from.low[1];
    this.#width = from.high[2] - from.low[2];
    const area = this.#rows.below.length * this.#columns.below.length;
    this.labels = new Uint8Array(area);
    this.lead = new Float32Array(area);
    this.#matter = new Uint16Array(this.#width * channels);
    this.#counts = new Int32Array(this.#width);
    this.#values = new Float32Array(channels);
    this.#first = new Uint16Array(this.#height * this.#width);
    this.#second = new Uint16Array(this.#height * this.#width);
  }

  /** @param logits [rows, columns, channels] */
  decide(logits: Float32Array): void {
    const { below, upper } = this.#rows;
    const count = this.#columns.below.length;
    if (this.#rule.twoLargestDecide) leaders(logits, this.#channels, this.#first, this.#second);
    for (let j = 0; j < below.length; j += 1) {
      const row = below[j]!;
      const next = Math.min(row + 1, this.#height - 1);
      if (j === 0 || row !== below[j - 1]) this.#findCells(logits, row, next);
      this.#decideRow(logits, row, next, upper[j]!, j * count);
    }
  }

  /** Finds which channels matter in the cells between two rows. */
  #findCells(logits: Float32Array, row: number, next: number): void {
    const { below } = this.#columns;
    const channels = this.#channels;
    const width = this.#width;
    for (let k = 0; k < below.length; k += 1) {
      const column = below[k]!;
      if (k > 0 && column === below[k - 1]) continue;
      const a = row * width + column;
      const b = next * width + column;
      const right = column + 1 < width ? 1 : 0;
      const least = this.#rule.twoLargestDecide ? this.#secondAmong(logits, a, a + right, b, b + right) : -Infinity;
      const from = column * channels;
      const shift = right * channels;
      this.#counts[column] = channelsFrom(
        logits,
        a * channels,
        b * channels,
        shift,
        least,
        this.#matter,
        from,
        channels,
      );
    }
  }

  /**
   * What the second largest logit is at least, everywhere between four voxels: two channels are never below it. A channel
   * that is below it at all four voxels is neither the largest nor the next to it.
   */
  #secondAmong(logits: Float32Array, a: number, b: number, c: number, d: number): number {
    const channels = this.#channels;
    let best = -Infinity;
    let second = -Infinity;
    let bestChannel = -1;
    for (let n = 0; n < 8; n += 1) {
      const voxel = n < 2 ? a : n < 4 ? b : n < 6 ? c : d;
      const channel = (n % 2 === 0 ? this.#first : this.#second)[voxel]!;
      if (channel === bestChannel) continue;
      const least = Math.min(
        Math.min(logits[a * channels + channel]!, logits[b * channels + channel]!),
        Math.min(logits[c * channels + channel]!, logits[d * channels + channel]!),
      );
      if (least > best) {
        second = best;
        best = least;
        bestChannel = channel;
      } else if (least > second) second = least;
    }
    return second;
  }

  #decideRow(logits: Float32Array, row: number, next: number, down: number, out: number): void {
    const { below, upper } = this.#columns;
    const channels = this.#channels;
    const width = this.#width;
    const rule = this.#rule;
    const values = this.#values;
    const matter = this.#matter;
    const up = 1 - down;
    for (let k = 0; k < below.length; k += 1) {
      const column = below[k]!;
      const across = upper[k]!;
      const right = column + 1 < width ? channels : 0;
      const a = (row * width + column) * channels;
      const b = (next * width + column) * channels;
      const from = column * channels;
      const count = this.#counts[column]!;
      for (let n = 0; n < count; n += 1) {
        const channel = matter[from + n]!;
        const here = Math.fround(logits[a + channel]! * up + logits[b + channel]! * down);
        const beside = Math.fround(logits[a + right + channel]! * up + logits[b + right + channel]! * down);
        values[n] = here * (1 - across) + beside * across;
      }
      rule.decide(values, matter, from, count);
      this.labels[out + k] = rule.label;
      this.lead[out + k] = rule.lead;
    }
  }
}

/** The channels of the largest and the second largest logit of each voxel. */
function leaders(logits: Float32Array, channels: number, first: Uint16Array, second: Uint16Array): void {
  for (let voxel = 0, at = 0; voxel < first.length; voxel += 1, at += channels) {
    let largest = -Infinity;
    let next = -Infinity;
    let channelOfLargest = 0;
    let channelOfNext = 0;
    for (let channel = 0; channel < channels; channel += 1) {
      const value = logits[at + channel]!;
      if (value <= next) continue;
      if (value > largest) {
        next = largest;
        channelOfNext = channelOfLargest;
        largest = value;
        channelOfLargest = channel;
      } else {
        next = value;
        channelOfNext = channel;
      }
    }
    first[voxel] = channelOfLargest;
    second[voxel] = channelOfNext;
  }
}

/**
 * The channels that reach `least` at one of four voxels: two at `a` and `b`, two that are `shift` values further.
 * @param target gets them from index `from` on, ascending
 * @returns how many
 */
function channelsFrom(
  logits: Float32Array,
  a: number,
  b: number,
  shift: number,
  least: number,
  target: Uint16Array,
  from: number,
  channels: number,
): number {
  let count = 0;
  for (let channel = 0; channel < channels; channel += 1) {
    if (
      logits[a + channel]! >= least ||
      logits[b + channel]! >= least ||
      logits[a + shift + channel]! >= least ||
      logits[b + shift + channel]! >= least
    ) {
      target[from + count] = channel;
      count += 1;
    }
  }
  return count;
}

/** Per voxel: the lower of the two it lies between, counted from the first that is there, and the weight of the upper. */
interface InPlaneTaps {
  readonly below: Int32Array;
  readonly upper: Float32Array;
}

function inPlaneTaps(
  low: number,
  high: number,
  first: number,
  tap: (index: number) => { below: number; upper: number },
): InPlaneTaps {
  const all = Array.from({ length: high - low }, (_, n) => tap(low + n));
  return {
    below: Int32Array.from(all, ({ below }) => below - first),
    upper: Float32Array.from(all, ({ upper }) => upper),
  };
}

/** Index into the CT of the first voxel of a row of the view. */
export function rowOffset({ offset, strides }: ModelView, plane: number, row: number, column: number): number {
  return offset + plane * strides[0] + row * strides[1] + column * strides[2];
}
