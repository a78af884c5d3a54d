import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseDicom } from '../../../src/dicom/read-data-set.ts';
import { readRtstruct } from '../../../src/dicom/rtstruct/read-rtstruct.ts';
import { pseudonym } from '../../../src/pseudonym.ts';
import { pseudonymKey } from '../../../src/store/pseudonym-key.ts';
import type { SeriesSummary } from '../../../src/store/series.ts';
import { startPickyTps } from '../../../worker/demo/picky-tps.ts';
import { afterwards } from '../../support/afterwards.ts';
import { eventually } from '../../support/eventually.ts';
import { type RunningNode, startRunningNode } from '../../support/running-node.ts';
import { temporaryFolder, thresholdBundle } from '../../support/threshold-bundle.ts';
import { planMixture } from './plan-mixture.ts';
import { type PlannedSeries, randomFrom } from './planned-series.ts';
import { Router } from './router.ts';

const waveSize = 20;

/**
 * Sends a mixture of series from one router to a running node whose structure sets a planning system receives, and
 * asserts what became of every one.
 */
export async function routerMixture(t: TestContext, seed: number, count: number): Promise<void> {
  t.diagnostic(`seed ${seed} (CONTOUR_NODE_MIXTURE_SEED)`);
  const folder = await temporaryFolder(t);
  const bundle = await thresholdBundle(t);
  const tps = await startPickyTps({ directory: join(folder, 'tps') });
  afterwards(t, () => tps.close());
  const route = { models: ['threshold'], destinations: ['tps'] };
  const node = await startRunningNode(
    { after: (undo) => afterwards(t, undo) },
    {
      models: { directory: dirname(bundle.directory) },
      engine: { threads: 1 },
      peers: [{ name: 'tps', aeTitle: tps.aeTitle, host: '127.0.0.1', port: tps.port }],
      destinations: [{ name: 'tps', peer: 'tps', allow: ['demonstration'] }],
      routes: [
        {
          name: 'tilted',
          when: { attributes: [{ tag: 'ProtocolName', equals: 'TILTED' }] },
          tilt: 'resolve',
          ...route,
        },
        { name: 'all', ...route },
      ],
    },
  );
  const plan = planMixture(seed, count);
  const random = randomFrom(seed + 100);
  const router = new Router(node.dicomPort, random);
  const begin = performance.now();
  for (let first = 0; first < count; first += waveSize) {
    await router.send(plan.slice(first, first + waveSize));
    await sleep(random() * 1500);
  }
  const key = await pseudonymKey(node.dataDirectory);
  const keyOf = ({ uid }: PlannedSeries): string => pseudonym(key, uid);
  const delivered = plan.filter(({ ends }) => ends === 'contoured');
  await settled(node, count, 240);
  // What comes after a delivery, once everything is delivered.
  const later = delivered.flatMap(({ kind, later: instances }) =>
    instances === undefined ? [] : [{ kind, instances }],
  );
  await router.send(later);
  await sleep(1500);
  const all = await settled(node, count, 60);
  t.diagnostic(
    `${count} series, ${delivered.length} delivered, in ${((performance.now() - begin) / 1000).toFixed(0)} s`,
  );

  const lines = new Map(all.map((line) => [line.key, line]));
  for (const series of plan) checkLine(series, lines.get(keyOf(series)));
  const metrics = await (await fetch(`http://127.0.0.1:${node.httpPort}/metrics`)).text();
  for (const state of ['rejected', 'incomplete', 'nothing to contour'] as const) {
    const expected = plan.filter(({ ends }) => ends !== 'contoured' && ends.state === state).length;
    assert.ok(metrics.includes(`contour_node_series{state="${state}"} ${expected}\n`), `${state}: ${expected}`);
  }
  assert.deepEqual(tps.refused, []);
  const structureSets = new Map<string, Buffer>();
  for (const { path } of tps.imported) {
    const bytes = await readFile(path);
    const uid = readRtstruct(bytes).referencedSeriesUid!;
    assert.ok(!structureSets.has(uid), 'two structure sets of one series');
    structureSets.set(uid, bytes);
  }
  for (const series of delivered) checkStructureSet(series, structureSets.get(series.uid));
  assert.equal(structureSets.size, delivered.length, 'nothing else was delivered');
}

async function settled(node: RunningNode, count: number, seconds: number): Promise<SeriesSummary[]> {
  const busy = ['receiving', 'queued', 'contouring', 'contoured', 'delivering'];
  return eventually(`${count} series have ended`, seconds, async () => {
    const all = await node.list();
    return all.length === count && all.every(({ state }) => !busy.includes(state)) ? all : undefined;
  }).catch(async (cause: unknown) => {
    const states = (await node.list()).map(({ state }) => state);
    throw new Error(`${states.length} of ${count} series: ${JSON.stringify(states)}`, { cause });
  });
}

function checkLine({ kind, ends }: PlannedSeries, line: SeriesSummary | undefined): void {
  const told = `${kind}: ${line?.state} ${line?.problem?.code} ${line?.problem?.message}`;
  if (ends === 'contoured') {
    assert.deepEqual([line?.state, line?.problem, line?.revision], ['delivered', undefined, 1], told);
    return;
  }
  assert.deepEqual([line?.state, line?.problem?.code], [ends.state, ends.code], told);
  if (ends.message !== undefined) assert.match(line?.problem?.message ?? '', ends.message, told);
}

/** The right patient, the right images, and contours where the organ of that patient is. */
function checkStructureSet({ kind, patient, slices, organAt }: PlannedSeries, bytes: Buffer | undefined): void {
  assert.ok(bytes !== undefined, `${kind}: no structure set`);
  const file = parseDicom(bytes);
  const raw = (tag: string): Buffer => Buffer.from(file.raw(tag) ?? []);
  const name = raw('00100010').toString('latin1').trimEnd();
  assert.ok(
    patient.names.some((one) => one.toString('latin1') === name),
    `${kind}: ${name}`,
  );
  assert.ok(patient.ids.includes(raw('00100020').toString('latin1').trimEnd()), kind);
  const images = file
    .items('30060010')
    .flatMap((frame) => frame.items('30060012'))
    .flatMap((study) => study.items('30060014'))
    .flatMap((series) => series.items('30060016'))
    .map((image) => image.string('00081155'));
  if (slices.length > 0) assert.deepEqual(new Set(images), new Set(slices), kind);
  // A tilted structure set is read in its own planes: the middle of its points says enough.
  const points = file
    .items('30060039')
    .flatMap((roi) => roi.items('30060040'))
    .map((contour) => contour.numbers('30060050'));
  assert.ok(points.length >= 8, `${kind}: ${points.length} contours`);
  for (const axis of [0, 1] as const) {
    const values = points.flatMap((contour) => contour.filter((_, i) => i % 3 === axis));
    const middle = (Math.max(...values) + Math.min(...values)) / 2;
    assert.ok(Math.abs(middle - organAt[axis]) < 2.5, `${kind}: ${middle} instead of ${organAt[axis]}`);
  }
}
