import { bundlesOf } from './recipe-schema.ts';
import type { Config, Route } from './schema.ts';

/** The bundles that a route takes: those under models, or those of its recipe. */
export function routeBundles(route: Route, { recipes }: Pick<Config, 'recipes'>): readonly string[] {
  const recipe = recipes.find(({ name }) => name === route.recipe);
  return recipe === undefined ? route.models : bundlesOf(recipe);
}
