import type { InputRule } from './input-schema.ts';
import type { Config, Route } from './schema.ts';

/** By the name of the input. */
export type InputRules = Readonly<Record<string, InputRule>>;

/**
 * What the CTs of a route are seen with: what its recipe says and what the route itself says, the latter where both name an
 * input. `checkInputs` refuses a route that does without what its recipe requires.
 */
export function routeInputs(
  { recipe, inputs }: Pick<Route, 'recipe' | 'inputs'>,
  { recipes }: Pick<Config, 'recipes'>,
): InputRules {
  return { ...recipes.find(({ name }) => name === recipe)?.inputs, ...inputs };
}

/** Whether the CTs of any route are seen with something. */
export function wantsInputs(config: Pick<Config, 'routes' | 'recipes'>): boolean {
  return config.routes.some((route) => Object.keys(routeInputs(route, config)).length > 0);
}
