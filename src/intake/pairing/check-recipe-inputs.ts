import type { Recipe } from '../../config/recipe-schema.ts';
import { type InputRules, routeInputs } from '../../config/route-inputs.ts';
import type { Config } from '../../config/schema.ts';
import { ContourNodeError } from '../../errors.ts';
import type { SeriesRecord } from '../../store/series-record.ts';
import type { Store } from '../../store/store.ts';
import type { InputImage } from '../../work/input-image.ts';
import { fits } from './match-input.ts';
import { ctAlone } from './pair-input.ts';

/**
 * Whether a revision was paired with what a recipe wants. An order by hand may name another recipe than that of the CT's
 * route, by which the revision was paired.
 *
 * @param inputs of the newest revision
 * @throws ContourNodeError STATE_CONFLICT what the recipe requires is missing, or it is another MR than the recipe takes
 */
export function checkRecipeInputs(
  { store, config }: { readonly store: Pick<Store, 'anyImage'>; readonly config: Config },
  recipe: Recipe,
  { revision, route, chosenInputs }: Pick<SeriesRecord, 'revision' | 'route' | 'chosenInputs'>,
  inputs: readonly InputImage[],
): void {
  for (const [name, { required, match }] of Object.entries(rulesOf(recipe, route, config))) {
    const image = inputs.find((one) => one.name === name);
    if (image === undefined) {
      if (required && chosenInputs?.[name] !== ctAlone)
        throw conflict(`recipe ${recipe.name} requires ${name}, and revision ${revision} was made without`);
      continue;
    }
    const mr = store.anyImage(image.series)?.image.mr;
    if (mr !== undefined && !fits(match, mr))
      throw conflict(`the ${name} of revision ${revision} is none that recipe ${recipe.name} takes`);
  }
}

function rulesOf(recipe: Recipe, route: string | undefined, config: Config): InputRules {
  const own = config.routes.find(({ name }) => name === route);
  return own?.recipe === recipe.name ? routeInputs(own, config) : (recipe.inputs ?? {});
}

function conflict(words: string): ContourNodeError {
  return new ContourNodeError('STATE_CONFLICT', words, {
    remedy: 'route such a CT by this recipe, or order by another one',
  });
}
