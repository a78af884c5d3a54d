import type { VolumeSection } from '../../src/bundles/volume-section.ts';
import { ContourNodeError } from '../../src/errors.ts';
import type { Triple } from './model-view.ts';

/** Guards the divisions, as nnU-Net does. */
const least = 1e-8;

/**
 * nnU-Net's normalisation schemes (nnunetv2, default_normalization_schemes.py), in place.
 * @param values HU of the image cropped to what is not 0, before it is resampled
 * @throws ContourNodeError BUNDLE_INVALID (a scheme for photographs met a CT)
 */
export function normalise(values: Float32Array, size: Triple, scheme: VolumeSection['normalisation']): void {
  switch (scheme.scheme) {
    case 'ct': {
      const { low, high, mean, sd } = scheme;
      for (let v = 0; v < values.length; v += 1) values[v] = (Math.min(Math.max(values[v]!, low), high) - mean) / sd;
      return;
    }
    case 'z-score':
      return zScore(values, scheme.nonzeroOnly ? nonzeroMask(values, size) : undefined);
    case 'rescale': {
      const { low, high } = extremes(values);
      const range = Math.max(high - low, least);
      for (let v = 0; v < values.length; v += 1) values[v] = (values[v]! - low) / range;
      return;
    }
    case 'rgb': {
      const { low, high } = extremes(values);
      if (low < 0 || high > 255) {
        throw new ContourNodeError('BUNDLE_INVALID', 'the network is for images of 0 to 255, a CT has HU', {
          remedy: 'use a model that was trained on CT',
        });
      }
      for (let v = 0; v < values.length; v += 1) values[v] = values[v]! / 255;
      return;
    }
    case 'none':
  }
}

/** @param mask where mean and deviation are taken and applied; elsewhere the values stay */
function zScore(values: Float32Array, mask: Uint8Array | undefined): void {
  let count = 0;
  let sum = 0;
  for (let v = 0; v < values.length; v += 1) {
    if (mask !== undefined && mask[v] === 0) continue;
    count += 1;
    sum += values[v]!;
  }
  const mean = sum / count;
  let squares = 0;
  for (let v = 0; v < values.length; v += 1) {
    if (mask === undefined || mask[v] === 1) squares += (values[v]! - mean) ** 2;
  }
  const deviation = Math.max(Math.sqrt(squares / count), least);
  for (let v = 0; v < values.length; v += 1) {
    if (mask === undefined || mask[v] === 1) values[v] = (values[v]! - mean) / deviation;
  }
}

export function extremes(values: Float32Array, from = 0, to = values.length): { low: number; high: number } {
  let low = Infinity;
  let high = -Infinity;
  for (let v = from; v < to; v += 1) {
    if (values[v]! < low) low = values[v]!;
    if (values[v]! > high) high = values[v]!;
  }
  return { low, high };
}

/** 1 where a value is not 0, or where zeros are enclosed: no 6-connected path of zeros leads to the border. */
export function nonzeroMask(values: Float32Array, [n0, n1, n2]: Triple): Uint8Array {
  const mask = new Uint8Array(values.length).fill(1);
  const stack: number[] = [];
  const visit = (v: number): void => {
    if (values[v] !== 0 || mask[v] === 0) return;
    mask[v] = 0;
    stack.push(v);
  };
  for (let i = 0, v = 0; i < n0; i += 1) {
    for (let j = 0; j < n1; j += 1) {
      for (let k = 0; k < n2; k += 1, v += 1) {
        if (i === 0 || j === 0 || k === 0 || i === n0 - 1 || j === n1 - 1 || k === n2 - 1) visit(v);
      }
    }
  }
  for (let v = stack.pop(); v !== undefined; v = stack.pop()) {
    const k = v % n2;
    const j = Math.trunc(v / n2) % n1;
    if (k > 0) visit(v - 1);
    if (k < n2 - 1) visit(v + 1);
    if (j > 0) visit(v - n2);
    if (j < n1 - 1) visit(v + n2);
    if (v >= n1 * n2) visit(v - n1 * n2);
    if (v < values.length - n1 * n2) visit(v + n1 * n2);
  }
  return mask;
}
