import { type Random, seededRandom } from '../phantom/random.ts';
import { ctChannels, inputChannels, inputShape, neighbourOffsets, type NetworkInput } from '../volume/preprocess.ts';
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
import {
  changeModality,
  drawModalityChange,
  type ModalityChange,
  sampleMask,
  sampleModality,
  unchangedModality,
} from './modality-samples.ts';
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
  /** Per modality of the input; without it none is changed. */
  readonly modalities?: readonly { readonly change: ModalityChange; readonly random: Random }[];
}

/** Streams of the seed: the order of the slices, the changes, the slices that are chosen for an ROI. */
const orderStream = 1;
const changeStream = 2;
const foregroundStream = 3;
/** And of the changes of the modalities, of each its own: with none nothing else is drawn otherwise. */
const firstModalityStream = 4;

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
      const change = drawChange(random, augmentation, input.spacingMm);
      return { case: of, k: this.#first(of, k), change, random, modalities: this.#modalityChanges(draw) };
    });
    return this.#assemble(picks);
  }

  #modalityChanges(draw: number): NonNullable<Pick['modalities']> {
    const { seed, augmentation, input } = this.#plan;
    return (input.modalities ?? []).map((_, index) => {
      const random = seededRandom(seed * 0x1_0000_0000 + draw, firstModalityStream + index);
      return { change: drawModalityChange(random, augmentation.modalities, input.spacingMm), random };
    });
  }

  /**
   * Slices of one case as they are, for validation; of a 3-D network the patches that begin with them. Where modalities are
   * dropped in training, every second case is without: the best weights are to be good with them and without.
   */
  plain(index: number, slices: readonly number[]): Batch {
    const random = seededRandom(0);
    const { input, augmentation } = this.#plan;
    const dropped = index % 2 === 1 && (augmentation.modalities?.dropout ?? 0) > 0;
    const modalities = (input.modalities ?? []).map(() => ({ change: { ...unchangedModality, dropped }, random }));
    return this.#assemble(slices.map((k) => ({ case: index, k, change: unchanged, random, modalities })));
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
      this.#writeSlice(batch, n * slices + slice, { ...pick, k }, { reader, sampling, size: [size[0], size[1]] });
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
  #writeSlice(batch: Batch, n: number, pick: Pick, { reader, sampling, size: [columns, rows] }: Source): void {
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
    this.#writeModalities(batch, n, pick, { reader, size: [columns, rows], sampling });
    const rois = mirrored.length;
    const labels = new Uint16Array(pixels);
    sampleLabels(reader.labels(pick.k), columns, sampling, rois, labels);
    for (const [roi, bit] of this.#bits(change).entries()) {
      for (let pixel = 0, out = n * pixels * rois + roi; pixel < pixels; pixel += 1, out += rois) {
        batch.target[out] = (labels[pixel]! >> bit) & 1;
      }
    }
  }

  /** Channels of a modality that is missing or dropped stay 0. */
  #writeModalities(batch: Batch, n: number, { k, change, modalities }: Pick, { reader, size, sampling }: Source): void {
    const { input } = this.#plan;
    const pixels = input.size[0] * input.size[1];
    const channels = inputChannels(input);
    const offsets = neighbourOffsets(input);
    const write = (values: Float32Array, channel: number): void => {
      const first = n * pixels * channels + channel;
      for (let pixel = 0, out = first; pixel < pixels; pixel += 1, out += channels) batch.input[out] = values[pixel]!;
    };
    for (const [index] of (input.modalities ?? []).entries()) {
      const first = ctChannels(input) + index * (offsets.length + 1);
      const changed = modalities?.[index];
      if (changed?.change.dropped === true) continue;
      const [x, y] = changed?.change.shift ?? [0, 0];
      const translation = [change.translation[0] + x, change.translation[1] + y] as const;
      const moved = x === 0 && y === 0 ? sampling : samplingOf({ ...change, translation }, input.size, size);
      const [values, mask] = [new Float32Array(pixels), new Float32Array(pixels)];
      for (const [channel, offset] of offsets.entries()) {
        const slice = reader.modality(index, k + offset);
        if (slice === undefined) break;
        sampleModality(slice, size[0], moved, values);
        sampleMask(slice, moved, mask);
        if (changed !== undefined) changeModality(values, mask, changed.change, changed.random);
        write(values, first + channel);
        if (offset === 0) write(mask, first + offsets.length);
      }
    }
  }
}

/** Where a sample is taken from. */
interface Source {
  readonly reader: CaseReader;
  /** Columns and rows of a cached slice. */
  readonly size: readonly [number, number];
  readonly sampling: Sampling;
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
