import { ContourNodeError } from '../../src/errors.ts';
import type { WorkOrder } from '../../src/work/work-order.ts';
import type { LoadedBundle } from '../bundles/load-bundle.ts';

export interface EngineOpener {
  /** Opens a bundle of the order in the engine of the order; the caller keeps it loaded. */
  readonly openEngine: (bundle: WorkOrder['bundle'], engine: WorkOrder['engine']) => Promise<LoadedBundle>;
}

/** @throws ContourNodeError BUNDLE_DIGEST another bundle is installed than the one ordered; what opening it throws */
export async function openOrdered(
  wanted: WorkOrder['bundle'],
  { engine }: Pick<WorkOrder, 'engine'>,
  options: EngineOpener,
): Promise<LoadedBundle> {
  const loaded = await options.openEngine(wanted, engine);
  if (loaded.bundle.digest !== wanted.digest) {
    const { name, version } = wanted;
    throw new ContourNodeError(
      'BUNDLE_DIGEST',
      `the order names a bundle ${name} ${version} with another digest than the installed one`,
      {
        remedy: 'install that bundle again, or retry the series to contour it with the installed one',
      },
    );
  }
  return loaded;
}
