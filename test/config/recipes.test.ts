import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkNames, recipeWarnings } from '../../src/config/check-recipes.ts';
import { loadConfig, parseConfig } from '../../src/config/load.ts';
import { FormulaError, parseFormula } from '../../src/config/recipe-formula.ts';
import { nearestName, standardName } from '../../src/config/standard-names.ts';
import { checkout } from '../support/run-program.ts';
import { temporaryFolder, thresholdBundle } from '../support/threshold-bundle.ts';
import { refusal } from './refusal.ts';

/** A configuration with one recipe; its structures begin in line 4. */
function recipe(...structures: string[]): string {
  return ['recipes:', '  - name: npc', '    structures:', ...structures.map((one) => `      - {${one}}`), ''].join(
    '\n',
  );
}

const cord = 'name: SpinalCord, from: head-neck/SpinalCord';
const tumour = 'name: GTVp, from: npc/GTVp';

test('the formula of the paper is read: margin, and not, by direction', () => {
  assert.deepEqual(parseFormula('margin(GTVp, 5) and not margin(SpinalCord, 3, superior: 6)'), {
    kind: 'and not',
    left: {
      kind: 'margin',
      of: { kind: 'name', name: 'GTVp' },
      mm: { left: 5, right: 5, anterior: 5, posterior: 5, superior: 5, inferior: 5 },
    },
    right: {
      kind: 'margin',
      of: { kind: 'name', name: 'SpinalCord' },
      mm: { left: 3, right: 3, anterior: 3, posterior: 3, superior: 6, inferior: 3 },
    },
  });
  const joined = parseFormula('A or B or (C and D)');
  assert.ok(joined.kind === 'or' && joined.left.kind === 'or' && joined.right.kind === 'and');
  assert.equal(parseFormula('margin(A, -2.5)').kind, 'margin');
});

test('a formula that cannot be read says what is wrong and where', () => {
  for (const [text, message, at] of [
    ['', /a structure is missing/, 0],
    ['A and', /a structure is missing/, 5],
    ['A B', /'B' is not expected/, 2],
    ['not A', /'not' stands after 'and'/, 0],
    ['A or B and C', /parentheses/, 7],
    ['(A or B', /'\)' is missing/, 7],
    ['A + B', /'\+' is no part/, 2],
    ['grow(A, 3)', /no function 'grow'; there are margin\(A, 5\), crop/, 0],
    ['margin(A)', /margin is written margin\(A, 5\)/, 8],
    ['margin(A, 500)', /500 mm; allowed: -100 to 100 mm/, 10],
    ['margin(A, upwards: 3)', /only left: mm, right: mm/, 10],
    ['margin(A, left: 3, left: 4)', /left stands there twice/, 19],
    ['margin(A, 3, left: -4)', /outwards in every direction, or inwards/, 8],
    ['ring(A, 5, 2)', /outer distance of a ring is larger/, 9],
    ['crop(A, B)', /crop is written crop\(A, B, 3\)/, 9],
    ['inside(A, Body, -3)', /-3 mm; allowed: 0 to 100 mm/, 16],
  ] as const) {
    assert.throws(
      () => parseFormula(text),
      (error) => error instanceof FormulaError && message.test(error.message) && error.at === at,
      text,
    );
  }
});

test('a wrong recipe is one line with file, line and key', () => {
  const line = (...structures: string[]) => refusal(recipe(...structures));
  const second = /^clinic\.yaml, line 5: recipes\[0\]\.structures\[1\]\./;
  assert.match(
    line(tumour, tumour),
    /^clinic\.yaml, line 5: recipes\[0\]\.structures\[1\]\.name: 'GTVp' stands there twice/,
  );
  assert.match(line(tumour, 'name: gtvP, from: body'), /'gtvP' and 'GTVp': a TPS does not tell capitals/);
  const unknown = line(tumour, 'name: PTV, formula: "margin(GTV, 5)"');
  assert.match(unknown, second);
  assert.match(unknown, /formula: no structure 'GTV' in this recipe; there are GTVp, PTV$/);
  assert.match(line(tumour, 'name: PTV, formula: "margin(gtvp, 5)"'), /capitals count: GTVp$/);
  assert.match(
    line(tumour, 'name: PTV, formula: "margin(GTVp, 500)"'),
    /^clinic\.yaml, line 5: recipes\[0\]\.structures\[1\]\.formula: 500 mm; allowed: -100 to 100 mm \(character 14 of 'margin\(GTVp, 500\)'\)$/,
  );
  assert.match(
    line('name: A, formula: "margin(B, 2)"', 'name: B, formula: C', 'name: C, formula: A'),
    /^clinic\.yaml, line 4: recipes\[0\]\.structures\[0\]\.formula: formulas in a circle: A from B from C from A$/,
  );
  assert.match(line('name: PTV'), /line 4: recipes\[0\]\.structures\[0\]: either from or formula$/);
  assert.match(line('name: margin, from: body'), /'margin' is a word of the formulas/);
  assert.match(line('name: OrganAtRisk_000017, from: body'), /structures\[0\]\.name: at most 16 characters/);
});

test('a route takes either models or a recipe that is there, and its names fit with the suffix of its destinations', () => {
  const peers = 'peers:\n  - {name: tps, aeTitle: TPS, host: tps, port: 104}\n';
  const destination = (more: string) => `destinations:\n  - {name: tps, peer: tps${more}}\n`;
  const route = (what: string) => `routes:\n  - {name: all, destinations: [tps]${what}}\n`;
  const all = (name: string, more = '') =>
    `${recipe(`name: ${name}, from: body`)}${peers}${destination(more)}${route(', recipe: npc')}`;
  assert.match(
    refusal(all('SpinalCord_PRV05')),
    /^clinic\.yaml, line 4: recipes\[0\]\.structures\[0\]\.name: 'SpinalCord_PRV05\^AI', with the suffix of destination tps, has 19 characters; 16 at most/,
  );
  for (const more of [', roiSuffix: ""', ', roiNames: {SpinalCord_PRV05: Cord_PRV}'])
    assert.equal(parseConfig(all('SpinalCord_PRV05', more), 'clinic.yaml').recipes.length, 1);
  assert.match(refusal(`${peers}${destination('')}${route('')}`), /line 6: routes\[0\]: either models or recipe$/);
  assert.match(
    refusal(all('Body').replace('recipe: npc', 'recipe: np')),
    /routes\[0\]\.recipe: no recipe 'np'; recipes: npc$/,
  );
  assert.match(refusal(all('Body').replace('recipe: npc', 'recipe: npc, models: [a]')), /either models or recipe/);
  assert.match(
    refusal(all('Body').replace('recipe: npc', 'recipe: npc, tilt: resolve')),
    /routes\[0\]\.tilt: a recipe is not for tilted series/,
  );
});

test('a bundle or an ROI that is not there is refused when the file is read', async (t) => {
  const folder = await temporaryFolder(t);
  const bundle = await thresholdBundle(t);
  const load = async (from: string) => {
    const path = join(folder, 'clinic.yaml');
    const models = `models: {directory: ${JSON.stringify(join(bundle.directory, '..'))}}\n`;
    await writeFile(path, recipe(cord.replace(/from: .*/, `from: ${from}`)) + models);
    return loadConfig(path);
  };
  const at = 'clinic.yaml, line 4: recipes[0].structures[0].from:';
  await assert.rejects(load('head-neck/Bright'), { message: `${at} no bundle 'head-neck' in models.directory` });
  await assert.rejects(load('threshold/SpinalCord'), {
    message: `${at} threshold has no ROI 'SpinalCord'; it has Bright`,
  });
  assert.equal((await load('threshold/Bright')).config.recipes[0]?.structures[0]?.need, 'optional');
});

test('the nearest name is found from what people write; the table has its own spelling', () => {
  for (const [written, nearest] of [
    ['Left_Parotid', 'Parotid_L'],
    ['Lung_Right', 'Lung_R'],
    ['OpticNerve_L', 'OpticNrv_L'],
    ['Cord', 'SpinalCord'],
    ['Hypothalamus', 'Hypothalmus'],
    ['Oesophagus', 'Esophagus'],
  ] as const) {
    assert.ok(!standardName(written), written);
    assert.equal(nearestName(written), nearest);
  }
  for (const name of ['Lungs-GTV', 'Cochlea', 'LN_Neck_II_L', 'Brainstem_PRV03', 'CTVn2_5940', 'PTV_High', 'zRing'])
    assert.ok(standardName(name), name);
});

test('a name that is not of TG-263 is warned of, with the nearest one', () => {
  const names = (...structures: string[]) =>
    [...recipeWarnings(parseConfig(recipe(...structures), 'clinic.yaml').recipes[0]!)].map(({ message }) => message);
  assert.deepEqual(
    names(
      cord,
      tumour,
      'name: External, from: body',
      'name: Brain_Stem, from: a/A',
      'name: parotid_l, from: a/A',
      'name: Mandible, from: a/A',
      'name: SpinalCord_PRV05, formula: SpinalCord',
      'name: PTV_7000, formula: GTVp',
      'name: zHelper, formula: GTVp',
      'name: Quux, formula: GTVp, deliver: false',
      'name: Quuxquux, formula: GTVp',
    ),
    [
      "'Brain_Stem' is not a name of TG-263; the nearest is Brainstem",
      "'parotid_l' is not a name of TG-263; the nearest is Parotid_L",
      "'Mandible' is not a name of TG-263; the nearest is Bone_Mandible",
      "'Quuxquux' is not a name of TG-263",
    ],
  );
});

test('the recipes that come with the program load, with names that fit at any destination', async () => {
  for (const name of ['head-neck', 'npc']) {
    const { config } = await loadConfig(join(checkout, 'config', 'recipes', `${name}.yaml`));
    assert.deepEqual([...recipeWarnings(config.recipes[0]!)], [], name);
    assert.deepEqual([...checkNames(config.recipes[0]!, { name: 'any', roiSuffix: '^AI', roiNames: {} })], [], name);
  }
});
