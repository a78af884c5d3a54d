import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { readHeader } from '../../src/dicom/read-data-set.ts';
import { temporaryFolder } from '../support/threshold-bundle.ts';
import { mixtureSeed, planMixture, shuffled } from '../system/mixture/plan-mixture.ts';
import { type PlannedSeries, type Random, randomFrom, type SentInstance } from '../system/mixture/planned-series.ts';
import { IntakeHarness, range, writeBundleManifest } from './intake-harness.ts';

const route = { models: ['one'] };
const tilted = {
  name: 'tilted',
  when: { attributes: [{ tag: 'ProtocolName', equals: 'TILTED' }] },
  tilt: 'resolve',
  ...route,
};

const seed = mixtureSeed(1);
test(`200 series of 20 patients from one router: every good one is ordered, every bad one has its own reason (seed ${seed})`, async (t) => {
  const models = await temporaryFolder(t);
  await writeBundleManifest(models, 'one');
  const bench = await IntakeHarness.open(t, {
    config: {
      intake: { syncToDisk: false },
      models: { directory: models },
      routes: [tilted, { name: 'all', ...route }],
    },
  });
  const random = randomFrom(seed + 100);
  const series = planMixture(seed, 200);
  for (let first = 0; first < series.length; first += 20) {
    await sendAtOnce(bench, series.slice(first, first + 20), random);
    await bench.pass(1 + random() * 10);
  }
  for (const _ of range(1, 30)) await bench.pass(20);
  await sendAtOnce(
    bench,
    series.flatMap(({ later }) => (later === undefined ? [] : [{ instances: later }])),
    random,
  );
  for (const _ of range(1, 3)) await bench.pass(20);

  assert.equal(bench.store.keys().length, series.length);
  for (const { kind, uid, patient, ends } of series) {
    const shown = bench.show(uid);
    const [state, code] = ends === 'contoured' ? ['queued'] : [ends.state, ends.code];
    assert.deepEqual([shown.state, shown.problem?.code], [state, code], `${kind}: ${shown.problem?.message}`);
    if (ends !== 'contoured') continue;
    assert.equal(shown.revision, 1, kind);
    for (const { file } of bench.store.images(shown.key)) {
      const header = await readHeader(join(bench.dataDirectory, 'series', shown.key, 'instances', file));
      assert.ok(
        patient.ids.some((id) => id.trim() === header.string('00100020')?.trim()),
        kind,
      );
    }
  }
});

/** The router spreads its series over six associations, and the images of some over two of them. */
async function sendAtOnce(
  bench: IntakeHarness,
  wave: readonly Pick<PlannedSeries, 'instances' | 'alone'>[],
  random: Random,
): Promise<void> {
  const router = { callingAe: 'ROUTER' };
  const shared = range(1, 6).map(() => bench.associate(router));
  const any = () => shared[Math.floor(random() * shared.length)]!;
  const steps = wave.flatMap(({ instances, alone }) => {
    if (alone === undefined) {
      const two = [any(), any()] as const;
      return instances.map((instance) => async () => send(bench, two[random() < 0.5 ? 0 : 1], instance));
    }
    return [
      async () => {
        for (const end of alone) {
          const own = bench.associate(router);
          for (const instance of instances) await send(bench, own, instance);
          bench.assembly.ended(own, end);
        }
      },
    ];
  });
  for (const step of shuffled(steps, random)) await step();
  for (const association of shared) bench.assembly.ended(association, 'released');
}

async function send(
  bench: IntakeHarness,
  association: ReturnType<IntakeHarness['associate']>,
  { file, sopClassUid, sopInstanceUid, isRefused }: SentInstance,
): Promise<void> {
  assert.equal((await bench.sendBytes(association, file, { sopClassUid, sopInstanceUid })) !== 0, isRefused);
}
