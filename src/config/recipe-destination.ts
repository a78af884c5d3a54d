import type { Recipe } from './recipe-schema.ts';
import { type Config, type Destination, destinationSchema } from './schema.ts';

/** The first destination of the recipe's route, else one with the defaults. */
export function recipeDestination(
  { name }: Pick<Recipe, 'name'>,
  { routes, destinations }: Pick<Config, 'routes' | 'destinations'>,
): Destination {
  const route = routes.find(({ recipe, destinations: to }) => recipe === name && to.length > 0);
  const first = destinations.find((one) => one.name === route?.destinations[0]);
  return first ?? destinationSchema.parse({ name: 'default', peer: 'none' });
}
