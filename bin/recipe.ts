import { parseArgs } from 'node:util';
import { checkNames, recipeWarnings } from '../src/config/check-recipes.ts';
import { loadConfig } from '../src/config/load.ts';
import type { Recipe, RecipeStructure } from '../src/config/recipe-schema.ts';
import { planLine, planned } from '../src/config/planned-structure-sets.ts';
import { recipeDestination } from '../src/config/recipe-destination.ts';
import type { Config } from '../src/config/schema.ts';
import { ContourNodeError } from '../src/errors.ts';
import { type LoadedBundle, loadBundle } from '../worker/bundles/load-bundle.ts';
import { contourFolderByRecipe, type ContouredFolder } from '../worker/contour-folder.ts';
import { sayInt8Refused } from './shared/int8-refused.ts';
import { checkOutputs, forceHelp, forceOption } from './shared/new-output.ts';
import { stagedProgress } from './shared/progress.ts';
import { usedLine } from './shared/used-line.ts';

export const summary = 'check the recipes of a configuration, and try one on a CT';

export const help = `usage: contour-node recipe check FILE [--ct DIR --out F.dcm] [options]

Reads a configuration with recipes, says what is wrong with them in one line, and lists the structures in the order in
which the TPS gets them. With --ct it runs one recipe on a CT and writes the structure set, as the first destination of
its route wants it. Models that see an MR beside the CT take the one in that folder that the CT's frame of reference, or
a registration (REG) there, leads to, whatever \`match\` of the recipe says.

  --name R        the recipe; needed where the file has several
  --ct DIR        a CT series, with MR and registration or without
  --out F.dcm     structure set to write; with --ct
  --pictures DIR  also pictures of the key slices: contact-sheet.png, axial.png, coronal.png, sagittal.png
  --nifti DIR     also a mask per structure on the CT grid
  --force         ${forceHelp}
  --json          one JSON document on standard output

examples:
  contour-node recipe check config/recipes/head-neck.yaml
  contour-node recipe check config/recipes/npc.yaml --ct ./ct --out npc.dcm --pictures pictures`;

export async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      name: { type: 'string' },
      ct: { type: 'string' },
      out: { type: 'string' },
      pictures: { type: 'string' },
      nifti: { type: 'string' },
      json: { type: 'boolean', default: false },
      ...forceOption,
    },
  });
  const [action, file, ...rest] = positionals;
  if (action !== 'check' || file === undefined || rest.length > 0)
    throw new ContourNodeError('USAGE', 'recipe needs: check FILE');
  if ((values.ct === undefined) !== (values.out === undefined))
    throw new ContourNodeError('USAGE', '--ct and --out go together');
  const { nifti, pictures } = values;
  await checkOutputs({ out: values.out, nifti, pictures }, values.force);
  const { config } = await loadConfig(file);
  const recipes =
    values.name === undefined ? config.recipes : config.recipes.filter(({ name }) => name === values.name);
  if (recipes.length === 0) {
    const which = values.name === undefined ? 'no recipe' : `no recipe '${values.name}'`;
    throw new ContourNodeError('USAGE', `${which} in ${file}`);
  }
  const { ct, out } = values;
  if (ct === undefined || out === undefined) {
    if (values.json) console.log(JSON.stringify(recipes, undefined, 2));
    else for (const recipe of recipes) await print(recipe, config);
    return;
  }
  const [recipe, ...others] = recipes as [Recipe, ...Recipe[]];
  if (others.length > 0) throw new ContourNodeError('USAGE', `${file} has several recipes: --name says which`);
  if (!values.json) await print(recipe, config);
  await tryOn(ct, out, recipe, config, values);
}

async function tryOn(
  ct: string,
  out: string,
  recipe: Recipe,
  config: Config,
  values: { pictures?: string; nifti?: string; json: boolean },
): Promise<void> {
  const opened: LoadedBundle[] = [];
  const open = async (name: string): Promise<LoadedBundle> => {
    const loaded = await loadBundle(name, config.models.directory, config.engine);
    opened.push(loaded);
    sayInt8Refused(loaded);
    return loaded;
  };
  const bars = stagedProgress({ quiet: values.json });
  try {
    const result = await contourFolderByRecipe([ct], recipe, open, recipeDestination(recipe, config), {
      out,
      encoding: 'implicit',
      pictures: values.pictures,
      nifti: values.nifti,
      config,
      now: new Date(),
      progress: bars.update,
    });
    bars.end();
    if (values.json) console.log(JSON.stringify({ recipe: recipe.name, ...result }, undefined, 2));
    else printResult(result);
  } finally {
    bars.end();
    for (const { engine } of opened) await engine.close();
  }
}

async function print(recipe: Recipe, config: Config): Promise<void> {
  for (const { message } of [...recipeWarnings(recipe), ...checkNames(recipe, recipeDestination(recipe, config))])
    console.error(`warning: ${message}`);
  console.log(`recipe ${recipe.name}${recipe.description === '' ? '' : `: ${recipe.description}`}`);
  for (const [index, structure] of recipe.structures.entries())
    console.log(`${String(index + 1).padStart(3)} ${structure.name.padEnd(16)} ${origin(structure)}`);
  for (const [name, { required }] of Object.entries(recipe.inputs ?? {}))
    console.log(`    ${name.padEnd(16)} beside the CT${required ? ', required' : ''}`);
  const routes = config.routes.filter((route) => route.recipe === recipe.name);
  for (const plan of await planned({ ...config, recipes: [recipe], routes }))
    if (plan.route !== undefined) console.log(`route ${plan.route}, ${planLine(plan)}`);
}

function origin({ from, formula, need, deliver }: RecipeStructure): string {
  const what = formula === undefined ? `from ${from}` : `= ${formula}`;
  return [what, ...(need === 'required' ? ['required'] : []), ...(deliver ? [] : ['not delivered'])].join(', ');
}

function printResult({ slices, inputs, rois, warnings, timings, files }: ContouredFolder): void {
  for (const { severity, code, text } of warnings) console.error(`${severity} ${code}: ${text}`);
  for (const input of inputs) if (input.used) console.log(usedLine(input));
  console.log(`${'structure'.padEnd(18)} ${'cm³'.padStart(8)} ${'slices'.padStart(7)} ${'pieces'.padStart(7)}`);
  for (const { name, found, volumeCm3, slices: on, components } of rois) {
    const figures = [volumeCm3.toFixed(1).padStart(8), String(on).padStart(7), String(components).padStart(7)];
    console.log(`${name.padEnd(18)} ${found ? figures.join(' ') : 'not found'}`);
  }
  const seconds = timings.reduce((sum, timing) => sum + timing.seconds, 0);
  console.log(`${slices} slices in ${seconds.toFixed(1)} s`);
  for (const file of files) console.log(file);
}
