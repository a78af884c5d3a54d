import { readdir } from 'node:fs/promises';
import type { Config } from '../config/schema.ts';

/** The choices for an order by hand: bundles by the name of their folder, configured recipes and destinations. */
export interface OperatorTargets {
  readonly bundles: readonly string[];
  readonly recipes: readonly string[];
  readonly destinations: readonly string[];
}

export async function operatorTargets({ models, recipes, destinations }: Config): Promise<OperatorTargets> {
  const entries = await readdir(models.directory, { withFileTypes: true }).catch(() => []);
  return {
    bundles: entries
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .toSorted(),
    recipes: recipes.map(({ name }) => name),
    destinations: destinations.map(({ name }) => name),
  };
}
