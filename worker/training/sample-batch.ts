import { type Random, seededRandom } from '../phantom/random.ts';
import { inputChannels, inputShape, neighbourOffsets, type NetworkInput } from '../volume/preprocess.ts';
import {
  type Change,
  drawChange,
  sampleHu,
  sampleLabels,
  type Sampling,
  samplingOf,
  unchanged,
} from './augmentation.ts';
import type { Batch } from './batch.ts';
import { elementCount } from '../networks/parameters.ts';
import { CaseReader, type PreparedCase } from './prepared-case.ts';
import type { Augmentation } from './training-config.ts';

/** Everything that the batches depend on; plain data, so that it can be sent to a worker thread. */
export interface SamplerPlan {
  readonly cases: readonly PreparedCase[];
  readonly input: NetworkInput;
  readonly augmentation: Augmentation;
  readonly batch: number;
  readonly seed: number;
  /** Share of the slices that are chosen for an ROI, each ROI with the same probability. */
  readonly foreground: number;
  /** Channel that a left-right flip puts into each ROI's place (`mirroredChannels`). */
  readonly mirrored: readonly number[];
}

/** One sample of a batch: a slice, or a patch around it. */
interface Pick {
  readonly case: number;
  /** The slice; of a patch its first one. */
  readonly k: number;
  readonly change: Change;
  readonly random: Random;
}

/** Streams of the seed: the order of the slices, the changes, the slices that are chosen for an ROI. */
const orderStream = 1;
const changeStream = 2;
const foregroundStream = 3;

/**
 * Makes batch n for any n, always the same one, whatever was made before. So an interrupted training continues with the
 * same batches.
 */
export class BatchSampler {
  readonly #plan: SamplerPlan;
  readonly #readers: CaseReader[];
  /** Case and slice of every slice of every case. */
  readonly #slices: readonly { readonly case: number; readonly k: number }[];
  #order: { round: number; permutation: Uint32Array } | undefined;
  /** Per ROI that lies anywhere: the slices that it lies in, as indices of `#slices`. */
  #foreground: readonly Uint32Array[] | undefined;

  constructor(plan: SamplerPlan) {
    this.#plan = plan;
    this.#readers = plan.cases.map((prepared) => new CaseReader(prepared));
    this.#slices = plan.cases.flatMap(({ description }, index) =>
      Array.from({ length: description.size[2] }, (_, k) => ({ case: index, k })),
    );
  }

  /** Batch number `n`. The slices that are not chosen for an ROI come in turn, each once before any comes again. */
  training(n: number): Batch {
    const { batch, seed, augmentation, input } = this.#plan;
    const picks = Array.from({ length: batch }, (_, position) => {
      const draw = n * batch + position;
      const random = seededRandom(seed * 0x1_0000_0000 + draw, changeStream);
      const { case: of, k } = this.#slice(draw);
      return { case: of, k: this.#first(of, k), change: drawChange(random, augmentation, input.spacingMm), random };
    });
    return this.#assemble(picks);
  }

  /** Slices of one case as they are, for validation; of a 3-D network the patches that begin with them. */
  plain(index: number, slices: readonly number[]): Batch {
    const random = seededRandom(0);
    return this.#assemble(slices.map((k) => ({ case: index, k, change: unchanged, random })));
  }

  close(): void {
    for (const reader of this.#readers) reader.close();
  }

  /** First slice of what is taken for slice k: of a patch so that k lies in its middle, where the scan is long enough. */
  #first(of: number, k: number): number {
    const { patch } = this.#plan.input;
    if (patch === undefined) return k;
    const slices = this.#plan.cases[of]?.description.size[2] ?? 1;
    return Math.max(0, Math.min(k - (patch.slices >> 1), slices - patch.slices));
  }

  #slice(draw: number): { case: number; k: number } {
    const random = seededRandom(this.#plan.seed * 0x1_0000_0000 + draw, foregroundStream);
    const index = random.chance(this.#plan.foreground) ? this.#foregroundSlice(random) : this.#nextInOrder(draw);
    return this.#slices[index] ?? { case: 0, k: 0 };
  }

  #nextInOrder(draw: number): number {
    const count = this.#slices.length;
    const round = Math.floor(draw / count);
    if (this.#order?.round !== round) {
      this.#order = {
        round,
        permutation: shuffled(count, seededRandom(this.#plan.seed * 0x1_0000_0000 + round, orderStream)),
      };
    }
    return this.#order.permutation[draw % count] ?? 0;
  }

  /** A small organ lies in one of thirteen slices: without this choice few batches would show it. */
  #foregroundSlice(random: Random): number {
    this.#foreground ??= this.#slicesOfRois();
    const slices = this.#foreground[random.whole(0, this.#foreground.length - 1)] ?? new Uint32Array(1);
    return slices[random.whole(0, slices.length - 1)] ?? 0;
  }

  #slicesOfRois(): Uint32Array[] {
    const found = this.#plan.mirrored.map((): number[] => []);
    for (const [index, { case: patient, k }] of this.#slices.entries()) {
      let bits = 0;
      for (const label of this.#readers[patient]?.labels(k) ?? []) bits |= label;
      for (const [roi, slices] of found.entries()) if (((bits >> roi) & 1) === 1) slices.push(index);
    }
    return found.filter((slices) => slices.length > 0).map((slices) => Uint32Array.from(slices));
  }

  #assemble(picks: readonly Pick[]): Batch {
    const { input, mirrored } = this.#plan;
    const inputOf = inputShape({ ...input, layout: 'nhwc' }, picks.length);
    const rois = mirrored.length;
    const targetOf = [...inputOf.slice(0, -1), rois];
    const batch: Batch = {
      input: new Float32Array(elementCount(inputOf)),
      inputShape: inputOf,
      target: new Uint8Array(elementCount(targetOf)),
      targetShape: targetOf,
      known: new Float32Array(picks.length * rois),
    };
    for (const [n, pick] of picks.entries()) this.#writeSample(batch, n, pick);
    return batch;
  }

  #writeSample(batch: Batch, n: number, pick: Pick): void {
    const { input, mirrored, cases } = this.#plan;
    const prepared = cases[pick.case];
    const reader = this.#readers[pick.case];
    if (prepared === undefined || reader === undefined) return;
    const { size, known } = prepared.description;
    const sampling = samplingOf(pick.change, input.size, [size[0], size[1]]);
    const slices = input.patch?.slices ?? 1;
    // A patch is a stack of slices, all of them changed alike.
    for (let slice = 0; slice < slices; slice += 1) {
      const k = pick.k + slice;
      this.#writeSlice(batch, n * slices + slice, { ...pick, k }, { reader, sampling, columns: size[0] });
    }
    for (const [roi, bit] of this.#bits(pick.change).entries()) {
      batch.known[n * mirrored.length + roi] = known[bit] === true ? 1 : 0;
    }
  }

  /** A flipped left parotid is a right one: each channel takes the bit of its twin. */
  #bits({ flipLeftRight }: Change): readonly number[] {
    return this.#plan.mirrored.map((twin, roi) => (flipLeftRight ? twin : roi));
  }

  /** @param n the slice's place in the batch, in slices */
  #writeSlice(
    batch: Batch,
    n: number,
    pick: Pick,
    { reader, sampling, columns }: { reader: CaseReader; sampling: Sampling; columns: number },
  ): void {
    const { input, mirrored } = this.#plan;
    const { change } = pick;
    const pixels = input.size[0] * input.size[1];
    const channels = inputChannels(input);
    const hu = new Float32Array(pixels);
    let channel = 0;
    for (const neighbour of neighbourOffsets(input)) {
      sampleHu(reader.hu(pick.k + neighbour), columns, sampling, input.paddingHu, hu);
      changeHu(hu, change, pick.random);
      for (const { low, high } of input.windows) {
        const scale = 1 / (high - low);
        for (let pixel = 0, out = n * pixels * channels + channel; pixel < pixels; pixel += 1, out += channels) {
          batch.input[out] = Math.min(1, Math.max(0, ((hu[pixel] ?? 0) - low) * scale));
        }
        channel += 1;
      }
    }
    const rois = mirrored.length;
    const labels = new Uint16Array(pixels);
    sampleLabels(reader.labels(pick.k), columns, sampling, rois, labels);
    for (const [roi, bit] of this.#bits(change).entries()) {
      for (let pixel = 0, out = n * pixels * rois + roi; pixel < pixels; pixel += 1, out += rois) {
        batch.target[out] = (labels[pixel]! >> bit) & 1;
      }
    }
  }
}

function changeHu(hu: Float32Array, { shiftHu, scaleHu, noiseHu }: Change, random: Random): void {
  if (shiftHu === 0 && scaleHu === 1 && noiseHu === 0) return;
  for (let i = 0; i < hu.length; i += 1) {
    // The sum of three uniform numbers is normal enough for noise; its standard deviation is 1/2.
    const noise = noiseHu === 0 ? 0 : (random.next() + random.next() + random.next() - 1.5) * 2 * noiseHu;
    hu[i] = (hu[i] ?? 0) * scaleHu + shiftHu + noise;
  }
}

/** Fisher-Yates. */
function shuffled(count: number, random: Random): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last -= 1) {
    const other = random.whole(0, last);
    const kept = order[last] ?? 0;
    order[last] = order[other] ?? 0;
    order[other] = kept;
  }
  return order;
}
