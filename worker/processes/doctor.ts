import type { Config } from '../../src/config/schema.ts';
import { asContourNodeError } from '../../src/errors.ts';
import { acceleratorCheck } from './checks/accelerator.ts';
import { bundleChecks } from './checks/bundles.ts';
import type { Check } from './checks/check.ts';
import { clockCheck } from './checks/clock.ts';
import { dataDirectoryCheck } from './checks/data-directory.ts';
import { engineChecks } from './checks/engines.ts';
import { poolChecks } from './checks/pool.ts';
import { peerChecks } from './checks/peers.ts';
import { portChecks } from './checks/ports.ts';
import { redisCheck } from './checks/redis.ts';
import { routeChecks } from './checks/routes.ts';
import { tlsChecks } from './checks/tls.ts';

/** One line of `doctor`. */
export interface CheckResult {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
  /** What to do, where it is not ok. */
  readonly remedy?: string;
}

/** Checks everything that the node needs, one result after the other; never throws. */
export async function* examine(config: Config): AsyncGenerator<CheckResult> {
  for (const { name, run } of await checks(config)) {
    try {
      yield { check: name, ok: true, detail: await run() };
    } catch (error) {
      const { code, message, remedy } = asContourNodeError(error);
      yield { check: name, ok: false, detail: `${code}: ${message}`, remedy };
    }
  }
}

async function checks(config: Config): Promise<Check[]> {
  // A pool has neither Redis nor a DICOM side.
  if (config.worker.nodes.length > 0)
    return [acceleratorCheck(config), ...engineChecks(config), ...(await bundleChecks(config)), ...poolChecks(config)];
  return [
    dataDirectoryCheck(config),
    redisCheck(config),
    clockCheck(config),
    ...portChecks(config),
    acceleratorCheck(config),
    ...engineChecks(config),
    ...(await bundleChecks(config)),
    ...routeChecks(config),
    ...tlsChecks(config),
    ...peerChecks(config),
    ...poolChecks(config),
  ];
}
