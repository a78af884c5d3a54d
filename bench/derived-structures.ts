/**
 * Processor time of everything in a recipe that needs no network, for a CT of 120 slices of 512 x 512: body, couch, formulas,
 * contours. The model's structures are the truth of a phantom. `node bench/derived-structures.ts [RECIPES.yaml]`; the
 * first run compiles and does not count.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { roiSchema } from '../src/bundles/manifest.ts';
import { parseConfig } from '../src/config/load.ts';
import { bundleRoi } from '../src/config/recipe-schema.ts';
import { maskOf, trimmed, wholeGrid } from '../worker/structure-set/derived/part.ts';
import { recipeRois, type FoundByBundle } from '../worker/structure-set/recipe-rois.ts';
import { recipeWarnings } from '../worker/structure-set/recipe-warnings.ts';
import { generatePhantom } from '../worker/phantom/generate-phantom.ts';

const runs = 7;
const file = process.argv[2] ?? fileURLToPath(new URL('../config/recipes/npc.yaml', import.meta.url));
const [recipe] = parseConfig(await readFile(file, 'utf8'), file).recipes;
const { volume, truth } = generatePhantom(7, { slices: 120 });
const found = new Map<string, FoundByBundle>();
for (const structure of recipe!.structures) {
  const wanted = bundleRoi(structure);
  const mask = truth.find(({ name }) => name === wanted?.roi)?.mask;
  if (wanted === undefined || mask === undefined) continue;
  const roi = roiSchema.parse({ name: wanted.roi, interpretedType: 'ORGAN', colour: [0, 0, 0] });
  const judged = { roi, slices: [], volumeCm3: 0, components: 1, touchesFieldOfView: false, warnings: [] };
  const bundle = found.get(wanted.bundle) ?? { manifest: { name: wanted.bundle, version: '1.0.0' }, rois: [] };
  // As a model leaves it: on a box of its own.
  const part = trimmed({ ...wholeGrid(volume.grid), voxels: mask.voxels });
  const [column, row, slice] = part.low;
  const rois = [...bundle.rois, { ...judged, part: { mask: maskOf(part, volume.grid), column, row, slice } }];
  found.set(wanted.bundle, { ...bundle, rois });
}
const seconds: number[] = [];
for (let run = 0; run <= runs; run += 1) {
  const before = process.cpuUsage();
  recipeWarnings(recipe!, recipeRois(recipe!, found, volume), volume.grid);
  const { user, system } = process.cpuUsage(before);
  if (run > 0) seconds.push((user + system) / 1e6);
}
const [median] = seconds.toSorted((a, b) => a - b).slice(runs >> 1);
console.log(
  `${recipe!.name}: ${median!.toFixed(2)} s of processor time (${seconds.map((one) => one.toFixed(2)).join(', ')})`,
);
