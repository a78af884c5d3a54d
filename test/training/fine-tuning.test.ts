import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { seriesDigest } from '../../worker/archive/series-digest.ts';
import { hasSeen } from '../../worker/bundles/provenance.ts';
import { loadTensorFlow } from '../../worker/engines/load-tensorflow.ts';
import { buildNetwork } from '../../worker/networks/network.ts';
import { parameterSpecs } from '../../worker/networks/parameters.ts';
import type { CollectedCase } from '../../worker/training/case-cache.ts';
import { frozenLayers } from '../../worker/training/frozen-layers.ts';
import { checkSetAside, type InitialWeights } from '../../worker/training/initial-weights.ts';
import { train, type Training } from '../../worker/training/trainer.ts';
import { smallCases, smallConfig } from './small-training.ts';

const tf = await loadTensorFlow();
const cases = await smallCases(5);
const elsewhere = { training: cases.slice(0, 2), validation: cases.slice(2, 3) };
const here = { training: cases.slice(3, 4), validation: cases.slice(4) };

const root = await mkdtemp(join(tmpdir(), 'contour-node-fine-tuning-'));
after(() => rm(root, { recursive: true }));
const folder = () => mkdtemp(join(root, 'training-'));

const names = smallConfig().rois.map(({ name }) => name);
const before = await train(tf, {
  config: smallConfig({ training: { epochs: 6, learningRate: 0.02, slicesPerEpoch: 32 } }),
  cases: elsewhere,
  directory: await folder(),
});
const from: InitialWeights = {
  weights: before.best,
  rois: names,
  source: { name: 'elsewhere', version: '1.0.0', sha256: 'a'.repeat(64) },
  ancestors: [],
};

async function fineTune(training: object, changes: Partial<Training> = {}) {
  return train(tf, { config: smallConfig({ training }), cases: here, directory: await folder(), from, ...changes });
}

test('frozen layers stay as the bundle has them to the bit, their statistics too; the others learn', async () => {
  const tensors = tf.memory().numTensors;
  const { best, network, history } = await fineTune({ freeze: 'encoder', epochs: 3, learningRate: 0.01 });
  assert.equal(tf.memory().numTensors, tensors, 'nothing leaks');
  assert.ok((history.at(-1)?.meanDice ?? 0) > (history[0]?.meanDice ?? 1), 'it learned');
  const changed = parameterSpecs(network)
    .filter(({ name }) => best.get(name)?.some((value, i) => value !== from.weights.get(name)?.[i]))
    .map(({ layer }) => layer.split('.')[0]);
  assert.deepEqual([...new Set(changed)], ['up2', 'up1', 'output']);
});

test('the weights of the bundle are measured first, and kept where nothing is better', async () => {
  // Statistics that are frozen, and a rate at which nothing is learned.
  const idle = { freeze: ['(?!output).*'], learningRate: 1e-12 };
  const { history, best } = await fineTune({ ...idle, stopAfter: 2, epochs: 50 });
  assert.deepEqual(
    history.map(({ epoch, loss }) => [epoch, loss === null]),
    [
      [0, true],
      [1, false],
      [2, false],
    ],
    'two epochs that brought nothing end it',
  );
  const [start] = history;
  assert.ok(history.every(({ meanDice }) => meanDice <= (start?.meanDice ?? 0)));
  assert.deepEqual(best, from.weights);
});

test('a fine-tuning that was ended goes on to the same numbers as one that was not', async () => {
  const settings = { freeze: ['down1\\..*'], learningRate: 0.01, epochs: 4, stopAfter: 3 };
  const whole = await fineTune(settings);
  for (const last of [0, 2]) {
    const directory = await folder();
    const stop = new AbortController();
    const onEpoch: Training['onEpoch'] = (history) => {
      if (history.at(-1)?.epoch === last) stop.abort();
    };
    await fineTune(settings, { directory, signal: stop.signal, onEpoch });
    const resumed = await fineTune(settings, { directory });
    const numbers = ({ history }: typeof whole) => history.map(({ epoch, loss, dice }) => ({ epoch, loss, dice }));
    assert.deepEqual(numbers(resumed), numbers(whole), `ended after epoch ${last}`);
    assert.deepEqual(resumed.best, whole.best);
    assert.match(await readFile(join(directory, 'history.svg'), 'utf8'), />0<.*epoch 4</s);
  }
});

test('a checkpoint of another beginning or with other frozen layers is not gone on with', async () => {
  const directory = await folder();
  await fineTune({ freeze: 'encoder', epochs: 1 }, { directory });
  const calls = [
    [{ epochs: 2 }, {}, /with other frozen layers/],
    [{ epochs: 2, freeze: 'encoder' }, { from: undefined }, /began with the weights of another bundle/],
  ] as const;
  for (const [settings, changes, message] of calls) {
    await assert.rejects(fineTune(settings, { directory, ...changes }), { code: 'CHECKPOINT_INVALID', message });
  }
});

test('a name to freeze that no layer has, and a network without anything to learn, are refused', () => {
  const network = buildNetwork(smallConfig().architecture, [32, 32, 3], 2);
  const refused = (freeze: string[], message: RegExp) =>
    assert.throws(() => frozenLayers(network, freeze), { code: 'CONFIG_INVALID', message });
  refused(['stage1'], /training\.freeze: no layer is called stage1/);
  refused(['.*'], /nothing is left to train/);
  const deeplab = buildNetwork({ family: 'deeplabv3plus', parameters: {} }, [64, 64, 1], 1);
  const encoder = [...frozenLayers(deeplab, 'encoder')];
  assert.ok(encoder.includes('stem') && encoder.includes('stage7.1.project'));
  assert.ok(!encoder.some((name) => /pyramid|decoder|logits/.test(name)));
});

test('patients that a bundle, or the one before it, was trained on cannot be set aside and are known to evaluate', () => {
  const [uid, other] = ['1.2.3', '1.2.4'];
  const ancestors = [
    { name: 'second', series: { training: [], validation: [] } },
    { name: 'first', series: { training: [seriesDigest('first', uid)], validation: [] } },
  ];
  const aside = (seriesInstanceUid: string): CollectedCase => {
    return { side: 'validation', place: 'p', patient: 'p', seriesInstanceUid, prepared: cases[0]! };
  };
  checkSetAside([aside(other)], { ...from, ancestors });
  checkSetAside([{ ...aside(uid), side: 'training' }], { ...from, ancestors });
  assert.throws(() => checkSetAside([aside(uid), aside(other)], { ...from, ancestors }), {
    code: 'TRAINING_DATA',
    message: /^1 of the patients set aside were trained on/,
  });
  const manifest = { name: 'third', training: { ancestors } };
  assert.ok(hasSeen(manifest, uid, 'training') && !hasSeen(manifest, other, 'training'));
  assert.ok(!hasSeen(manifest, uid, 'validation'));
});
