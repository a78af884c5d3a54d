import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { configSchema } from '../../../src/config/schema.ts';
import { writeBundleManifest } from '../intake-harness.ts';
import {
  ctFrame,
  ctSeries,
  mrSeries,
  orderOf,
  pairingBench,
  type PairingBench,
  sendCt,
  sendMr,
} from './pairing-harness.ts';

const match = { seriesDescription: '^T1.*GD', contrastAgent: 'given' };

function recipe(name: string, bundle: string, input?: object): object {
  const structures = [{ name: 'GTVp', from: `${bundle}/GTVp` }];
  return { name, structures, ...(input !== undefined && { inputs: { MR: { match, ...input } } }) };
}

/** An intake whose only route, `npc`, is as given, with three recipes for other routes or for orders by hand. */
async function bench(t: TestContext, route: object, input: object = {}): Promise<PairingBench> {
  const made = await pairingBench(t);
  await writeBundleManifest(made.config.models.directory, 'two');
  const recipes = [
    recipe('by-mr', 'one', input),
    recipe('by-ct', 'two'),
    recipe('by-t2', 'two', { match: { seriesDescription: '^T2' } }),
    recipe('needs-mr', 'two', { required: true }),
  ];
  made.config = configSchema.parse({ ...made.config, recipes, routes: [{ name: 'npc', ...route }] });
  return made;
}

test('a CT waits for the MR of the recipe of its route, and is contoured with it (CS 4.2.4.6)', async (t) => {
  const made = await bench(t, { recipe: 'by-mr' });
  await sendCt(made);
  assert.deepEqual(
    [made.show(ctSeries).state, made.show(ctSeries).problem?.message],
    ['awaiting input', 'MR: no MR of the patient has come'],
  );
  await sendMr(made, { frame: ctFrame });
  assert.equal(made.show(ctSeries).state, 'queued');
  const order = orderOf(made)!;
  assert.deepEqual([order.bundle.name, order.inputs?.[0]?.series], ['by-mr', made.keyOf(mrSeries)]);
  // The page offers it, too.
  const offered = await made.actions.inputChoices(made.keyOf(ctSeries));
  assert.deepEqual(
    offered.map(({ input, used }) => [input, used]),
    [
      ['MR', true],
      ['MR', false],
    ],
  );
});

test('a recipe that requires the MR has the CT rejected without it (CS 4.2.4.6)', async (t) => {
  const made = await bench(t, { recipe: 'by-mr' }, { required: true, waitMinutes: 10 });
  await sendCt(made);
  await made.pass(601);
  const { state, problem } = made.show(ctSeries);
  assert.deepEqual([state, problem?.code], ['rejected', 'SERIES_INPUT_MISSING']);
});

test('what a route says of an input counts in place of what its recipe says of it (CS 4.2.4.6)', async (t) => {
  const made = await bench(t, {
    recipe: 'by-mr',
    inputs: { MR: { waitMinutes: 0, match: { seriesDescription: '^T2' } } },
  });
  await sendMr(made, { frame: ctFrame });
  await sendCt(made);
  // The MR is T1, which the recipe would take.
  assert.deepEqual([made.show(ctSeries).state, orderOf(made)!.inputs], ['queued', undefined]);
  assert.deepEqual(
    made.show(ctSeries).warnings.map(({ text }) => text),
    ['contoured without MR: none of 1 MR series of the patient fits the route'],
  );
});

test('how long a CT waits says nothing of the structure set: the recipe has the same version (CS 4.2.4.6)', async (t) => {
  const versions: string[] = [];
  for (const waitMinutes of [10, 20]) {
    const made = await bench(t, { recipe: 'by-mr' }, { waitMinutes });
    await sendMr(made, { frame: ctFrame });
    await sendCt(made);
    versions.push(orderOf(made)!.bundle.version);
  }
  assert.equal(versions[0], versions[1]);
});

test('an order by hand takes what the CT was paired with, if that is what its recipe wants (CS 4.2.4.6)', async (t) => {
  const made = await bench(t, { recipe: 'by-mr' }, { waitMinutes: 0 });
  await sendCt(made);
  const key = made.keyOf(ctSeries);
  const order = (name: string) => made.actions.order(key, { recipe: name }, []);
  await assert.rejects(order('needs-mr'), {
    code: 'STATE_CONFLICT',
    message: 'recipe needs-mr requires MR, and revision 1 was made without',
  });
  await sendMr(made, { frame: ctFrame });
  assert.equal(made.show(ctSeries).revision, 2);
  await assert.rejects(order('by-t2'), {
    code: 'STATE_CONFLICT',
    message: 'the MR of revision 2 is none that recipe by-t2 takes',
  });
  await order('needs-mr');
  await order('by-ct');
  const names = made.show(ctSeries).orders.map(({ bundle }) => bundle.name);
  assert.deepEqual(names.toSorted(), ['by-ct', 'by-mr', 'by-mr', 'needs-mr']);
});

test('where an operator chose the CT alone, a recipe that requires the MR may be ordered by hand (CS 4.2.4.6)', async (t) => {
  const made = await bench(t, { recipe: 'by-mr' });
  await sendCt(made);
  const key = made.keyOf(ctSeries);
  const [alone] = await made.actions.inputChoices(key);
  await made.actions.chooseInput(key, 'MR', alone!.choice, { user: 'ann', address: '' });
  await made.pass(1);
  await made.actions.order(key, { recipe: 'needs-mr' }, []);
  assert.deepEqual(
    made
      .show(ctSeries)
      .orders.map(({ bundle }) => bundle.name)
      .toSorted(),
    ['by-mr', 'needs-mr'],
  );
});
