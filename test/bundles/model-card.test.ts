import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { PNG } from 'pngjs';
import { picturesOf } from '../../bin/models/card.ts';
import { listBundles } from '../../src/bundles/read-bundle.ts';
import { readMembers } from '../../src/bundles/read-members.ts';
import { modelCard } from '../../worker/bundles/model-card.ts';
import { openBundle } from '../../worker/bundles/open-bundle.ts';
import { writeEnsemble } from '../../worker/bundles/write-ensemble.ts';
import { checkout, contourNode } from '../support/run-program.ts';
import { temporaryFolder, thresholdBundle } from '../support/threshold-bundle.ts';

const models = join(checkout, 'models');
const cards = join(checkout, 'docs/models');

test('every shipped bundle has a card that says what it says: else run `contour-node models card NAME`', async () => {
  const names = await listBundles(models);
  for (const name of names) {
    const bundle = await openBundle(name, models);
    const card = await readFile(join(cards, `${name}.md`), 'utf8');
    const expected = modelCard(bundle, await picturesOf(cards, name), await readMembers(bundle));
    assert.equal(card, expected, `docs/models/${name}.md is out of date`);
    assert.match(card, /contour-node is not a medical device/);
  }
  const written = (await readdir(cards)).filter((file) => file.endsWith('.md'));
  assert.deepEqual(written.toSorted(), names.map((name) => `${name}.md`).toSorted(), 'no card without a bundle');
});

test('a card tells data, licence, figures and failures, and what is not recorded', async (t) => {
  const bundle = await thresholdBundle(t, {
    training: {
      trainingPatients: 12,
      validationPatients: 3,
      command: 'contour-node train --config x.yaml',
      date: '2026-01-02T03:04:05Z',
    },
    metrics: {
      validation: { what: 'Dice of three patients', date: '2026-01-02', dice: { Bright: 0.8123 } },
      knownFailures: ['takes a metal implant for bone'],
    },
  });
  const card = modelCard(bundle, ['threshold-phantom-9.png']);
  for (const words of [
    /^# threshold 1\.0\.0$/m,
    /^\*\*Licence:\*\* none\.$/m,
    /^\| patients \| 12 trained on, 3 set aside \|$/m,
    /^\| date \| 2026-01-02 \|$/m,
    /^\| Bright \| 0\.812 \|$/m,
    /^- takes a metal implant for bone$/m,
    /^!\[phantom 9: truth in red, model in green\]\(threshold-phantom-9\.png\)$/m,
    /the worker does not compare a CT with them/,
  ]) {
    assert.match(card, words);
  }
  const bare = modelCard(await thresholdBundle(t), []);
  assert.match(bare, /None are recorded; that does not mean that there are none/);
});

test('the card of an ensemble tells each of its networks', async (t) => {
  const folder = await temporaryFolder(t);
  const members = await Promise.all(
    ['first', 'second'].map(async (name, n) => {
      const training = { trainingPatients: 12 + n, parameters: 34567, date: '2026-01-02T03:04:05Z' };
      return thresholdBundle(t, { name, training });
    }),
  );
  const whole = await writeEnsemble(join(folder, 'both'), members, {
    name: 'both',
    version: '0.1.0',
    date: '2026-01-03',
  });
  const card = modelCard(whole, [], await readMembers(whole));
  assert.match(card, /^\| network \| the mean of 2 \|$/m);
  for (const [n, name] of ['first', 'second'].entries())
    assert.match(
      card,
      new RegExp(`^\\| ${name} 1\\.0\\.0 \\| .*, 34,567 parameters \\| ${12 + n} \\| 2026-01-02 \\|$`, 'm'),
    );
});

test('models card --pictures draws phantoms, and keeps those that came out worst', async (t) => {
  const bundle = await thresholdBundle(t, {
    rois: [{ name: 'Mandible', interpretedType: 'ORGAN', colour: [255, 200, 0] }],
  });
  const out = await temporaryFolder(t);
  const { code, stdout, stderr } = await contourNode(
    'models',
    'card',
    bundle.directory,
    '--out',
    out,
    '--pictures',
    '--json',
  );
  assert.equal(code, 0, stderr);
  const { pictures } = JSON.parse(stdout) as { pictures: string[] };
  assert.equal(pictures.length, 2);
  for (const picture of pictures) {
    assert.match(picture, /^threshold-phantom-\d+\.png$/);
    assert.ok(PNG.sync.read(await readFile(join(out, picture))).width > 500);
  }
  assert.equal(await readFile(join(out, 'threshold.md'), 'utf8'), modelCard(bundle, pictures));
});

test('models card --known-failure puts what goes wrong into bundle and card, in place of what stood there', async (t) => {
  const { directory } = await thresholdBundle(t, { metrics: { knownFailures: ['old'] } });
  const out = await temporaryFolder(t);
  const failures = ['loses a thin mandible', 'takes a metal implant for bone'];
  const options = failures.flatMap((failure) => ['--known-failure', failure]);
  const { code, stderr } = await contourNode('models', 'card', directory, '--out', out, ...options);
  assert.equal(code, 0, stderr);
  const { manifest } = await openBundle(directory, models);
  assert.deepEqual(manifest.metrics['knownFailures'], failures);
  const card = await readFile(join(out, 'threshold.md'), 'utf8');
  for (const failure of failures) assert.ok(card.includes(`- ${failure}`), card);
  const empty = await contourNode('models', 'card', directory, '--out', out, '--known-failure', ' ');
  assert.equal(empty.code, 2);
  assert.match(empty.stderr, /a known failure is empty/);
});
