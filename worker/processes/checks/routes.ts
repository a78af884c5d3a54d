import { join } from 'node:path';
import { readBundle } from '../../../src/bundles/read-bundle.ts';
import { planLine, planned } from '../../../src/config/planned-structure-sets.ts';
import { routeBundles } from '../../../src/config/route-bundles.ts';
import type { Config, Route } from '../../../src/config/schema.ts';
import { ContourNodeError } from '../../../src/errors.ts';
import type { Check } from './check.ts';

/** Whether there is a route, and each destination of a route allows its models. */
export function routeChecks(config: Pick<Config, 'routes' | 'destinations' | 'models' | 'recipes'>): Check[] {
  if (config.routes.length === 0) return [{ name: 'routes', run: noRoute }];
  return config.routes.map((route) => ({ name: `route ${route.name}`, run: () => examine(config, route) }));
}

async function noRoute(): Promise<string> {
  throw new ContourNodeError('CONFIG_INVALID', 'no route: every CT would end as unrouted', {
    remedy: 'add a route to the configuration; see config/clinic.yaml',
  });
}

async function examine(
  { destinations, models, recipes }: Pick<Config, 'destinations' | 'models' | 'recipes'>,
  route: Route,
): Promise<string> {
  for (const model of routeBundles(route, { recipes })) {
    const bundle = await readBundle(join(models.directory, model)).catch(() => undefined);
    if (bundle === undefined) continue; // another check reports it
    const { intendedUse } = bundle.manifest;
    for (const destination of destinations.filter(({ name }) => route.destinations.includes(name))) {
      if (destination.allow.includes(intendedUse)) continue;
      throw new ContourNodeError(
        'DESTINATION_NOT_ALLOWED',
        `destination ${destination.name} does not allow ${model}, which is for ${intendedUse}`,
        { remedy: `enter ${intendedUse} under allow of ${destination.name}, or route another model` },
      );
    }
  }
  const own = recipes.filter(({ name }) => name === route.recipe);
  const plans = await planned({ destinations, models, recipes: own, routes: [route] });
  return plans.map(planLine).join('; ');
}
