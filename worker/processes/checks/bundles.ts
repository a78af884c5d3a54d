import { listBundles } from '../../../src/bundles/read-bundle.ts';
import { routeBundles } from '../../../src/config/route-bundles.ts';
import type { Config } from '../../../src/config/schema.ts';
import { ContourNodeError } from '../../../src/errors.ts';
import { enginesText, int8Refusals, loadBundle } from '../../bundles/load-bundle.ts';
import type { Check } from './check.ts';

/** Whether each bundle of a route or in models.directory has its digests and gives its golden output on this machine. */
export async function bundleChecks(config: Pick<Config, 'models' | 'engine' | 'routes' | 'recipes'>): Promise<Check[]> {
  const { directory } = config.models;
  const routed = config.routes.flatMap((route) => routeBundles(route, config));
  const names = [...new Set([...routed, ...(await listBundles(directory))])];
  if (names.length === 0) return [{ name: 'bundles', run: () => noBundle(directory) }];
  return names.map((name) => ({ name: `bundle ${name}`, run: () => examine(config, name) }));
}

async function examine({ models, engine }: Pick<Config, 'models' | 'engine'>, name: string): Promise<string> {
  const loaded = await loadBundle(name, models.directory, engine);
  await loaded.engine.close();
  const [refused] = int8Refusals(loaded);
  if (refused !== undefined) throw refused;
  const { version, intendedUse } = loaded.bundle.manifest;
  return `${version}, ${intendedUse}, golden output reproduced by ${enginesText(loaded)}`;
}

async function noBundle(directory: string): Promise<string> {
  throw new ContourNodeError('MODEL_NOT_FOUND', `no model bundle in ${directory}`, {
    remedy: 'train one or copy one there; models.directory is their folder',
  });
}
