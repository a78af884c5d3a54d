import type { SliceManifest } from '../../src/bundles/manifest.ts';
import type { Volume } from './volume.ts';

type Window = SliceManifest['input']['windows'][number];

/** What a window makes of HU: (clipped to [low, high] - subtract) * factor. */
export interface Intensity {
  readonly low: number;
  readonly high: number;
  readonly subtract: number;
  readonly factor: number;
}

/** @param volume HU on the network's grid: what `normalise: series` takes mean and standard deviation of */
export function intensityOf({ low, high, normalise }: Window, volume: Volume): Intensity {
  if (normalise === undefined) return { low, high, subtract: low, factor: 1 / (high - low) };
  const { mean, sd } = normalise === 'series' ? statisticsOf(volume, low, high) : normalise;
  return { low, high, subtract: mean, factor: 1 / sd };
}

const known = new WeakMap<Int16Array, Map<string, { mean: number; sd: number }>>();

/** Once for each volume: a tensor is written slice by slice. */
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
  // A volume of one value has no spread: it becomes 0.
  const statistics = { mean, sd: Math.sqrt(Math.max(squares / hu.length - mean * mean, 0)) || 1 };
  ofVolume.set(key, statistics);
  return statistics;
}
