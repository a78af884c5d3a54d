/**
 * `npm run bench`: ingest beside DCMTK's storescp and Orthanc, then every stage of a CT from the last C-STORE response to the
 * TPS's 0x0000, without and with a quiet period in which it is contoured ahead. Everything in one run on one machine, so
 * that the ratios can be compared; medians of three. `npm run bench -- ingest`, `contour` or `chain` does one part alone,
 * `-- contour openkbp-head-neck-1024` one case.
 *
 * `chain` is the whole chain with a network of the paper's size, in float32 and with 8-bit integers, beside a Python script of
 * pynetdicom, pydicom, onnxruntime and rt-utils on the same ONNX file and CT, by turns. CONTOUR_NODE_PYTHON_CHAIN names the folder of the script (python-chain.ts).
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import dicomParser from 'dicom-parser';
import { CleanupList, type Cleanup } from '../test/support/cleanup.ts';
import { eventually } from '../test/support/eventually.ts';
import { freePort } from '../test/support/free-port.ts';
import { startOrthanc } from '../test/support/orthanc.ts';
import type { SeriesDetail } from '../src/store/series.ts';
import { contourNode, runProgram } from '../test/support/run-program.ts';
import { startRunningNode, type RunningNode } from '../test/support/running-node.ts';
import { chainMatrix, chainModel, chainSlices, noPythonChain, pythonSeconds } from './python-chain.ts';

const repeats = 3;

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Seconds that `storescu` needs for a folder: one association, all instances. */
async function sendSeconds(folder: string, calledAe: string, port: number): Promise<number> {
  const start = performance.now();
  const sent = await runProgram('storescu', ['-aec', calledAe, '+sd', '127.0.0.1', String(port), folder]);
  if (sent.code !== 0) throw new Error(`storescu to ${calledAe}: ${sent.stderr}`);
  return (performance.now() - start) / 1000;
}

async function phantom(folder: string, seed: number, slices: number, matrix: number): Promise<string> {
  const written = await contourNode(
    'phantom',
    '--out',
    folder,
    '--seed',
    String(seed),
    '--slices',
    String(slices),
    '--matrix',
    String(matrix),
  );
  if (written.code !== 0) throw new Error(written.stderr);
  return join(folder, 'ct');
}

async function startStorescp(t: Cleanup, folder: string): Promise<number> {
  const port = await freePort();
  await mkdir(folder);
  const child = spawn('/usr/bin/storescp', ['-od', folder, String(port)], {
    stdio: 'ignore',
    env: { ...process.env, TCP_NODELAY: '1' },
  });
  t.after(async () => {
    child.kill();
    await once(child, 'exit');
  });
  await eventually('storescp answers', 10, async () =>
    (await runProgram('echoscu', ['127.0.0.1', String(port)])).code === 0 ? true : undefined,
  );
  return port;
}

/** Largest resident memory of a process so far, MB. */
function peakMegabytes(pid: number): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) / 1024;
}

function peakOf(node: RunningNode, text: string): string {
  const peaks = node.processes(text).map(peakMegabytes);
  return peaks.length === 0 ? 'ended' : `${Math.round(Math.max(...peaks))} MB`;
}

async function ingest(work: string): Promise<void> {
  const slices = 200;
  const cleanup = new CleanupList();
  try {
    const peers = [
      {
        name: 'DCMTK storescp, TCP_NODELAY=1',
        aeTitle: 'ANY',
        port: await startStorescp(cleanup, join(work, 'storescp')),
      },
      await startOrthanc(cleanup).then((orthanc) => ({
        name: 'Orthanc',
        aeTitle: orthanc.aeTitle,
        port: orthanc.dicomPort,
      })),
    ];
    // The quiet period is long, so that no worker runs during the measurement.
    for (const syncToDisk of [false, true]) {
      const node = await startRunningNode(cleanup, { intake: { quietPeriodSeconds: 3600, syncToDisk } });
      peers.push({
        name: `contour-node, ${syncToDisk ? 'synced' : 'unsynced'}`,
        aeTitle: 'CONTOUR',
        port: node.dicomPort,
      });
    }
    const seconds = new Map<string, number[]>(peers.map((peer) => [peer.name, []]));
    for (let i = 0; i < repeats; i++) {
      // Another series each time, as a peer may skip instances that it has already.
      const folder = await phantom(join(work, `ingest-${i}`), 9001 + i, slices, 512);
      for (const peer of peers) seconds.get(peer.name)?.push(await sendSeconds(folder, peer.aeTitle, peer.port));
    }
    const rates = peers.map((peer) => ({ name: peer.name, seconds: median(seconds.get(peer.name) ?? []) }));
    const fastest = Math.min(...rates.slice(0, 2).map((rate) => rate.seconds));
    console.log(`ingest of ${slices} slices of 512x512 from storescu, median of ${repeats} series`);
    for (const rate of rates) {
      console.log(
        `  ${rate.name.padEnd(32)} ${rate.seconds.toFixed(2)} s  ${Math.round(slices / rate.seconds)} slices/s  ${(fastest / rate.seconds).toFixed(2)} of the faster peer`,
      );
    }
  } finally {
    await cleanup.run();
  }
}

/** A node whose only route goes to a peer. */
function startRouted(
  cleanup: Cleanup,
  model: string,
  aeTitle: string,
  port: number,
  config: Record<string, unknown> = {},
) {
  return startRunningNode(cleanup, {
    intake: { quietPeriodSeconds: 0 },
    peers: [{ name: 'tps', aeTitle, host: '127.0.0.1', port }],
    destinations: [{ name: 'tps', peer: 'tps', allow: ['demonstration', 'research'] }],
    routes: [{ name: 'all', models: [model], destinations: ['tps'] }],
    ...config,
  });
}

/** Sends a CT and waits for its delivery, seldom looking: both cores are busy. Seconds from the last C-STORE response on. */
async function deliverySeconds(node: RunningNode, folder: string) {
  await sendSeconds(folder, 'CONTOUR', node.dicomPort);
  const [series] = await node.settled(1, ['delivered', 'delivered check', 'nothing found'], 300, 1000);
  const shown = await node.show(series!.key);
  const { networks = [] } = shown.orders[0] ?? {};
  return { ...deliveredOf(shown, 0), state: shown.state, networks };
}

/** Quiet period of the node that contours within it, seconds: longer than that takes. */
const quietPeriodSeconds = 20;

interface Waits {
  readonly name: string;
  readonly quietPeriodSeconds: number;
}

/** Without a quiet period nothing is contoured ahead. */
const waits: readonly Waits[] = [
  { name: 'without a quiet period', quietPeriodSeconds: 0 },
  { name: `contoured ahead, from the end of a quiet period of ${quietPeriodSeconds} s`, quietPeriodSeconds },
];

/** From the last C-STORE response, or the end of the quiet period that follows it, to the TPS's 0x0000. */
async function contour(work: string, model: string, slices: number, matrix: number): Promise<void> {
  const cleanup = new CleanupList();
  try {
    const orthanc = await startOrthanc(cleanup);
    const folders: string[] = [];
    for (let i = 0; i < repeats; i++)
      folders.push(await phantom(join(work, `contour-${matrix}-${model}-${i}`), 9100 + i, slices, matrix));
    console.log(`${slices} slices of ${matrix}x${matrix}, ${model}: last C-STORE response to the TPS's status`);
    for (const { name, quietPeriodSeconds: quiet } of waits) {
      const node = await startRouted(cleanup, model, orthanc.aeTitle, orthanc.dicomPort, {
        intake: { quietPeriodSeconds: quiet },
      });
      const runs: Delivered[] = [];
      for (const [i, folder] of folders.entries()) {
        await sendSeconds(folder, 'CONTOUR', node.dicomPort);
        const all = await node.settled(i + 1, ['delivered', 'delivered check', 'nothing found'], 300);
        const shown = await Promise.all(all.map(({ key }) => node.show(key)));
        runs.push(deliveredOf(shown.toSorted((x, y) => (x.updatedAt < y.updatedAt ? 1 : -1))[0]!, quiet));
      }
      tell(name, runs);
      console.log(
        `  peak resident memory: node ${peakOf(node, ' node ')}, worker ${peakOf(node, ' worker ')}, engine ${peakOf(node, 'engine-child')}`,
      );
      await node.stop();
    }
  } finally {
    await cleanup.run();
  }
}

interface Delivered {
  readonly seconds: number;
  readonly timings: readonly { readonly stage: string; readonly seconds: number }[];
  readonly tries: number;
}

function deliveredOf(series: SeriesDetail, quiet: number): Delivered {
  const at = (kind: string): number => Date.parse(series.history.findLast((event) => event.kind === kind)?.at ?? '');
  const { timings = [], tries = 0 } = series.orders[0] ?? {};
  const begin = Date.parse(series.lastReceivedAt ?? '') + 1000 * quiet;
  return { seconds: (at('deliver outcome') - begin) / 1000, timings, tries };
}

function tell(name: string, runs: readonly Delivered[]): void {
  const [middle] = runs.toSorted((a, b) => a.seconds - b.seconds).slice(runs.length >> 1) as [Delivered];
  const all = runs.map(({ seconds }) => seconds.toFixed(2)).join(', ');
  const ahead = runs.filter(({ tries }) => tries === 0).length;
  console.log(`  ${name}: ${middle.seconds.toFixed(2)} s (${all}); ${ahead} of ${runs.length} contoured ahead`);
  for (const { stage, seconds } of middle.timings) console.log(`    ${stage.padEnd(30)} ${seconds.toFixed(2)} s`);
}

const cases = [
  ['openkbp-head-neck', 120, 512],
  ['phantom-gtvp', 120, 512],
  ['openkbp-head-neck', 198, 1024],
] as const;

/** Pixel Spacing of the first file of a CT, mm. */
async function pixelSpacing(folder: string): Promise<number> {
  const [first] = await readdir(folder);
  const header = dicomParser.parseDicom(await readFile(join(folder, first!)), { untilTag: 'x7fe00010' });
  return header.floatString('x00280030', 0)!;
}

async function besidePython(work: string): Promise<void> {
  const missing = noPythonChain();
  if (missing !== undefined) return console.log(`the chain beside a Python script: left out, ${missing}`);
  const folder = await phantom(join(work, 'chain'), 9003, chainSlices, chainMatrix);
  const models = join(work, 'models');
  const model = await chainModel(work, models, await pixelSpacing(folder), join(work, 'chain'));
  const ways = [
    { name: 'contour-node in float32', precision: 'float32' },
    { name: 'contour-node with 8-bit integers', precision: 'auto' },
  ] as const;
  const python: Awaited<ReturnType<typeof pythonSeconds>>[] = [];
  const ours = new Map(ways.map(({ name }) => [name, [] as Awaited<ReturnType<typeof deliverySeconds>>[]]));
  for (let n = 0; n < repeats; n += 1) {
    const tell = (who: string, seconds: number) =>
      console.log(`  run ${n + 1} of ${repeats}: ${who} ${seconds.toFixed(1)} s`);
    python.push(await pythonSeconds(folder, model, await freePort()));
    tell('Python', python.at(-1)!.seconds);
    for (const { name, precision } of ways) {
      const cleanup = new CleanupList();
      try {
        const tps = await startStorescp(cleanup, join(work, `tps-${precision}-${n}`));
        const engine = { precision };
        const node = await startRouted(cleanup, 'paper-size', 'ANY', tps, { models: { directory: models }, engine });
        ours.get(name)!.push(await deliverySeconds(node, folder));
        tell(name, ours.get(name)!.at(-1)!.seconds);
      } finally {
        await cleanup.run();
      }
    }
  }
  const middle = <T extends { seconds: number }>(runs: readonly T[]): T =>
    runs.toSorted((a, b) => a.seconds - b.seconds)[Math.floor(runs.length / 2)]!;
  const theirs = middle(python);
  console.log(
    `${chainSlices} slices of ${chainMatrix}x${chainMatrix}, network of the paper's size, last slice to the TPS: Python ${theirs.seconds.toFixed(1)} s`,
  );
  for (const line of theirs.lines) console.log(`    ${line}`);
  for (const [name, runs] of ours) {
    const { seconds, state, timings, networks } = middle(runs);
    const computed = networks.map(({ precision }) => precision).join();
    console.log(
      `  ${name} (${computed}): ${seconds.toFixed(1)} s ('${state}'), ratio ${(seconds / theirs.seconds).toFixed(2)}`,
    );
    for (const timing of timings) console.log(`    ${timing.stage.padEnd(30)} ${timing.seconds.toFixed(2)} s`);
  }
}

const work = await mkdtemp(join(tmpdir(), 'contour-node-bench-'));
console.log(`${cpus().length} cores, ${cpus()[0]?.model ?? 'unknown processor'}`);
try {
  const [part, model] = process.argv.slice(2);
  if (part === undefined || part === 'ingest') await ingest(work);
  for (const [name, slices, matrix] of part === undefined || part === 'contour' ? cases : [])
    if (model === undefined || model === `${name}-${matrix}`) await contour(work, name, slices, matrix);
  if (part === undefined || part === 'chain') await besidePython(work);
} finally {
  await rm(work, { recursive: true, force: true });
}
