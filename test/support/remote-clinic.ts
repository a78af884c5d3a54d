import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/schema.ts';
import { apiTokenHash, newApiToken } from '../../src/http/access/api-token.ts';
import { ContourLeases } from '../../src/jobs/contour-leases.ts';
import { startEmbeddedRedis } from '../../src/jobs/embedded-redis.ts';
import { connectQueues } from '../../src/jobs/queues.ts';
import type { QueueKind } from '../../src/jobs/queue-names.ts';
import { createLog, type Log } from '../../src/log.ts';
import { type RunningNode, startNode } from '../../src/node.ts';
import type { SeriesSummary } from '../../src/store/series.ts';
import { type PickyTps, startPickyTps } from '../../worker/demo/picky-tps.ts';
import { type RunningWorker, startWorker } from '../../worker/processes/worker.ts';
import { type LeaseEnd } from '../../worker/remote/run-lease.ts';
import { ordersForRemoteWorkers } from '../../worker/remote/remote-orders.ts';
import { startRemoteWorker } from '../../worker/remote/remote-worker.ts';
import { stringify } from 'yaml';
import { afterwards } from './afterwards.ts';
import type { Cleanup } from './cleanup.ts';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';
import { checkout, runProgram } from './run-program.ts';
import { plainState } from './running-node.ts';

export interface RemoteClinic {
  readonly folder: string;
  readonly config: Config;
  readonly node: RunningNode;
  readonly tps: PickyTps;
  readonly httpPort: number;
  /** File with a token of the role worker. */
  readonly tokenFile: string;
  /** Everything that was logged. */
  log(): string;
  send(files: readonly string[]): Promise<void>;
  list(): readonly SeriesSummary[];
  delivered(count: number, seconds?: number): Promise<void>;
  /** Ends the node as a whole and starts it again on the same directory and port. */
  restart(): Promise<void>;
  /** Answers to the API of an operator. */
  ask(path: string, init?: RequestInit): Promise<Response>;
  metrics(): Promise<string>;
}

const models = join(checkout, 'models');

/**
 * A node with a TPS in this process. Its own worker takes the queues given: without `contour` it is up to remote workers.
 * @param sections laid over the configuration
 */
export async function remoteClinic(
  t: Cleanup,
  {
    queues: kinds = ['deliver'],
    sections = {},
    ct,
    leaseSeconds,
  }: {
    queues?: QueueKind[];
    sections?: Record<string, object>;
    ct?: string;
    /** Shorter than usual. */
    leaseSeconds?: number;
  } = {},
): Promise<RemoteClinic> {
  const folder = await mkdtemp(join(tmpdir(), 'contour-node-remote-'));
  afterwards(t, () => rm(folder, { recursive: true, force: true }));
  const tps = await startPickyTps({ directory: join(folder, 'tps'), ...(ct !== undefined && { ct }) });
  afterwards(t, () => tps.close());
  const [token, operator] = [newApiToken(), newApiToken()];
  const tokenFile = join(folder, 'token');
  await writeFile(tokenFile, `${token}\n`);
  const { http = {}, ...others } = sections;
  const config = parseConfig(
    stringify({
      dataDirectory: join(folder, 'data'),
      dicom: { host: '127.0.0.1', port: await freePort() },
      http: {
        port: await freePort(),
        tokens: [
          { name: 'pool', role: 'worker', hash: apiTokenHash(token) },
          { name: 'test', role: 'operator', hash: apiTokenHash(operator) },
        ],
        ...http,
      },
      intake: { quietPeriodSeconds: 1 },
      models: { directory: models },
      peers: [{ name: 'tps', aeTitle: tps.aeTitle, host: '127.0.0.1', port: tps.port }],
      destinations: [{ name: 'tps', peer: 'tps', allow: ['demonstration'] }],
      routes: [{ name: 'all', models: ['phantom-gtvp'], destinations: ['tps'] }],
      ...others,
    }),
    'test.yaml',
  );
  let output = '';
  const log = createLog({ logging: { level: 'info' } }, 'test', { write: (line: string) => void (output += line) });
  const redis = await startEmbeddedRedis(config.dataDirectory, log);
  afterwards(t, () => redis.stop());
  const address = { label: 'test', options: { path: redis.path } };
  const atRedis = { address, prefix: config.redis.queuePrefix, log };

  const startAll = async (): Promise<{ node: RunningNode; close: () => Promise<void> }> => {
    const queues = connectQueues({ ...atRedis, destinations: config.destinations.map(({ name }) => name) });
    const leases = new ContourLeases({ ...atRedis, ...(leaseSeconds !== undefined && { seconds: leaseSeconds }) });
    const loaded = { config, digest: '0'.repeat(64), source: 'test' };
    const node = await startNode(loaded, { log, queues, remote: { leases, orders: ordersForRemoteWorkers(config) } });
    return {
      node,
      close: async () => {
        await node.close();
        await leases.close();
        await queues.close();
      },
    };
  };
  let running = await startAll();
  afterwards(t, () => running.close());
  const worker = startWorker(config, { queues: kinds, address, log });
  afterwards(t, () => worker.close(1));
  await worker.ready;
  const list = () => running.node.series.list({ limit: 1000 });
  const ask = (path: string, init: RequestInit = {}) => {
    const headers = { authorization: `Bearer ${operator}` };
    return fetch(`http://127.0.0.1:${config.http.port}${path}`, { headers, ...init });
  };
  const clinic: RemoteClinic = {
    folder,
    config,
    get node() {
      return running.node;
    },
    tps,
    httpPort: config.http.port,
    tokenFile,
    log: () => output,
    send: async (files) => {
      const port = String(config.dicom.port);
      const sent = await runProgram('storescu', ['-aec', 'CONTOUR', '127.0.0.1', port, ...files]);
      assert.equal(sent.code, 0, sent.stderr);
    },
    list,
    delivered: async (count, seconds = 60) => {
      await eventually(`${count} series delivered`, seconds, () => {
        const all = list();
        return all.length === count && all.every(({ state }) => plainState(state) === 'delivered') ? true : undefined;
      }).catch((cause: unknown) => {
        throw new Error(`series are ${JSON.stringify(list(), undefined, 1)}\n${output.slice(-6000)}`, { cause });
      });
    },
    restart: async () => {
      await running.close();
      running = await startAll();
    },
    ask,
    metrics: async () => (await ask('/metrics')).text(),
  };
  return clinic;
}

export interface PoolWorker {
  readonly worker: RunningWorker;
  /** How each order ended, with the name of the node. */
  readonly ends: (LeaseEnd & { readonly node: string })[];
}

/** A remote worker of this machine, ready, for the nodes at these addresses. */
export async function poolWorker(
  t: Cleanup,
  nodes: readonly { url: string; tokenFile?: string; caFile?: string; certificateFile?: string; keyFile?: string }[],
  { slots = 1, log }: { slots?: number; log?: Log } = {},
): Promise<PoolWorker> {
  const folder = await mkdtemp(join(tmpdir(), 'contour-node-pool-'));
  afterwards(t, () => rm(folder, { recursive: true, force: true }));
  const config = parseConfig(
    stringify({
      dataDirectory: folder,
      models: { directory: models },
      engine: { threads: 1 },
      routes: [{ name: 'warm', models: ['phantom-gtvp'] }],
      worker: { slots, nodes },
    }),
    'pool.yaml',
  );
  const ends: PoolWorker['ends'] = [];
  const silent = createLog({ logging: { level: 'error' } }, 'pool', { write: () => undefined });
  const worker = await startRemoteWorker(config, {
    log: log ?? silent,
    onEnd: (node, end) => void ends.push({ ...end, node }),
  });
  afterwards(t, () => worker.close(0));
  await worker.ready;
  return { worker, ends };
}
