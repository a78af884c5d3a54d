import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadConfig, parseConfig } from '../../src/config/load.ts';
import { routeInputs } from '../../src/config/route-inputs.ts';
import { brightInMrBundle } from '../support/bright-in-mr.ts';
import { thresholdBundle } from '../support/threshold-bundle.ts';
import { refusal } from './refusal.ts';

/** The input of the recipe is in line 5, that of the route in line 10. */
function configured(ofRecipe: string, ofRoute = '', from = 'bright-in-mr/Bright'): string {
  return `recipes:
  - name: npc
    structures: [{ name: GTVp, from: ${from} }]
    inputs:
      ${ofRecipe}
routes:
  - name: all
    recipe: npc
    inputs:
      ${ofRoute}
`;
}

test('a route says what its recipe does not, and its own entry stands in place of that of the recipe', () => {
  const text = configured('MR: { required: true, waitMinutes: 30, register: rigid }');
  const own = (inputs: string) => {
    const { config, route } = first(text.replace(/    inputs:\n      \n$/, inputs));
    return routeInputs(route, config);
  };
  assert.deepEqual(own('')['MR'], {
    match: {},
    required: true,
    waitMinutes: 30,
    withinDays: 30,
    several: 'ask',
    register: 'rigid',
  });
  const replaced = own('    inputs: { MR: { required: true }, T2: {} }\n');
  assert.deepEqual(
    Object.entries(replaced).map(([name, { required, waitMinutes, register }]) => [
      name,
      required,
      waitMinutes,
      register,
    ]),
    [
      ['MR', true, 60, undefined],
      ['T2', false, 60, undefined],
    ],
  );
});

function first(text: string) {
  const config = parseConfig(text, 'clinic.yaml');
  return { config, route: config.routes[0]! };
}

test('a route cannot do without what its recipe requires, and forgets it in no entry of its own', () => {
  const forgotten = refusal(configured('MR: { required: true }', 'MR: { waitMinutes: 10 }'));
  assert.equal(
    forgotten,
    'clinic.yaml, line 10: routes[0].inputs.MR.required: recipe npc requires MR, and an entry of the route replaces that of the recipe: add required: true, or leave MR to the recipe',
  );
  assert.match(
    refusal(configured('MR: { required: true }', 'MR: { required: false }')),
    /line 10: .*recipe npc requires/,
  );
  assert.equal(
    first(configured('MR: { required: false }', 'MR: { required: true }')).route.inputs?.['MR']?.required,
    true,
  );
});

test('a pattern that is no regular expression is one line with file, line and key, of a recipe as of a route', () => {
  const wrong = "MR: { match: { seriesDescription: '(' } }";
  assert.equal(
    refusal(configured(wrong, 'MR: {}')),
    'clinic.yaml, line 5: recipes[0].inputs.MR.match.seriesDescription: no regular expression',
  );
  assert.equal(
    refusal(configured('MR: {}', wrong)),
    'clinic.yaml, line 10: routes[0].inputs.MR.match.seriesDescription: no regular expression',
  );
});

test('an input that no model takes is refused when the file is read: a CT would wait for it in vain', async (t) => {
  const bundles = { mr: await brightInMrBundle(t), ct: await thresholdBundle(t) };
  const load = async (text: string, { directory } = bundles.mr) => {
    const models = join(directory, '..');
    const path = join(models, 'clinic.yaml');
    await writeFile(path, `${text}models: { directory: ${JSON.stringify(models)} }\n`);
    return loadConfig(path);
  };
  assert.equal((await load(configured('MR: {}', 'MR: {}'))).config.recipes.length, 1);
  await assert.rejects(load(configured('T2: {}', 'MR: {}')), {
    message: 'clinic.yaml, line 5: recipes[0].inputs.T2: no bundle takes it; inputs of bright-in-mr: MR',
  });
  await assert.rejects(load(configured('MR: {}', 'mr: {}')), {
    message: 'clinic.yaml, line 10: routes[0].inputs.mr: no bundle takes it; inputs of bright-in-mr: MR',
  });
  await assert.rejects(load(configured('MR: {}', 'MR: {}', 'body')), {
    message: 'clinic.yaml, line 5: recipes[0].inputs.MR: no bundle takes it',
  });
  const ofModels = (models: string) => `routes:\n  - { name: all, models: [${models}], inputs: { MR: {} } }\n`;
  await assert.rejects(load(ofModels('threshold'), bundles.ct), {
    message: 'clinic.yaml, line 2: routes[0].inputs.MR: no bundle takes it; inputs of threshold: none',
  });
  // What a bundle that is not there takes is not known; `doctor` reports it.
  assert.equal((await load(ofModels('threshold, elsewhere'), bundles.ct)).config.routes.length, 1);
});
