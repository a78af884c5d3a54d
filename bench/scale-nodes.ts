/** Forked by scale.ts: so many nodes as remote workers see them, with real routes, real Redis and one real slice for all. */
import Fastify from 'fastify';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Registry } from 'prom-client';
import { httpSchema } from '../src/config/http-schema.ts';
import { parseDicom } from '../src/dicom/read-data-set.ts';
import { pixelsOnlyFile } from '../src/dicom/pixels-only-file.ts';
import { addAccess } from '../src/http/access/access.ts';
import { addRemote } from '../src/http/remote/remote-routes.ts';
import { ContourLeases } from '../src/jobs/contour-leases.ts';
import { startEmbeddedRedis } from '../src/jobs/embedded-redis.ts';
import { askRedis } from '../src/jobs/ask-redis.ts';
import { connectQueues } from '../src/jobs/queues.ts';
import { createLog } from '../src/log.ts';
import { RemoteMetrics } from '../src/observe/metrics/remote-metrics.ts';
import { answerErrors } from '../src/http/error-answers.ts';
import { ctSliceFile } from '../test/support/ct-slice.ts';

export interface NodesTask {
  readonly nodes: number;
  readonly slices: number;
  readonly matrix: number;
  readonly tokenHash: string;
}

export type FromNodes =
  | { readonly kind: 'ready'; readonly ports: number[] }
  | { readonly kind: 'written'; readonly node: number; readonly at: number }
  | { readonly kind: 'stats'; readonly cpuSeconds: number; readonly megabytes: number; readonly redisCommands: number };

const tell = (message: FromNodes): void => void process.send?.(message);
const log = createLog({ logging: { level: 'error' } }, 'scale');

process.once('message', (task) => {
  void serve(task as NodesTask);
});

async function serve({ nodes, slices, matrix, tokenHash }: NodesTask): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'contour-node-scale-'));
  const redis = await startEmbeddedRedis(folder, log);
  const address = { label: 'scale', options: { path: redis.path } };
  const file = parseDicom(ctSliceFile({ series: '2.25.1', number: 1, matrix, encoding: 'explicit' }));
  const config = httpSchema.parse({ tokens: [{ name: 'pool', role: 'worker', hash: tokenHash }] });
  const all = await Promise.all(
    Array.from({ length: nodes }, async (_, node) => {
      const atRedis = { address, prefix: `node-${node}`, log };
      const queues = connectQueues({ ...atRedis, destinations: [] });
      const server = Fastify();
      answerErrors(server, log);
      await addAccess(server, { config: () => config, onLogin: () => undefined, onLogout: () => undefined });
      await addRemote(server, {
        leases: new ContourLeases(atRedis),
        dataDirectory: join(folder, String(node)),
        timeoutMinutes: () => 30,
        metrics: new RemoteMetrics(new Registry()),
        log,
        orders: {
          prepare: async ({ series }) => ({
            order: {
              formatVersion: 1,
              series,
              bundle: { name: 'stand-in', version: '1.0.0', digest: '0'.repeat(64) },
              engine: { name: 'stand-in', device: 'none' },
              geometry: {
                columns: matrix,
                rows: matrix,
                columnSpacing: 1,
                rowSpacing: 1,
                originX: 0,
                originY: 0,
                reverseColumns: false,
                reverseRows: false,
                z: Array.from({ length: slices }, (_unused, k) => 3 * k),
              },
              masks: false,
            },
            slice: (slice) => pixelsOnlyFile(file, undefined, { series, slice }),
          }),
          write: async (_payload, _file, { onResult }) => {
            onResult();
            tell({ kind: 'written', node, at: Date.now() });
            return 'contoured';
          },
        },
      });
      await server.listen({ host: '127.0.0.1', port: 0 });
      return { queues, port: (server.server.address() as { port: number }).port };
    }),
  );
  let number = 0;
  process.on('message', (message: { node: number; orders: number } | 'stats' | 'end') => {
    void (async () => {
      if (message === 'end') {
        await redis.stop();
        await rm(folder, { recursive: true, force: true });
        process.exit(0);
      }
      if (message === 'stats') {
        const { user, system } = process.cpuUsage();
        const info = await askRedis(address, (connection) => connection.info('stats'));
        const redisCommands = Number(/total_commands_processed:(\d+)/.exec(info)?.[1]);
        tell({
          kind: 'stats',
          cpuSeconds: (user + system) / 1e6,
          megabytes: process.memoryUsage.rss() / 1e6,
          redisCommands,
        });
        return;
      }
      for (let order = 0; order < message.orders; order += 1) {
        const series = (number += 1).toString(16).padStart(16, '0');
        await all[message.node]!.queues.addContour({ series, revision: 1, order: series, try: 1 }, 'normal');
      }
    })();
  });
  await sleep(500);
  tell({ kind: 'ready', ports: all.map(({ port }) => port) });
}
