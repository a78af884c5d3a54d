/**
 * `node bench/scale.ts [--service 2.3] [--slices 120] [--hospitals 1000] [--per-day 12]`: what one pool carries. First, on this
 * machine, 10 nodes and 4 workers with a stand-in for the engine that takes the service time, everything else real: routes,
 * leases, Redis, images, contours. Then a simulated day of many hospitals with these times. docs/scale.md has the figures.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { configSchema } from '../src/config/schema.ts';
import { apiTokenHash, newApiToken } from '../src/http/access/api-token.ts';
import { createLog } from '../src/log.ts';
import { refusedContours } from '../src/work/remote-contours.ts';
import { returnedFile } from '../worker/remote/contour-remote-order.ts';
import { type ContourSlots, startRemoteWorker } from '../worker/remote/remote-worker.ts';
import type { LeaseEnd } from '../worker/remote/run-lease.ts';
import type { FromNodes, NodesTask } from './scale-nodes.ts';
import { randomFrom } from '../test/system/mixture/planned-series.ts';
import { arrivals, fewestSlots, simulate } from './scale-simulation.ts';

const { values } = parseArgs({
  options: {
    service: { type: 'string', default: '2.3' },
    slices: { type: 'string', default: '120' },
    hospitals: { type: 'string', default: '1000' },
    'per-day': { type: 'string', default: '12' },
  },
});
const serviceSeconds = Number(values.service);
const slices = Number(values.slices);
const [nodes, workers, large, matrix] = [10, 4, 24, 512];
/** In the first part, so that it takes a minute on two busy cores; the day reckons with --slices. */
const measuredSlices = 30;
const log = createLog({ logging: { level: 'error' } }, 'scale');

interface Measured {
  readonly megabytes: number;
  readonly imageSeconds: number;
  readonly returnSeconds: number;
  /** At one node, with four workers that have orders. */
  readonly redisCommandsPerSecond: number;
  readonly nodeCpuSecondsPerOrder: number;
  readonly workerCpuSecondsPerOrder: number;
}

function percent(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

async function measure(): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), 'contour-node-scale-'));
  const token = newApiToken();
  const tokenFile = join(folder, 'token');
  await writeFile(tokenFile, token);
  const child = fork(fileURLToPath(new URL('scale-nodes.ts', import.meta.url)));
  const written: { node: number; at: number }[] = [];
  const said: Extract<FromNodes, { kind: 'stats' }>[] = [];
  child.on('message', (message: FromNodes) => {
    if (message.kind === 'written') written.push(message);
    if (message.kind === 'stats') said.push(message);
  });
  const askStats = async () => {
    const { length } = said;
    child.send('stats');
    while (said.length === length) await sleep(20);
    return said.at(-1)!;
  };
  const ready = once(child, 'message') as Promise<[Extract<FromNodes, { kind: 'ready' }>]>;
  const task: NodesTask = { nodes, slices: measuredSlices, matrix, tokenHash: apiTokenHash(token) };
  child.send(task);
  const [{ ports }] = await ready;

  const contours = await refusedContours({ code: 'INTERNAL', message: 'x'.repeat(200_000), remedy: '' });
  const standIn: ContourSlots = {
    size: 1,
    pids: [],
    residentBytes: 0,
    problems: [],
    start: async () => undefined,
    stop: async () => undefined,
    reconfigure: async () => undefined,
    contourRemote: async (at) => {
      await sleep(serviceSeconds * 1000);
      await writeFile(join(at, returnedFile), contours);
      return { status: 'contoured', timings: [], peakResidentMegabytes: 0 };
    },
  };
  const ends: LeaseEnd[] = [];
  const served = ports.map((port) => ({ url: `http://127.0.0.1:${port}`, tokenFile }));
  // All wait before the first worker asks: two dozen at one node, two at each of the others.
  for (let node = 0; node < nodes; node += 1) child.send({ node, orders: node === 0 ? large : 2 });
  await sleep(1500);
  const total = large + 2 * (nodes - 1);
  const before = await askStats();
  const cpuBefore = process.cpuUsage();
  const began = Date.now();
  const running = await Promise.all(
    Array.from({ length: workers }, (_, index) =>
      startRemoteWorker(
        configSchema.parse({
          dataDirectory: join(folder, String(index)),
          models: { directory: folder },
          routes: [{ name: 'none' }],
          worker: { nodes: served },
        }),
        { log, slots: standIn, onEnd: (_node, end) => void ends.push(end) },
      ),
    ),
  );
  while (ends.length < total) await sleep(50);
  const seconds = (Date.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  const after = await askStats();
  await Promise.all(running.map((worker) => worker.close(1)));
  child.send('end');
  await once(child, 'exit');
  await rm(folder, { recursive: true, force: true });

  const others = written.filter(({ node }) => node > 0).map(({ at }) => (at - began) / 1000);
  const ofLarge = written.filter(({ node }) => node === 0).map(({ at }) => (at - began) / 1000);
  const per = (value: number): number => value / total;
  const measured = {
    megabytes: (measuredSlices * matrix * matrix * 2) / 1e6,
    imageSeconds: percent(
      ends.map((end) => end.seconds.images),
      0.5,
    ),
    returnSeconds: percent(
      ends.map((end) => end.seconds.return),
      0.5,
    ),
    redisCommandsPerSecond: (after.redisCommands - before.redisCommands) / seconds / nodes,
    nodeCpuSecondsPerOrder: per(after.cpuSeconds - before.cpuSeconds),
    workerCpuSecondsPerOrder: per((user + system) / 1e6),
  };
  const ideal = (total * serviceSeconds) / workers;
  console.log(
    `${nodes} nodes, ${workers} workers, ${total} orders of ${measuredSlices} slices, stand-in of ${serviceSeconds} s`,
  );
  console.log(
    `  all returned: ${ends.filter(({ outcome }) => outcome === 'returned').length} of ${total} in ${seconds.toFixed(1)} s; the engines alone: ${ideal.toFixed(1)} s`,
  );
  console.log(
    `  the ${large} of one node: last after ${Math.max(...ofLarge).toFixed(1)} s; two of each other node: last after ${Math.max(...others).toFixed(1)} s`,
  );
  console.log(
    `  per order: images ${measured.imageSeconds.toFixed(2)} s (${measured.megabytes.toFixed(0)} MB), return ${measured.returnSeconds.toFixed(2)} s; Redis of a node: ${measured.redisCommandsPerSecond.toFixed(0)} commands a second`,
  );
  console.log(
    `  processor per order: node ${measured.nodeCpuSecondsPerOrder.toFixed(2)} s, worker ${measured.workerCpuSecondsPerOrder.toFixed(2)} s; nodes' memory ${after.megabytes.toFixed(0)} MB for ${nodes}`,
  );
  return measured;
}

function day(measured: Measured): void {
  const megabytes = (slices * matrix * matrix * 2) / 1e6;
  const [hospitals, perDay] = [Number(values.hospitals), Number(values['per-day'])];
  const next = randomFrom(18);
  const times = arrivals(hospitals, perDay, next);
  // A CT has half to twice the slices of the usual one.
  const sizes = times.map(() => 2 ** (2 * next() - 1));
  const rush = times.filter((at) => at >= 27_000 && at < 28_800).length / 1800;
  console.log(`\n${hospitals} hospitals, ${times.length} CTs a day, in the rush at 07:30 ${rush.toFixed(1)} a second`);
  console.log(`  in the rush: ${(rush * megabytes * 0.008).toFixed(1)} Gbit/s into the pool`);
  console.log('  contouring  line of a worker  slots for p95 < 60 s  median  p95  longest  busy in the rush');
  for (const contour of [...new Set([0.5, 1, serviceSeconds, 10])].toSorted((a, b) => a - b)) {
    for (const megabits of [100, 1000]) {
      const transfer = (megabytes * 8) / megabits;
      const cts = times.map((at, ct) => ({
        at,
        service: (transfer + contour) * sizes[ct]! + measured.returnSeconds,
      }));
      const slots = fewestSlots(cts, 60);
      const waits = simulate(cts, slots);
      const cells = [`${contour} s`.padEnd(11), `${megabits} Mbit/s`.padEnd(17), String(slots).padEnd(21)];
      const figures = [waits.median, waits.p95, waits.longest].map((one) => `${one.toFixed(0)} s`.padEnd(6));
      console.log(`  ${cells.join(' ')} ${figures.join(' ')} ${(100 * waits.busiest).toFixed(0)} %`);
    }
  }
}

day(await measure());
