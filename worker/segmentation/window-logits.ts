import type { VolumeSection } from '../../src/bundles/volume-section.ts';
import { ContourNodeError } from '../../src/errors.ts';
import type { Engine, EngineTensor } from '../engines/engine.ts';
import type { Box, Triple } from './model-view.ts';
import { boxSize } from './model-view.ts';
import { activate } from './activation.ts';
import { addMirrored, mirrored, mirrorings, patchStarts, patchWeights } from './patches.ts';

/** The logits, or probabilities, of one plane across the first axis, of the part of it that is asked for. */
export interface LogitPlane {
  /** Index along the first axis. */
  readonly index: number;
  /** [rows, columns, channels] of the box; used again for the plane after the next. */
  readonly logits: Float32Array;
}

/** How patches are laid and their logits put together. */
type Scheme = Pick<
  VolumeSection,
  'channels' | 'step' | 'spread' | 'weights' | 'gaussianSigma' | 'precision' | 'activation'
>;

export interface WindowOptions extends Scheme {
  /** Three entries; 1 along the first axis for a network of slices. */
  readonly patch: Triple;
  /** Shape of the graph's input for one patch. */
  readonly inputShape: readonly number[];
  /** Axes of the patch that are mirrored; empty: none. */
  readonly mirrorAxes: readonly number[];
  readonly onPatch?: (done: number, total: number, seconds: number) => void;
}

/**
 * Moves the network over an image and gives the weighted mean of its logits plane by plane, as soon as no later patch
 * reaches a plane: in memory are the planes of one row of patches. Only patches that meet the box are computed; within
 * the box every voxel gets what it would get from all of them.
 * @param image normalised, of `size`, image after image where the network sees several; where it is smaller than the patch it is embedded in zeros
 * @throws ContourNodeError ENGINE_FAILED
 */
export async function* windowLogits(
  engine: Engine,
  image: Float32Array,
  size: Triple,
  box: Box,
  options: WindowOptions,
): AsyncGenerator<LogitPlane> {
  const { patch } = options;
  const frame = size.map((length, axis) => Math.max(length, patch[axis]!)) as unknown as Triple;
  const before = frame.map((length, axis) => (length - size[axis]!) >> 1) as unknown as Triple;
  // From here on every index counts within the frame.
  const low = box.low.map((index, axis) => index + before[axis]!) as unknown as Triple;
  const high = box.high.map((index, axis) => index + before[axis]!) as unknown as Triple;
  const starts = frame.map((length, axis) =>
    patchStarts(length, patch[axis]!, axis === 0 && patch[0] === 1 ? 1 : options.step, options.spread).filter(
      (start) => start < high[axis]! && start + patch[axis]! > low[axis]!,
    ),
  ) as [number[], number[], number[]];
  const total = starts[0].length * starts[1].length * starts[2].length;
  const sums = new PlaneSums({ low, high }, options);
  const run = new PatchRun(engine, options);
  const [voxels, patchVoxels] = [size[0] * size[1] * size[2], patch[0] * patch[1] * patch[2]];
  const images = Array.from({ length: options.inputShape[1]! }, (_, n) => n);
  const input = new Float32Array(images.length * patchVoxels);
  let done = 0;
  for (const [row, first] of starts[0].entries()) {
    for (const second of starts[1]) {
      for (const third of starts[2]) {
        const started = performance.now();
        const corner = [first - before[0], second - before[1], third - before[2]] as const;
        for (const n of images) {
          const into = input.subarray(n * patchVoxels, (n + 1) * patchVoxels);
          cut(image.subarray(n * voxels, (n + 1) * voxels), size, corner, patch, into);
        }
        sums.add(await run.logits(input), [first, second, third]);
        done += 1;
        options.onPatch?.(done, total, (performance.now() - started) / 1000);
      }
    }
    const ready = Math.min(starts[0][row + 1] ?? high[0], high[0]);
    for (const plane of sums.take(ready)) yield { ...plane, index: plane.index - before[0] };
  }
}

/** Runs the network over a patch. What it gives is there until the next patch. */
class PatchRun {
  readonly #engine: Engine;
  readonly #options: WindowOptions;
  readonly #mirrorings: readonly number[][];
  /** Logits of the patch, and where it is mirrored, of one mirroring; used again for every patch. */
  readonly #logits: EngineTensor;
  readonly #turned: EngineTensor | undefined;

  constructor(engine: Engine, options: WindowOptions) {
    this.#engine = engine;
    this.#options = options;
    this.#mirrorings = mirrorings(options.mirrorAxes);
    const shape = [1, options.channels, ...options.inputShape.slice(2)];
    const target = () => ({ data: new Float32Array(shape.reduce((a, b) => a * b, 1)), shape });
    this.#logits = target();
    this.#turned = this.#mirrorings.length > 0 ? target() : undefined;
  }

  /** Mean over the input as it is and in every mirroring, each turned back. */
  async logits(input: Float32Array): Promise<Float32Array> {
    const { inputShape, patch } = this.#options;
    const { data } = await this.#engine.run(input, inputShape, this.#logits);
    for (const axes of this.#mirrorings) {
      const turned = await this.#engine.run(mirrored(input, patch, axes), inputShape, this.#turned);
      addMirrored(data, turned.data, patch, axes);
    }
    const ways = this.#mirrorings.length + 1;
    if (ways > 1) for (let v = 0; v < data.length; v += 1) data[v] = data[v]! / ways;
    return data;
  }
}

/** Copies the patch that begins at `corner` (which may lie outside) and puts 0 where there is no image. */
function cut(image: Float32Array, size: Triple, corner: Triple, patch: Triple, target: Float32Array): void {
  const fromColumn = Math.max(0, -corner[2]);
  const toColumn = Math.min(patch[2], size[2] - corner[2]);
  if (corner.some((at, axis) => at < 0 || at + patch[axis]! > size[axis]!)) target.fill(0);
  for (let i = Math.max(0, -corner[0]); i < Math.min(patch[0], size[0] - corner[0]); i += 1) {
    for (let j = Math.max(0, -corner[1]); j < Math.min(patch[1], size[1] - corner[1]); j += 1) {
      const from = ((corner[0] + i) * size[1] + corner[1] + j) * size[2] + corner[2];
      target.set(image.subarray(from + fromColumn, from + toColumn), (i * patch[1] + j) * patch[2] + fromColumn);
    }
  }
}

/** A plane while patches are added to it: sums of weighted logits and of weights. */
interface PlaneSum {
  readonly logits: Sums;
  readonly weights: Sums;
}
type Sums = Float16Array | Float32Array;

/**
 * The planes that patches are added to; each is there from its first patch until it is taken. Half precision is what
 * nnU-Net adds up in: half the memory, and the same rounding where two classes are nearly equal.
 */
class PlaneSums {
  readonly #planes = new Map<number, PlaneSum>();
  readonly #size: Triple;
  readonly #low: Triple;
  readonly #high: Triple;
  readonly #options: WindowOptions;
  readonly #weights: Float32Array;
  /** Of planes with an even and with an odd index. */
  readonly #taken: [Float32Array?, Float32Array?] = [];

  constructor(box: Box, options: WindowOptions) {
    this.#size = boxSize(box);
    this.#low = box.low;
    this.#high = box.high;
    this.#options = options;
    this.#weights = patchWeights(options.patch, options);
  }

  /** @param logits [channels, ...patch] */
  add(logits: Float32Array, corner: Triple): void {
    const [, height, width] = this.#size;
    const { patch, channels } = this.#options;
    const [depth, rows, columns] = patch;
    const from = corner.map((at, axis) => Math.max(at, this.#low[axis]!)) as unknown as Triple;
    const to = corner.map((at, axis) => Math.min(at + patch[axis]!, this.#high[axis]!)) as unknown as Triple;
    const length = to[2] - from[2];
    for (let i = from[0]; i < to[0]; i += 1) {
      const plane = this.#plane(i);
      for (let j = from[1]; j < to[1]; j += 1) {
        const within = ((i - corner[0]) * rows + j - corner[1]) * columns + from[2] - corner[2];
        const out = (j - this.#low[1]) * width + from[2] - this.#low[2];
        for (let k = 0; k < length; k += 1)
          plane.weights[out + k] = plane.weights[out + k]! + this.#weights[within + k]!;
        for (let channel = 0; channel < channels; channel += 1) {
          const source = channel * depth * rows * columns + within;
          const target = channel * height * width + out;
          addWeighted(plane.logits, target, logits, source, this.#weights, within, length);
        }
      }
    }
  }

  /** The planes below `end`, in their order, which are complete. */
  *take(end: number): Generator<LogitPlane> {
    const complete = [...this.#planes.keys()].filter((index) => index < end).toSorted((a, b) => a - b);
    for (const index of complete) {
      const { logits: sums, weights } = this.#planes.get(index)!;
      this.#planes.delete(index);
      const logits = (this.#taken[index & 1] ??= new Float32Array(sums.length));
      if (!divide(sums, weights, logits))
        throw new ContourNodeError('ENGINE_FAILED', 'the network gave NaN or a huge number');
      const { activation, channels } = this.#options;
      if (activation !== undefined) activate(logits, channels, activation);
      yield { index, logits };
    }
  }

  #plane(index: number): PlaneSum {
    let plane = this.#planes.get(index);
    if (plane === undefined) {
      const area = this.#size[1] * this.#size[2];
      const { precision, channels } = this.#options;
      const Values = precision === 'half' ? Float16Array : Float32Array;
      plane = { logits: new Values(area * channels), weights: new Values(area) };
      this.#planes.set(index, plane);
    }
    return plane;
  }
}

/** So many voxels are turned around at once: that much of every channel stays in the processor's cache. */
const voxelsAtOnce = 64;

/**
 * Divides sums [channels, voxels] by the weights of the voxels, rounded as the sums are, into [voxels, channels].
 * @returns whether all are finite: half precision ends at 65504, a logit that leaves it is a defect of the network, and
 *   nnU-Net stops there too
 */
function divide(sums: Sums, weights: Sums, target: Float32Array): boolean {
  const voxels = weights.length;
  const channels = sums.length / voxels;
  let finite = true;
  for (let first = 0; first < voxels; first += voxelsAtOnce) {
    const end = Math.min(first + voxelsAtOnce, voxels);
    for (let channel = 0; channel < channels; channel += 1) {
      const start = channel * voxels;
      for (let v = first; v < end; v += 1) {
        sums[start + v] = sums[start + v]! / weights[v]!;
        const value = sums[start + v]!;
        target[v * channels + channel] = value;
        if (!(Math.abs(value) < Infinity)) finite = false;
      }
    }
  }
  return finite;
}

/** A function of its own: the innermost loop, which takes most of the time outside of the network. */
function addWeighted(
  sums: Sums,
  target: number,
  values: Float32Array,
  source: number,
  weights: Float32Array,
  within: number,
  length: number,
): void {
  for (let k = 0; k < length; k += 1)
    sums[target + k] = sums[target + k]! + Math.fround(values[source + k]! * weights[within + k]!);
}
