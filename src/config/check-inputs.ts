import { join } from 'node:path';
import { readBundle } from '../bundles/read-bundle.ts';
import { takenInputs } from '../bundles/taken-inputs.ts';
import { bundlesOf } from './recipe-schema.ts';
import { isRegularExpression } from './regular-expression.ts';
import { routeBundles } from './route-bundles.ts';
import type { InputRules } from './route-inputs.ts';
import type { Config } from './schema.ts';

interface InputProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Patterns that cannot be read, and a route that does without what its recipe requires. */
export function* checkInputs({ routes, recipes }: Pick<Config, 'routes' | 'recipes'>): Generator<InputProblem> {
  for (const [i, { inputs }] of recipes.entries()) yield* patterns(['recipes', i, 'inputs'], inputs);
  for (const [i, { recipe: by, inputs = {} }] of routes.entries()) {
    yield* patterns(['routes', i, 'inputs'], inputs);
    const recipe = recipes.find(({ name }) => name === by);
    for (const [input, { required }] of Object.entries(inputs)) {
      if (required || recipe?.inputs?.[input]?.required !== true) continue;
      const message = `recipe ${recipe.name} requires ${input}, and an entry of the route replaces that of the recipe: add required: true, or leave ${input} to the recipe`;
      yield { path: ['routes', i, 'inputs', input, 'required'], message };
    }
  }
}

function* patterns(path: InputProblem['path'], inputs: InputRules = {}): Generator<InputProblem> {
  for (const [input, { match }] of Object.entries(inputs)) {
    for (const key of ['seriesDescription', 'sequenceName'] as const) {
      if (match[key] !== undefined && !isRegularExpression(match[key]))
        yield { path: [...path, input, 'match', key], message: 'no regular expression' };
    }
  }
}

/**
 * An input of a recipe or a route that none of its bundles takes: a CT would wait for it in vain. Where a bundle cannot be
 * read nothing is said.
 */
export async function* checkTaken(config: Pick<Config, 'routes' | 'recipes' | 'models'>): AsyncGenerator<InputProblem> {
  const { directory } = config.models;
  for (const [i, recipe] of config.recipes.entries())
    yield* notTaken(['recipes', i, 'inputs'], recipe.inputs, bundlesOf(recipe), directory);
  for (const [i, route] of config.routes.entries())
    yield* notTaken(['routes', i, 'inputs'], route.inputs, routeBundles(route, config), directory);
}

async function* notTaken(
  path: InputProblem['path'],
  inputs: InputRules = {},
  bundles: readonly string[],
  directory: string,
): AsyncGenerator<InputProblem> {
  if (Object.keys(inputs).length === 0) return;
  const taken = new Set<string>();
  for (const name of bundles) {
    const names = await readBundle(join(directory, name)).then(takenInputs, () => undefined);
    if (names === undefined) return;
    for (const one of names) taken.add(one);
  }
  for (const input of Object.keys(inputs)) {
    if (taken.has(input)) continue;
    const there = taken.size === 0 ? 'none' : [...taken].join(', ');
    const instead = bundles.length === 0 ? '' : `; inputs of ${bundles.join(', ')}: ${there}`;
    yield { path: [...path, input], message: `no bundle takes it${instead}` };
  }
}
