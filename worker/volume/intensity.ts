import type { SliceManifest } from '../../src/bundles/manifest.ts';
import type { Volume } from './volume.ts';

type Window = SliceManifest['input']['windows'][number];

/** A window as a function of HU: (clipped to [low, high] - subtract) * factor. */
export interface Intensity {
  readonly low: number;
  readonly high: number;
  readonly subtract: number;
  readonly factor: number;
}

/** @param volume HU on the network's grid; `normalise: series` takes mean and standard deviation from it */
export function intensityOf({ low, high, normalise }: Window, volume: Volume): Intensity {
  if (normalise === undefined) return { low, high, subtract: low, factor: 1 / (high - low) };
  const { mean, sd } = normalise === 'series' ? statisticsOf(volume, low, high) : normalise;
  return { low, high, subtract: mean, factor: 1 / sd };
}

const known = new WeakMap<Int16Array, Map<string, { mean: number; sd: number }>>();

/** Computed once for each volume, as tensors are written slice by slice. */
function statisticsOf({ hu }: Volume, low: number, high: number): { mean: number; sd: number } {
  const ofVolume = known.get(hu) ?? new Map<string, { mean: number; sd: number }>();
  known.set(hu, ofVolume);
  const key = `${low} ${high}`;
  const found = ofVolume.get(key);
  if (found !== undefined) return found;
  let [sum, squares] = [0, 0];
  for (const value of hu) {
    const clipped = Math.min(Math.max(value, low), high);
    sum += clipped;
    squares += clipped * clipped;
  }
  const mean = sum / hu.length;
  // A volume with one value only has no deviation: all becomes 0.
  const statistics = { mean, sd: Math.sqrt(Math.max(squares / hu.length - mean * mean, 0)) || 1 };
  ofVolume.set(key, statistics);
  return statistics;
}
