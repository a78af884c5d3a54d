import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HttpConfig } from '../../src/config/http-schema.ts';
import { type Config, configSchema } from '../../src/config/schema.ts';
import { findInstances } from '../../src/dimse/scu/find-instances.ts';
import { storeInstances } from '../../src/dimse/scu/storage-scu.ts';
import { ContourLeases } from '../../src/jobs/contour-leases.ts';
import { type RunningNode, startNode } from '../../src/node.ts';
import { ordersForRemoteWorkers } from '../../worker/remote/remote-orders.ts';
import { writePhantom } from '../../worker/phantom/write-phantom.ts';
import { openQueues, runningRedis, type RunningRedis, silentLog } from '../jobs/running-redis.ts';
import { afterwards } from '../support/afterwards.ts';
import type { Cleanup } from '../support/cleanup.ts';
import { freePort } from '../support/free-port.ts';

export interface NodeOverHttp {
  readonly node: RunningNode;
  readonly config: Config;
  readonly redis: RunningRedis;
  /** Sends a small phantom CT by C-STORE. */
  send(seed: number): Promise<void>;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  post(path: string, init?: RequestInit): Promise<Response>;
}

/**
 * A node in this process, with a real Redis; every CT that it gets ends as `unrouted`.
 *
 * @param http users, tokens and the like; none: everybody on this machine is the operator
 * @param options.config further sections of the configuration
 * @param options.prepare fills the data directory before the node starts
 */
export async function nodeOverHttp(
  t: Cleanup,
  http: Partial<HttpConfig> = {},
  options: { config?: object; prepare?: (dataDirectory: string) => void } = {},
): Promise<NodeOverHttp> {
  const redis = await runningRedis(t);
  const port = await freePort();
  const config = configSchema.parse({
    dataDirectory: redis.directory,
    dicom: { host: '127.0.0.1', port },
    http: { ...http, port: 0 },
    intake: { quietPeriodSeconds: 0 },
    ...options.config,
  });
  options.prepare?.(config.dataDirectory);
  const queues = await openQueues(t, redis.address, ['pinnacle', ...config.destinations.map(({ name }) => name)]);
  const leases = new ContourLeases({ address: redis.address, prefix: 'test', log: silentLog });
  afterwards(t, () => leases.close());
  const remote = { leases, orders: ordersForRemoteWorkers(config) };
  const node = await startNode({ config, digest: '0'.repeat(64), source: 'test' }, { log: silentLog, queues, remote });
  afterwards(t, () => node.close());
  return {
    node,
    config,
    redis,
    get: (path, headers = {}) => fetch(node.httpUrl + path, { headers }),
    post: (path, init = {}) => fetch(node.httpUrl + path, { method: 'POST', ...init }),
    send: async (seed) => {
      const folder = await mkdtemp(join(tmpdir(), 'contour-node-ct-'));
      afterwards(t, () => rm(folder, { recursive: true }));
      await writePhantom(folder, seed, { size: 64, slices: 24 });
      const { instances } = await findInstances([join(folder, 'ct')]);
      await storeInstances({ aeTitle: 'CONTOUR', host: '127.0.0.1', port }, instances, {
        callingAe: 'SCANNER',
        timeoutSeconds: 20,
      });
    },
  };
}
