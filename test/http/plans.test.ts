import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { planLine, planned } from '../../src/config/planned-structure-sets.ts';
import { configSchema } from '../../src/config/schema.ts';
import { hashPassword } from '../../src/http/access/password-hash.ts';
import { faultsOf, startBrowser } from '../page/browser.ts';
import { checkout } from '../support/run-program.ts';
import { nodeOverHttp } from './running-http.ts';

/** A screenshot goes here where it is set: it is to be looked at. */
const screenshots = process.env['SCREENSHOTS'];

const recipes = [
  {
    name: 'npc',
    description: 'primary tumour with planning target volume',
    structures: [
      { name: 'PTV', formula: 'margin(GTVp, 5) and not zNear', type: 'PTV' },
      { name: 'GTVp', from: 'phantom-gtvp/GTVp', need: 'required' },
      { name: 'zNear', formula: 'margin(Cord, 3)', deliver: false },
      { name: 'Cord', from: 'phantom-gtvp/SpinalCord' },
      { name: 'External', from: 'body' },
    ],
  },
];
const sections = {
  models: { directory: join(checkout, 'models') },
  recipes,
  peers: [{ name: 'tps', aeTitle: 'TPS', host: '127.0.0.1', port: 104 }],
  destinations: [
    { name: 'tps', peer: 'tps', allow: ['demonstration'], roiNames: { Cord: 'SpinalCord' } },
    { name: 'same', peer: 'tps', allow: ['demonstration'], roiNames: { Cord: 'SpinalCord' } },
    {
      name: 'viewer',
      peer: 'tps',
      allow: ['demonstration'],
      roiSuffix: '',
      roiTypes: { '*': 'ORGAN' },
      excludeRois: ['PTV'],
    },
    { name: 'clinic', peer: 'tps' },
  ],
  routes: [
    { name: 'nasopharynx', recipe: 'npc', destinations: ['tps', 'same', 'viewer', 'clinic'] },
    { name: 'rest', models: ['phantom-gtvp'] },
  ],
};

test('what a route sends, in the order of the recipe and as each destination names it', async () => {
  const [plan, rest] = await planned(configSchema.parse(sections));
  assert.deepEqual([plan?.route, plan?.kind, plan?.name], ['nasopharynx', 'recipe', 'npc']);
  assert.deepEqual(
    plan?.sets.map(({ destinations, structures }) => [
      destinations,
      structures.map(({ name, type }) => `${name} ${type}`),
    ]),
    [
      [
        ['tps', 'same'],
        ['PTV^AI PTV', 'GTVp^AI GTV', 'SpinalCord^AI ORGAN', 'External^AI EXTERNAL'],
      ],
      [['viewer'], ['GTVp ORGAN', 'Cord ORGAN', 'External ORGAN']],
    ],
  );
  assert.deepEqual(plan?.refused, { destinations: ['clinic'], use: 'demonstration' });
  assert.deepEqual(plan?.remarks, ["'Cord' is not a name of TG-263; the nearest is SpinalCord"]);
  assert.deepEqual(
    rest?.sets.map(({ destinations }) => destinations),
    [[]],
  );
  assert.ok(rest?.sets[0]?.structures.some(({ name, from }) => name === 'GTVp^AI' && from === 'phantom-gtvp/GTVp'));
});

test('what is seen beside the CT stands with each route: what the route says before what its recipe says', async () => {
  const mr = {
    name: 'mr',
    structures: [{ name: 'GTVp', from: 'phantom-gtvp-mr/GTVp' }],
    inputs: { MR: { required: true } },
  };
  const routes = [
    { name: 'as-recipe', recipe: 'mr' },
    { name: 'own', recipe: 'mr', inputs: { MR: { required: true, waitMinutes: 5 } } },
    { name: 'model', models: ['phantom-gtvp-mr'], inputs: { MR: {} } },
    { name: 'alone', models: ['phantom-gtvp-mr'] },
  ];
  const plans = await planned(configSchema.parse({ ...sections, recipes: [mr], routes }));
  const told = plans.map(({ inputs }) => inputs['MR'] && [inputs['MR'].required, inputs['MR'].waitMinutes]);
  assert.deepEqual(told, [[true, 60], [true, 5], [false, 60], undefined]);
  assert.match(planLine(plans[0]!), /^recipe mr with MR beside the CT \(required\): GTVp/);
  assert.match(planLine(plans[3]!), /^phantom-gtvp-mr: /);
});

const password = 'correct horse battery';

async function openPage(t: TestContext, role: 'viewer' | 'operator', locale = 'en') {
  const user = { name: 'mueller', role, password: await hashPassword(password) };
  const { node } = await nodeOverHttp(t, { users: [user] }, { config: sections });
  const browser = await startBrowser(t);
  const page = await browser.newPage({ locale, viewport: { width: 1280, height: 1400 } });
  await page.goto(`${node.httpUrl}/structures`);
  await page.locator('input[name="name"]').fill('mueller');
  await page.locator('input[name="password"]').fill(password);
  await page.locator('form.login button').click();
  await page.locator('.plan').first().waitFor();
  return page;
}

test('the page shows each recipe, and what a pasted configuration would send or what is wrong with it', async (t) => {
  const page = await openPage(t, 'operator');
  assert.deepEqual(
    (await page.locator('.plan').first().locator('table').first().locator('tbody tr').allInnerTexts()).map((row) =>
      row.split(/\t/),
    ),
    [
      ['1', 'PTV^AI', 'PTV', 'PTV', '= margin(GTVp, 5) and not zNear'],
      ['2', 'GTVp^AI', 'GTV', 'GTVp', 'phantom-gtvp/GTVp, required'],
      ['3', 'SpinalCord^AI', 'ORGAN', 'Cord', 'phantom-gtvp/SpinalCord'],
      ['4', 'External^AI', 'EXTERNAL', 'External', 'the skin, found without a model'],
    ],
  );
  const check = async (text: string): Promise<void> => {
    await page.getByLabel('Configuration (YAML)').fill(text);
    await page.getByRole('button', { name: 'Show what it would send' }).click();
    await page.locator('#check [role="status"] > *').first().waitFor();
  };
  await check(
    'recipes:\n  - name: new\n    structures:\n      - { name: GTVp, from: phantom-gtvp/GTVp }\n      - { name: PTV, formula: "margin(GTVp, 500)" }\n',
  );
  assert.match(
    await page.locator('#check .problem').innerText(),
    /configuration, line 5: recipes\[0\]\.structures\[1\]\.formula: 500 mm; allowed: -100 to 100 mm/,
  );
  assert.match(await page.getByLabel('Configuration (YAML)').inputValue(), /margin\(GTVp, 500\)/);
  await check(
    'recipes:\n  - name: new\n    structures:\n      - { name: PTV, formula: "margin(GTVp, 5)" }\n      - { name: GTVp, from: phantom-gtvp/GTVp }\n',
  );
  assert.match(await page.locator('#check .plan').innerText(), /Recipe new[\s\S]*PTV\^AI[\s\S]*GTVp\^AI/);
  await check(
    'recipes:\n  - name: mr\n    structures:\n      - { name: GTVp, from: phantom-gtvp-mr/GTVp }\n    inputs: { MR: { waitMinutes: 5 } }\n',
  );
  assert.match(
    await page.locator('#check .plan').innerText(),
    /Beside the CT: MR, for which a CT waits 5 minutes at most; without it the CT alone is contoured/,
  );
  assert.deepEqual(await faultsOf(page), []);
  if (screenshots !== undefined) await page.screenshot({ path: join(screenshots, 'structures.png'), fullPage: true });
});

test('who may change nothing sees what is sent, without the form; in Chinese too', async (t) => {
  const page = await openPage(t, 'viewer', 'zh-CN');
  assert.match(await page.locator('main').innerText(), /勾画方案 npc/);
  assert.equal(await page.locator('form.check').count(), 0);
  assert.deepEqual(await faultsOf(page), []);
  if (screenshots !== undefined)
    await page.screenshot({ path: join(screenshots, 'structures-zh.png'), fullPage: true });
});
