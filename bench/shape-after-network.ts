/**
 * `node bench/shape-after-network.ts BUNDLE ARCHIVE`: what rules of shape after the network change, ROI by ROI, on the
 * patients that the bundle's training set aside: mean DSC without them, and the difference with each, as a Markdown table
 * (docs/validation.md). A rule belongs in a bundle only where it gains 0.005 on five patients or more, as a threshold does.
 */
import type { Roi } from '../src/bundles/manifest.ts';
import { loadConfig } from '../src/config/load.ts';
import { loadBundle } from '../worker/bundles/load-bundle.ts';
import { diceOf, patientsSetAside } from '../worker/evaluation/calibrate-bundle.ts';
import { mean } from '../worker/evaluation/statistics.ts';
import type { Grid } from '../worker/volume/volume.ts';

const [name, archive] = process.argv.slice(2);
if (name === undefined || archive === undefined) throw new Error('needs a bundle and an archive');

interface Rule {
  readonly name: string;
  /** Standard deviation of a Gaussian over the probabilities, mm; 0: none. */
  readonly alongMm?: number;
  readonly inPlaneMm?: number;
  readonly cleanUp?: (rules: Roi['cleanUp']) => Roi['cleanUp'];
}

const rules: readonly Rule[] = [
  { name: 'none' },
  ...[1.5, 3, 4.5].map((alongMm) => ({ name: `smoothed along the body, ${alongMm} mm`, alongMm })),
  ...[1.25, 2.5].map((inPlaneMm) => ({ name: `smoothed in the slice, ${inPlaneMm} mm`, inPlaneMm })),
  { name: 'largest component alone', cleanUp: (kept) => ({ ...kept, largestComponents: 1 }) },
  { name: 'every component', cleanUp: ({ fillHoles }) => ({ minimumComponentCm3: 0, minimumVolumeCm3: 0, fillHoles }) },
  { name: 'no component below 4 cm³', cleanUp: (kept) => ({ ...kept, minimumComponentCm3: 4 }) },
];

/** Gaussian along one axis; the weights beyond the grid's edge are left out. */
function smoothed(values: Uint16Array, size: Grid['size'], axis: 0 | 1 | 2, sigma: number): Uint16Array {
  const step = [1, size[0], size[0] * size[1]][axis]!;
  const length = size[axis];
  const reach = Math.ceil(3 * sigma);
  const weights = Array.from({ length: 2 * reach + 1 }, (_, n) => Math.exp(-((n - reach) ** 2) / (2 * sigma * sigma)));
  const out = new Uint16Array(values.length);
  const sums = Float32Array.from({ length }, (_, at) => {
    let sum = 0;
    for (let d = -reach; d <= reach; d += 1) if (at + d >= 0 && at + d < length) sum += weights[d + reach]!;
    return sum;
  });
  for (let v = 0; v < values.length; v += 1) {
    const at = Math.trunc(v / step) % length;
    let sum = 0;
    for (let d = Math.max(-reach, -at), last = Math.min(reach, length - 1 - at); d <= last; d += 1)
      sum += weights[d + reach]! * values[v + d * step]!;
    out[v] = Math.round(sum / sums[at]!);
  }
  return out;
}

function smooth(values: Uint16Array, grid: Grid, { alongMm = 0, inPlaneMm = 0 }: Rule): Uint16Array {
  const along = alongMm / Math.abs(grid.z[1]! - grid.z[0]!);
  if (along > 0) return smoothed(values, grid.size, 2, along);
  if (inPlaneMm === 0) return values;
  return smoothed(
    smoothed(values, grid.size, 0, inPlaneMm / grid.spacing[0]),
    grid.size,
    1,
    inPlaneMm / grid.spacing[1],
  );
}

const { config } = await loadConfig(undefined);
const loaded = await loadBundle(name, config.models.directory, config.engine);
const { rois } = loaded.bundle.manifest;
const dice = rules.map(() => new Map<string, number[]>(rois.map((roi) => [roi.name, []])));
const options = { archive, patterns: [], batchSize: config.engine.batchSize, onProgress: () => undefined };
for await (const { probabilities, grid, references } of patientsSetAside(loaded, options)) {
  for (const [index, roi] of rois.entries()) {
    const reference = references.get(roi.name);
    if (reference === undefined) continue;
    for (const [n, rule] of rules.entries()) {
      const shaped = { ...roi, cleanUp: rule.cleanUp?.(roi.cleanUp) ?? roi.cleanUp };
      const values = smooth(probabilities.rois[index]!, probabilities.grid, rule);
      dice[n]!.get(roi.name)!.push(diceOf(shaped, { grid: probabilities.grid, rois: [values] }, 0, grid, reference));
    }
  }
}
await loaded.engine.close();

const shown = rois.filter((roi) => dice[0]!.get(roi.name)!.length > 0).map((roi) => roi.name);
console.log(`| rule | ${shown.map((roi) => `${roi} (${dice[0]!.get(roi)!.length})`).join(' | ')} |`);
console.log(`| --- |${' --- |'.repeat(shown.length)}`);
for (const [n, rule] of rules.entries()) {
  const cells = shown.map((roi) => {
    const plain = mean(dice[0]!.get(roi)!);
    const gain = mean(dice[n]!.get(roi)!) - plain;
    return n === 0 ? plain.toFixed(3) : `${gain < 0 ? '-' : '+'}${Math.abs(gain).toFixed(3)}`;
  });
  console.log(`| ${rule.name} | ${cells.join(' | ')} |`);
}
