import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { type Recipe, recipeSchema } from '../../src/config/recipe-schema.ts';
import { product } from '../../src/dicom/affine.ts';
import { readCtFolder } from '../../src/dicom/read-ct-folder.ts';
import { type LoadedBundle, loadBundle } from '../../worker/bundles/load-bundle.ts';
import { type CtFiles, contourCt } from '../../worker/contour-ct.ts';
import { contourRecipe, type ContouredByRecipe } from '../../worker/contour-recipe.ts';
import type { GivenModality } from '../../worker/inference/modality-inputs.ts';
import { rigid } from '../../worker/registration/rigid.ts';
import { StageClock } from '../../worker/stage-clock.ts';
import { brightInMrBundle } from '../support/bright-in-mr.ts';
import { cylinderWithEllipsoids, type Ellipsoid, grid, writeCtFolder } from '../support/synthetic-ct.ts';
import { contourNode } from '../support/run-program.ts';
import { cylinderInMr, headElsewhere, writeMrFolder, writeRegistrationFile } from '../support/synthetic-mr.ts';
import { temporaryFolder } from '../support/threshold-bundle.ts';

const body = { centre: [0, 0], radii: [90, 75] } as const;
/** The registration needs something that both images show. */
const inBoth: readonly Ellipsoid[] = [
  { centre: [20, -10, 18], radii: [25, 20, 14] },
  { centre: [-50, 20, 10], radii: [12, 12, 12] },
];

interface Case {
  readonly ct: CtFiles;
  readonly loaded: readonly [LoadedBundle, LoadedBundle];
  /** How often the start of the registration was asked for. */
  readonly starts: () => number;
}

async function caseOf(t: TestContext): Promise<Case> {
  const folder = await temporaryFolder(t);
  const volume = cylinderWithEllipsoids(grid([128, 128, 19], [1.7, 1.7, 3], [0, 0], -9), body, inBoth);
  const { series, sources } = await readCtFolder([await writeCtFolder(join(folder, 'ct'), volume)]);
  const { image, fromCt } = cylinderInMr(body, inBoth);
  const start = product(rigid([0.1, 0, -0.1], [8, -6, 5]), fromCt);
  let asked = 0;
  const mr: GivenModality = {
    name: 'MR',
    image,
    how: 'rigid',
    get fromCt() {
      asked += 1;
      return start;
    },
  };
  const open = async (mayBeMissing: boolean): Promise<LoadedBundle> => {
    const { directory } = await brightInMrBundle(t, mayBeMissing);
    const loaded = await loadBundle(directory, '.', { name: 'onnxruntime', device: 'cpu', threads: 1 });
    t.after(() => loaded.engine.close());
    return loaded;
  };
  const loaded = [await open(true), await open(false)] as const;
  return { ct: { geometry: series.geometry, files: sources, inputs: [mr] }, loaded, starts: () => asked };
}

const recipe = (...bundles: string[]): Recipe =>
  recipeSchema.parse({
    name: 'protocol',
    structures: bundles.map((bundle) => ({ name: `of-${bundle}`, from: `${bundle}/Bright` })),
  });

const options = () => ({ batchSize: 8, clock: new StageClock() });

function byRecipe({ ct, loaded: [one, two] }: Case, ...bundles: ('one' | 'two')[]): Promise<ContouredByRecipe> {
  return contourRecipe(ct, recipe(...bundles), {
    ...options(),
    open: (name) => Promise.resolve(name === 'one' ? one : two),
    accept: () => undefined,
  });
}

test('each model of a recipe contours with the MR as it does alone, to the same points', async (t) => {
  const one = await caseOf(t);
  const { rois, inputs, beside } = await byRecipe(one, 'one', 'two');
  const alone = [await contourCt(one.ct, one.loaded[0], options()), await contourCt(one.ct, one.loaded[1], options())];
  assert.ok(rois.every(({ slices }) => slices.length > 5));
  assert.deepEqual(
    rois.map(({ slices, volumeCm3 }) => [slices, volumeCm3]),
    alone.map((single) => [single.rois[0]!.slices, single.rois[0]!.volumeCm3]),
  );
  for (const single of alone) assert.deepEqual([inputs, beside], [single.inputs, single.beside]);
});

test('an MR is registered once for a recipe, however many models take it', async (t) => {
  const [single, both] = [await caseOf(t), await caseOf(t)];
  await byRecipe(single, 'one');
  await byRecipe(both, 'one', 'two');
  assert.ok(single.starts() > 0);
  assert.equal(both.starts(), single.starts());
});

test('recipe check --ct takes MR and registration that lie with the CT, as contour --model does', async (t) => {
  const folder = await temporaryFolder(t);
  const volume = cylinderWithEllipsoids(grid([128, 128, 19], [1.7, 1.7, 3], [0, 0], -9), body, []);
  const ct = join(folder, 'in');
  await writeCtFolder(ct, volume);
  await writeMrFolder(join(ct, 'mr'), cylinderInMr(body, inBoth).image);
  const registration = join(ct, 'registration.dcm');
  await writeRegistrationFile(registration, headElsewhere);
  const { directory } = await brightInMrBundle(t);
  const config = join(folder, 'protocol.yaml');
  await writeFile(
    config,
    `models: { directory: ${JSON.stringify(join(directory, '..'))} }
recipes:
  - name: protocol
    structures: [{ name: Bright, from: bright-in-mr/Bright }]
    inputs: { MR: { required: true } }
`,
  );
  const shown = (run: { code: number | null; stdout: string; stderr: string }) => {
    assert.equal(run.code, 0, run.stderr);
    const { rois, inputs, warnings } = JSON.parse(run.stdout) as Record<string, unknown>;
    return { rois, inputs, warnings };
  };
  const check = (out: string) =>
    contourNode('recipe', 'check', config, '--ct', ct, '--out', join(folder, out), '--json');
  const byModel = shown(
    await contourNode('contour', ct, '--model', directory, '--out', join(folder, 'model.dcm'), '--json'),
  );
  assert.match(JSON.stringify(byModel.inputs), /"used":true,"how":"registration"/);
  assert.deepEqual(shown(await check('recipe.dcm')), byModel);

  await rm(registration);
  const without = await check('without.dcm');
  assert.equal(without.code, 1);
  assert.match(without.stderr, /recipe protocol requires MR, and none lies beside the CT/);
});
