import type { Random } from '../phantom/random.ts';
import type { NetworkInput } from '../volume/preprocess.ts';
import type { Augmentation } from './training-config.ts';

/** How one sample is changed before the network sees it. */
export interface Change {
  readonly flipLeftRight: boolean;
  readonly flipFrontBack: boolean;
  /** Anticlockwise in the picture, radians. */
  readonly rotation: number;
  /** Above 1 the patient becomes larger. */
  readonly zoom: number;
  /** Along x and y, network pixels. */
  readonly translation: readonly [number, number];
  /** HU → HU * scale + shift + noise. */
  readonly shiftHu: number;
  readonly scaleHu: number;
  readonly noiseHu: number;
}

export const unchanged: Change = {
  flipLeftRight: false,
  flipFrontBack: false,
  rotation: 0,
  zoom: 1,
  translation: [0, 0],
  shiftHu: 0,
  scaleHu: 1,
  noiseHu: 0,
};

/** Chooses a change at random; it always takes the same number of random numbers. */
export function drawChange(random: Random, augmentation: Augmentation, spacingMm: number): Change {
  const either = (largest: number): number => random.between(-largest, largest);
  const degree = Math.PI / 180;
  const reach = augmentation.translationMm / spacingMm;
  return {
    flipLeftRight: random.chance(augmentation.flipLeftRight),
    flipFrontBack: random.chance(augmentation.flipFrontBack),
    rotation: either(augmentation.rotationDegrees) * degree,
    zoom: random.between(...augmentation.zoom),
    translation: [either(reach), either(reach)],
    shiftHu: either(augmentation.shiftHu),
    scaleHu: 1 + either(augmentation.scaleHu),
    noiseHu: random.between(0, augmentation.noiseHu),
  };
}

/** Where each pixel of a sample lies in the cached slice, which is larger by the margin on every side. */
export interface Sampling {
  /** Index of the upper left of four source pixels; -1: outside. */
  readonly corner: Int32Array;
  /** Weight of the right column and of the lower row. */
  readonly right: Float32Array;
  readonly lower: Float32Array;
  /** Index of the nearest source pixel; -1: outside. */
  readonly nearest: Int32Array;
}

/**
 * @param source columns and rows of the cached slice, whose middle is the sample's middle
 */
export function samplingOf(
  change: Change,
  [width, height]: NetworkInput['size'],
  source: readonly [number, number],
): Sampling {
  const pixels = width * height;
  const sampling = {
    corner: new Int32Array(pixels),
    right: new Float32Array(pixels),
    lower: new Float32Array(pixels),
    nearest: new Int32Array(pixels),
  };
  const [columns, rows] = source;
  // The margin is the same on both sides, so that the middle of slice and sample coincide to the pixel.
  const [marginX, marginY] = [(columns - width) >> 1, (rows - height) >> 1];
  const [middleX, middleY] = [(width - 1) / 2, (height - 1) / 2];
  const cosine = Math.cos(change.rotation) / change.zoom;
  const sine = Math.sin(change.rotation) / change.zoom;
  for (let y = 0, out = 0; y < height; y += 1) {
    const fromMiddleY = change.flipFrontBack ? middleY - y : y - middleY;
    for (let x = 0; x < width; x += 1, out += 1) {
      const fromMiddleX = change.flipLeftRight ? middleX - x : x - middleX;
      const column = cosine * fromMiddleX - sine * fromMiddleY + middleX + marginX - change.translation[0];
      const row = sine * fromMiddleX + cosine * fromMiddleY + middleY + marginY - change.translation[1];
      const left = Math.floor(column);
      const top = Math.floor(row);
      const inside = left >= 0 && top >= 0 && left < columns - 1 && top < rows - 1;
      const onEdge =
        !inside &&
        Math.round(column) >= 0 &&
        Math.round(row) >= 0 &&
        Math.round(column) < columns &&
        Math.round(row) < rows;
      const nearest = inside || onEdge ? Math.round(row) * columns + Math.round(column) : -1;
      sampling.nearest[out] = nearest;
      sampling.corner[out] = inside ? top * columns + left : -1;
      sampling.right[out] = column - left;
      sampling.lower[out] = row - top;
    }
  }
  return sampling;
}

/** HU of one slice at the sample's pixels: bilinear, nearest at the outermost edge, `paddingHu` outside. */
export function sampleHu(
  hu: Int16Array,
  columns: number,
  sampling: Sampling,
  paddingHu: number,
  target: Float32Array,
): void {
  const { corner, right, lower, nearest } = sampling;
  for (let out = 0; out < target.length; out += 1) {
    const at = corner[out] ?? -1;
    if (at < 0) {
      const edge = nearest[out] ?? -1;
      target[out] = edge < 0 ? paddingHu : (hu[edge] ?? paddingHu);
      continue;
    }
    const r = right[out] ?? 0;
    const l = lower[out] ?? 0;
    const upper = (hu[at] ?? 0) * (1 - r) + (hu[at + 1] ?? 0) * r;
    const below = (hu[at + columns] ?? 0) * (1 - r) + (hu[at + columns + 1] ?? 0) * r;
    target[out] = upper * (1 - l) + below * l;
  }
}

/**
 * ROI bits of one slice at the sample's pixels: a bit is set where the bilinear share of its pixels reaches a half. The
 * nearest pixel alone would move edges by up to half a pixel, at random from slice to slice.
 * @param bits number of ROI bits in a label
 */
export function sampleLabels(
  labels: Uint16Array,
  columns: number,
  { corner, right, lower, nearest }: Sampling,
  bits: number,
  target: Uint16Array,
): void {
  for (let out = 0; out < target.length; out += 1) {
    const at = corner[out] ?? -1;
    if (at < 0) {
      const edge = nearest[out] ?? -1;
      target[out] = edge < 0 ? 0 : (labels[edge] ?? 0);
      continue;
    }
    const [a, b, c, d] = [labels[at]!, labels[at + 1]!, labels[at + columns]!, labels[at + columns + 1]!];
    const everywhere = a & b & c & d;
    target[out] = everywhere;
    if (everywhere === (a | b | c | d)) continue;
    const r = right[out]!;
    const l = lower[out]!;
    for (let bit = 0; bit < bits; bit += 1) {
      const upper = ((a >> bit) & 1) * (1 - r) + ((b >> bit) & 1) * r;
      const below = ((c >> bit) & 1) * (1 - r) + ((d >> bit) & 1) * r;
      if (upper * (1 - l) + below * l >= 0.5) target[out]! |= 1 << bit;
    }
  }
}
