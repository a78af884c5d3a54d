import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { workOrderSchema } from '../../../src/work/work-order.ts';
import { configSchema } from '../../../src/config/schema.ts';
import { profilesOf } from '../../../src/intake/complete/write-order.ts';
import { temporaryFolder } from '../../support/threshold-bundle.ts';
import { IntakeHarness, range, writeBundleManifest } from '../intake-harness.ts';

const a = '1.2.826.3.1';
const tps = { name: 'tps', aeTitle: 'TPS', host: '127.0.0.1', port: 104 };

async function contourable(t: TestContext, config: Record<string, unknown>): Promise<IntakeHarness> {
  const models = await temporaryFolder(t);
  await writeBundleManifest(models, 'clinical-one');
  await writeBundleManifest(models, 'demo-one', { intendedUse: 'demonstration' });
  await writeBundleManifest(models, 'thin', { applicability: { sliceSpacingMm: [0.5, 1.5] } });
  const bench = await IntakeHarness.open(t, { config: { peers: [tps], models: { directory: models }, ...config } });
  await bench.sendAll(a, range(1, 12));
  await bench.pass(21);
  return bench;
}

test('destinations that want the same structure set share one profile', () => {
  const { destinations } = configSchema.parse({
    destinations: [
      { name: 'one', peer: 'p', retryHours: 1 },
      { name: 'two', peer: 'q', timeoutSeconds: 5, allow: ['research'] },
      { name: 'three', peer: 'p', roiSuffix: '' },
    ],
  });
  const profiles = profilesOf(destinations);
  assert.deepEqual(
    profiles.map((profile) => profile.destinations),
    [['one', 'two'], ['three']],
  );
  assert.deepEqual(
    profilesOf([]).map((profile) => profile.destinations),
    [[]],
  );
  assert.equal(profilesOf([])[0]?.key, profiles[0]?.key);
});

test('one order for each model of the route, with what the worker has to know', async (t) => {
  const bench = await contourable(t, {
    dicom: { aeTitle: 'NODE', uidRoot: '1.2.3' },
    destinations: [{ name: 'a', peer: 'tps', allow: ['clinical', 'demonstration'] }],
    routes: [{ name: 'all', models: ['clinical-one', 'demo-one'], destinations: ['a'], priority: 'urgent' }],
  });
  const shown = bench.show(a);
  assert.deepEqual([shown.state, shown.route, shown.models], ['queued', 'all', ['clinical-one', 'demo-one']]);
  for (const { folder, bundle, priority, order: key } of shown.orders) {
    const order = workOrderSchema.parse(
      JSON.parse(await readFile(join(bench.dataDirectory, folder, 'order.json'), 'utf8')),
    );
    assert.deepEqual(
      [order.bundle.name, order.uidRoot, order.aeTitle, priority],
      [bundle.name, '1.2.3', 'NODE', 'urgent'],
    );
    assert.deepEqual([order.series, order.revision, folder.endsWith(key)], [bench.keyOf(a), 1, true]);
    assert.deepEqual(
      order.profiles.map(({ destinations }) => destinations),
      [['a']],
    );
  }
});

test('a destination that does not allow the bundle is left out visibly; the allowed one is served', async (t) => {
  const bench = await contourable(t, {
    destinations: [
      { name: 'clinic', peer: 'tps' },
      { name: 'lab', peer: 'tps', allow: ['demonstration'] },
    ],
    routes: [{ name: 'all', models: ['demo-one'], destinations: ['clinic', 'lab'] }],
  });
  const shown = bench.show(a);
  assert.deepEqual(
    shown.orders[0]?.deliveries.map(({ destination, state }) => [destination, state]),
    [
      ['clinic', 'not allowed'],
      ['lab', 'pending'],
    ],
  );
  assert.deepEqual([shown.state, shown.problem?.code], ['delivery failed', 'DESTINATION_NOT_ALLOWED']);
});

test('a bundle that nobody allows is not drawn; a model that is not there and limits that do not fit are told', async (t) => {
  const destinations = [{ name: 'clinic', peer: 'tps' }];
  const expected = {
    'demo-one': ['failed', 'DESTINATION_NOT_ALLOWED'],
    nowhere: ['failed', 'MODEL_NOT_FOUND'],
    thin: ['rejected', 'SERIES_SPACING'],
  };
  for (const [model, [state, code]] of Object.entries(expected)) {
    const bench = await contourable(t, {
      destinations,
      routes: [{ name: 'all', models: [model], destinations: ['clinic'] }],
    });
    const shown = bench.show(a);
    assert.deepEqual([shown.state, shown.problem?.code, shown.orders.length], [state, code, 0]);
  }
});

test('a route without destinations has the series drawn and kept', async (t) => {
  const bench = await contourable(t, { routes: [{ name: 'all', models: ['demo-one'] }] });
  assert.deepEqual([bench.show(a).state, bench.show(a).destinations], ['queued', []]);
});

test('the order names the peer that return-to-sender means', async (t) => {
  const models = await temporaryFolder(t);
  await writeBundleManifest(models, 'one');
  const bench = await IntakeHarness.open(t, {
    config: {
      peers: [{ ...tps, addresses: ['127.0.0.1'] }],
      models: { directory: models },
      destinations: [{ name: 'back', peer: 'return-to-sender' }],
      routes: [{ name: 'all', models: ['one'], destinations: ['back'] }],
    },
  });
  const association = bench.associate({ peer: bench.config.peers[0]! });
  for (const number of range(1, 12)) await bench.send(association, { series: a, number });
  bench.assembly.ended(association, 'released');
  await bench.pass(21);
  const path = join(bench.dataDirectory, bench.show(a).orders[0]!.folder, 'order.json');
  assert.equal(workOrderSchema.parse(JSON.parse(await readFile(path, 'utf8'))).sender, 'tps');
});

test('an unrouted series is routed by a retry once there is a route', async (t) => {
  const bench = await contourable(t, {});
  assert.equal(bench.show(a).state, 'unrouted');
  bench.config = {
    ...bench.config,
    routes: configSchema.parse({ routes: [{ name: 'all', models: ['demo-one'] }] }).routes,
  };
  bench.store.record(bench.keyOf(a), { kind: 'retry', orders: [] });
  bench.assembly.again(bench.keyOf(a));
  await bench.pass(0);
  assert.deepEqual([bench.show(a).state, bench.show(a).revision], ['queued', 1]);
});

test('a route by recipe writes one order that carries the recipe and the digest of each bundle', async (t) => {
  const bench = await contourable(t, {
    destinations: [
      { name: 'a', peer: 'tps', allow: ['clinical', 'demonstration'] },
      { name: 'b', peer: 'tps' },
    ],
    recipes: [
      {
        name: 'both',
        structures: [
          { name: 'External', from: 'body' },
          { name: 'One', from: 'clinical-one/GTVp' },
          { name: 'Two', from: 'demo-one/GTVp' },
        ],
      },
    ],
    routes: [{ name: 'all', recipe: 'both', destinations: ['a', 'b'] }],
  });
  const shown = bench.show(a);
  assert.deepEqual(shown.models, ['both']);
  const [{ folder, bundle }] = shown.orders as [(typeof shown.orders)[number]];
  const order = workOrderSchema.parse(
    JSON.parse(await readFile(join(bench.dataDirectory, folder, 'order.json'), 'utf8')),
  );
  assert.deepEqual([order.bundle.name, order.bundle.version], [bundle.name, bundle.version]);
  assert.deepEqual(
    order.recipe?.bundles.map(({ name }) => name),
    ['clinical-one', 'demo-one'],
  );
  assert.equal(order.recipe?.definition.structures.length, 3);
  assert.deepEqual(
    order.profiles.map(({ destinations }) => destinations),
    [['a']],
    'a recipe is for what its least bundle is for',
  );
});
