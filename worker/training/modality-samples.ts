import type { Random } from '../phantom/random.ts';
import { noData, zScoreUnits } from '../volume/modality-on-grid.ts';
import type { Sampling } from './augmentation.ts';
import type { Augmentation } from './training-config.ts';

/** How a modality beside the CT is changed in one sample. */
export interface ModalityChange {
  /** The network has to do without it. */
  readonly dropped: boolean;
  /** Error of the registration along x and y, network pixels. */
  readonly shift: readonly [number, number];
  /** z-score → z-score * scale + offset + noise. */
  readonly scale: number;
  readonly offset: number;
  readonly noise: number;
}

export const unchangedModality: ModalityChange = { dropped: false, shift: [0, 0], scale: 1, offset: 0, noise: 0 };

/** Chooses a change at random; it always takes the same number of random numbers. */
export function drawModalityChange(
  random: Random,
  augmentation: Augmentation['modalities'],
  spacingMm: number,
): ModalityChange {
  if (augmentation === undefined) return unchangedModality;
  const either = (largest: number): number => random.between(-largest, largest);
  const reach = augmentation.shiftMm / spacingMm;
  return {
    dropped: random.chance(augmentation.dropout),
    shift: [either(reach), either(reach)],
    scale: 1 + either(augmentation.scale),
    offset: either(augmentation.offset),
    noise: random.between(0, augmentation.noise),
  };
}

/**
 * z-score of one slice at the sample's pixels, bilinear; 0 where there is no data.
 * @param values thousandths of a standard deviation (`modalityOnGrid`)
 */
export function sampleModality(values: Int16Array, columns: number, sampling: Sampling, target: Float32Array): void {
  const { corner, right, lower, nearest } = sampling;
  const at = (place: number): number => {
    const value = values[place] ?? noData;
    return value === noData ? 0 : value / zScoreUnits;
  };
  for (let out = 0; out < target.length; out += 1) {
    const from = corner[out]!;
    if (from < 0) {
      target[out] = nearest[out]! < 0 ? 0 : at(nearest[out]!);
      continue;
    }
    const [r, l] = [right[out]!, lower[out]!];
    const upper = at(from) * (1 - r) + at(from + 1) * r;
    const below = at(from + columns) * (1 - r) + at(from + columns + 1) * r;
    target[out] = upper * (1 - l) + below * l;
  }
}

/** 1 where the nearest pixel of the slice has data, else 0. */
export function sampleMask(values: Int16Array, { nearest }: Sampling, target: Float32Array): void {
  for (let out = 0; out < target.length; out += 1) {
    const from = nearest[out]!;
    target[out] = from < 0 || values[from] === noData ? 0 : 1;
  }
}

/** Changes the values of the pixels that have data. */
export function changeModality(
  values: Float32Array,
  mask: Float32Array,
  { scale, offset, noise }: ModalityChange,
  random: Random,
): void {
  if (scale === 1 && offset === 0 && noise === 0) return;
  for (let i = 0; i < values.length; i += 1) {
    // The sum of three uniform numbers is normal enough for noise; its standard deviation is 1/2.
    const added = noise === 0 ? 0 : (random.next() + random.next() + random.next() - 1.5) * 2 * noise;
    if (mask[i] === 1) values[i] = values[i]! * scale + offset + added;
  }
}
