import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Bundle } from '../../src/bundles/read-bundle.ts';
import { configSchema } from '../../src/config/schema.ts';
import { afterwards } from '../support/afterwards.ts';
import { type OrderOnDisk, orderOnDisk } from '../support/order-on-disk.ts';
import { cylinderWithEllipsoids, grid, writeCtFolder } from '../support/synthetic-ct.ts';
import { type ClinicFile, writeFiles } from '../support/clinic-ct.ts';
import { thresholdBundle } from '../support/threshold-bundle.ts';
import type { EngineSettings } from '../../worker/processes/engine-messages.ts';

export interface Prepared {
  readonly dataDirectory: string;
  readonly ct: string;
  readonly bundle: Bundle;
  readonly modelsDirectory: string;
  readonly order: OrderOnDisk;
  readonly settings: EngineSettings;
}

/**
 * A data directory with one order for destination `TPS`, as the node leaves it, and the bundle that the order names.
 *
 * @param files CT images; default a small cylinder with an ellipsoid
 */
export async function prepared(t: TestContext, files?: readonly ClinicFile[]): Promise<Prepared> {
  const folder = await mkdtemp(join(tmpdir(), 'contour-node-'));
  afterwards(t, () => rm(folder, { recursive: true, force: true }));
  const volume = cylinderWithEllipsoids(grid([64, 64, 12], [4, 4, 3]), { centre: [0, 0], radii: [90, 70] }, [
    { centre: [10, 5, 16], radii: [30, 25, 14] },
  ]);
  const ct =
    files === undefined ? await writeCtFolder(join(folder, 'ct'), volume) : await writeFiles(join(folder, 'ct'), files);
  const bundle = await thresholdBundle(t);
  const dataDirectory = join(folder, 'data');
  const order = await orderOnDisk(dataDirectory, ct, bundle);
  const modelsDirectory = dirname(bundle.directory);
  const { engine, logging } = configSchema.parse({ logging: { level: 'error' }, engine: { threads: 1 } });
  return {
    dataDirectory,
    ct,
    bundle,
    modelsDirectory,
    order,
    settings: {
      dataDirectory,
      modelsDirectory,
      engine,
      logging,
      warmUp: [bundle.manifest.name],
      bundlesMegabytes: 750,
    },
  };
}
