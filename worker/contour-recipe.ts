import type { BundleManifest } from '../src/bundles/manifest.ts';
import { leastUse, recipeVersion } from '../src/config/recipe-origin.ts';
import { bundlesOf, type Recipe } from '../src/config/recipe-schema.ts';
import type { Warning } from '../src/warning.ts';
import type { LoadedBundle } from './bundles/load-bundle.ts';
import { type ContouredCt, type ContourOptions, contourVolume, type CtFiles, readCt } from './contour-ct.ts';
import { ImagesBesideCt } from './inference/modality-inputs.ts';
import { type FoundByBundle, recipeRois } from './structure-set/recipe-rois.ts';
import { recipeWarnings } from './structure-set/recipe-warnings.ts';
import type { SetOrigin } from './structure-set/model-texts.ts';
import { findBody } from './volume/body.ts';

export interface RecipeOptions extends ContourOptions {
  /** A bundle of the recipe with its engine; asked for one after the other, when it is its turn. */
  readonly open: (name: string) => Promise<LoadedBundle>;
  /** Whether the CT is one that the bundle takes: throws where it is not. */
  readonly accept: (manifest: BundleManifest) => void;
}

export interface ContouredByRecipe extends ContouredCt {
  /** What the structure set says of its origin. */
  readonly bundle: { readonly manifest: SetOrigin; readonly digest: string };
}

/**
 * A checked CT series and a recipe to contours: the CT is read once, and what is seen beside it registered once; the bundles
 * run one after the other, then come body, couch and what is derived.
 * @throws ContourNodeError as contourCt, and what `open` and `accept` throw
 */
export async function contourRecipe(ct: CtFiles, recipe: Recipe, options: RecipeOptions): Promise<ContouredByRecipe> {
  const { clock } = options;
  const volume = await readCt(ct, clock);
  const body = await clock.run('body', () => findBody(volume));
  const images = new ImagesBesideCt(ct.inputs ?? [], volume, body);
  const found = new Map<string, FoundByBundle>();
  const used: LoadedBundle['bundle'][] = [];
  const warnings: Warning[] = [];
  const inputs = new Map<string, ContouredCt['inputs'][number]>();
  const beside = new Map<string, ContouredCt['beside'][number]>();
  const networks: ContouredCt['networks'][number][] = [];
  for (const name of bundlesOf(recipe)) {
    const loaded = await options.open(name);
    const { manifest } = loaded.bundle;
    options.accept(manifest);
    const contoured = await contourVolume(volume, loaded, options, { body, images });
    found.set(name, { manifest, rois: contoured.rois });
    warnings.push(...contoured.ctWarnings.map(({ code, text }) => ({ code, text: `${text} (${manifest.name})` })));
    for (const input of contoured.inputs) inputs.set(input.name, input);
    for (const image of contoured.beside) beside.set(image.name, image);
    networks.push(...contoured.networks);
    used.push(loaded.bundle);
  }
  const rois = await clock.run('contours', () => {
    const made = recipeRois(recipe, found, volume);
    const own = recipeWarnings(recipe, made, volume.grid);
    return made.rois.map((roi) => ({
      ...roi,
      warnings: [...roi.warnings, ...own.filter(({ name }) => name === roi.roi.name)].map(({ code, text }) => ({
        code,
        text,
      })),
    }));
  });
  const bundle = recipeOrigin(recipe, used);
  const seen = { inputs: [...inputs.values()], beside: [...beside.values()], networks };
  return { volume, body, rois, ...seen, ctWarnings: warnings, bundle };
}

/** What a structure set by a recipe says of its origin. */
export function recipeOrigin(recipe: Recipe, bundles: readonly LoadedBundle['bundle'][]): ContouredByRecipe['bundle'] {
  const { digest, version } = recipeVersion(recipe, bundles);
  const manifests = bundles.map(({ manifest }) => manifest);
  const models = manifests.map((manifest) => `${manifest.name} ${manifest.version}`);
  return { digest, manifest: { name: recipe.name, version, intendedUse: leastUse(manifests), models } };
}
