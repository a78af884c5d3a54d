import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { storeInstances } from '../../src/dimse/scu/storage-scu.ts';
import { readStoredInstance } from '../../src/dimse/scu/stored-instance.ts';
import { faultPoints, type FaultPoint } from '../../src/fault-point.ts';
import { pseudonym } from '../../src/pseudonym.ts';
import { pseudonymKey } from '../../src/store/pseudonym-key.ts';
import { startPickyTps } from '../../worker/demo/picky-tps.ts';
import { sendCorrected } from '../support/corrected-in-tps.ts';
import { eventually } from '../support/eventually.ts';
import { phantomCt } from '../support/phantom-ct.ts';
import { startRunningNode, type RunningNode } from '../support/running-node.ts';

/** Sends until all is answered with 0x0000, as a patient scanner does. @returns the keys of the images so answered */
async function sendUntilTaken(node: RunningNode, files: readonly string[]): Promise<Set<string>> {
  const instances = await Promise.all(files.map((file) => readStoredInstance(file)));
  const key = await pseudonymKey(node.dataDirectory);
  const uids = new Map(instances.map(({ path, sopInstanceUid }) => [path, sopInstanceUid]));
  const acknowledged = new Set<string>();
  await eventually('all images are taken', 90, async () => {
    const results = await storeInstances({ aeTitle: 'CONTOUR', host: '127.0.0.1', port: node.dicomPort }, instances, {
      callingAe: 'SCANNER',
      timeoutSeconds: 20,
    });
    const stored = results.filter(({ outcome }) => outcome === 'stored');
    for (const { path } of stored) acknowledged.add(pseudonym(key, uids.get(path) ?? ''));
    return stored.length === instances.length ? true : undefined;
  });
  return acknowledged;
}

/** Passed only by a structure set that comes back. */
const correctionPoints: ReadonlySet<FaultPoint> = new Set([
  'compare-try-recorded',
  'comparison-seen',
  'comparison-made',
]);

async function comesBack(node: RunningNode, key: string, folder: string, structureSet: Uint8Array): Promise<void> {
  const edit = { move: { roi: /GTVp/, x: 3 }, sopInstanceUid: '1.2.3.4.5.6', approval: 'APPROVED' };
  await sendCorrected({ folder, dicomPort: node.dicomPort, mayDie: true }, structureSet, edit);
  await eventually('it is compared', 120, async () => {
    const [comparison] = (await node.show(key)).structureSets[0]?.comparisons ?? [];
    return comparison?.state === 'compared' ? true : undefined;
  });
}

/** Passed only by a series that grows after it was contoured ahead. */
const growingPoints: ReadonlySet<FaultPoint> = new Set(['ahead-taken-back']);

/** Passed only where nothing was contoured ahead. */
const firstTryPoints: ReadonlySet<FaultPoint> = new Set(['contour-try-recorded']);

function intakeOf(point: FaultPoint): Record<string, unknown> {
  if (firstTryPoints.has(point)) return { contourAhead: false };
  // Long enough to be contoured in it.
  return growingPoints.has(point) ? { quietPeriodSeconds: 40 } : {};
}

/** Sends half of the series and, once that was contoured ahead, all of it. */
async function sendInTwo(node: RunningNode, files: readonly string[]): Promise<Set<string>> {
  await sendUntilTaken(node, files.slice(0, files.length / 2));
  await eventually('the half is contoured ahead', 60, () =>
    globSync(join(node.dataDirectory, 'series/*/revision-1/orders/*/result.json')).length > 0 ? true : undefined,
  );
  return sendUntilTaken(node, files);
}

async function survives(t: TestContext, point: FaultPoint, seed: number): Promise<void> {
  const { ct, files } = await phantomCt(t, seed);
  const work = await mkdtemp(join(tmpdir(), 'contour-node-fault-'));
  const armed = join(work, 'armed');
  await mkdir(armed);
  const tps = await startPickyTps({ directory: join(work, 'tps'), ct });
  t.after(async () => {
    await tps.close();
    await rm(work, { recursive: true });
  });
  const node = await startRunningNode(
    t,
    {
      peers: [{ name: 'tps', aeTitle: tps.aeTitle, host: '127.0.0.1', port: tps.port }],
      destinations: [{ name: 'tps', peer: 'tps', allow: ['demonstration'], retrySeconds: 1 }],
      routes: [{ name: 'all', models: ['phantom-gtvp'], destinations: ['tps'] }],
      worker: { maximumTries: 5 },
      intake: intakeOf(point),
    },
    [],
    { CONTOUR_NODE_FAULT_POINTS: armed },
  );
  await writeFile(join(armed, point), '2');
  const acknowledged = await (growingPoints.has(point) ? sendInTwo(node, files) : sendUntilTaken(node, files));
  const [series] = await node.settled(1, ['delivered'], 120);
  if (correctionPoints.has(point)) await comesBack(node, series!.key, work, await readFile(tps.imported[0]!.path));
  // Some points are passed once only: what was recorded there is taken up behind them.
  const timesLeft = () => (existsSync(join(armed, point)) ? Number(readFileSync(join(armed, point), 'utf8')) : 0);
  // The pictures of the page come after the delivery.
  await eventually('the process died there', 60, () => timesLeft() < 2 || undefined);
  const left = timesLeft();
  t.diagnostic(`killed ${2 - left} times`);
  assert.equal(series?.images, files.length);
  const instances = join(node.dataDirectory, 'series', series.key, 'instances');
  for (const instance of acknowledged) assert.ok(existsSync(join(instances, `${instance}.dcm`)));
  assert.equal(acknowledged.size, files.length);
  assert.equal(new Set(tps.received.map(({ sopInstanceUid }) => sopInstanceUid)).size, 1, 'one structure set');
  for (const { bytes } of tps.received) assert.ok(bytes.equals(tps.received[0]!.bytes), 'repeats are the same bytes');
  assert.equal(tps.imported.length, 1);
}

// Twice in a row, where the process passes there again.
for (const [index, [point, where]] of Object.entries(faultPoints).entries()) {
  test(`kill -9 when ${where} (${point}): nothing is lost, the TPS ends with one structure set`, (t) =>
    survives(t, point as FaultPoint, 401 + index));
}
