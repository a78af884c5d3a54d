import assert from 'node:assert/strict';
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { openCheckpoint } from '../../worker/nnunet/checkpoint.ts';
import { readPickle } from '../../worker/nnunet/pickle.ts';
import { temporaryFolder } from '../support/threshold-bundle.ts';
import { pickled, storedZip, torchCheckpoint, type GivenCheckpoint } from '../support/torch-checkpoint.ts';

const values = Float32Array.from({ length: 24 }, (_, n) => n / 8);
const given: GivenCheckpoint = {
  weights: new Map([['layer.weight', { shape: [2, 3, 4], values }]]),
  mirrorAxes: [0, 2],
  initArgs: { configuration: '3d_fullres', plans: { name: 'p', list: [1, 2.5, null, true] } },
};

async function opening(t: TestContext, bytes: Buffer) {
  const path = join(await temporaryFolder(t), 'checkpoint_final.pth');
  await writeFile(path, bytes);
  return openCheckpoint(path, 'fold_0/checkpoint_final.pth');
}

test('weights, arguments and mirroring of a checkpoint are read without Python', async (t) => {
  const checkpoint = await opening(t, torchCheckpoint(given));
  t.after(() => checkpoint.close());
  assert.equal(checkpoint.trainerName, 'nnUNetTrainer');
  assert.equal(checkpoint.configuration, '3d_fullres');
  assert.deepEqual(checkpoint.plans, { name: 'p', list: [1, 2.5, null, true] });
  assert.deepEqual(checkpoint.mirrorAxes, [0, 2]);
  const tensor = checkpoint.weights.get('layer.weight')!;
  assert.deepEqual(tensor.shape, [2, 3, 4]);
  assert.deepEqual(await checkpoint.read(tensor), values);
  const turned = { ...tensor, shape: [4, 2], strides: [1, 12], offset: 4 };
  assert.deepEqual(
    [...(await checkpoint.read(turned))],
    [4, 16, 5, 17, 6, 18, 7, 19].map((n) => n / 8),
  );
});

test('a pickle that would run code is refused with the name of what it would have called', async (t) => {
  const calls = [
    ['posix', 'system'],
    ['builtins', 'eval'],
    ['torch', 'load'],
    ['collections', 'OrderedDict.fromkeys'],
    ['numpy.core.multiarray', '_reconstruct'],
  ];
  for (const [module, name] of calls) {
    const extra = Buffer.concat([
      Buffer.from(`c${module}\n${name}\n(`),
      pickled('touch /tmp/owned'),
      Buffer.from('tR'),
    ]);
    await assert.rejects(opening(t, torchCheckpoint({ ...given, extra })), {
      code: 'CHECKPOINT_UNREADABLE',
      message: `fold_0/checkpoint_final.pth names "${module}.${name}", which no checkpoint of nnU-Net needs: it is not read`,
    });
  }
});

test('so is every instruction that makes objects, and none of the others takes the process down', () => {
  // OBJ, INST, NEWOBJ, NEWOBJ_EX, EXT1, PERSID, BYTEARRAY8, NEXT_BUFFER
  for (const opcode of [0x6f, 0x69, 0x81, 0x92, 0x82, 0x50, 0x96, 0x97]) {
    assert.throws(() => readPickle(Buffer.from([0x80, 2, 0x28, opcode, 0x2e]), 'x'), {
      code: 'CHECKPOINT_UNREADABLE',
      message: /instruction 0x/,
    });
  }
  for (let opcode = 0; opcode < 256; opcode += 1) {
    for (const operand of [[], [0], [255, 255, 255, 255, 255], [0x4e, 0x4e, 0x2e]]) {
      try {
        readPickle(Buffer.from([0x80, 2, opcode, ...operand]), 'x');
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'CHECKPOINT_UNREADABLE', `opcode ${opcode}`);
      }
    }
  }
});

test('a dictionary key like __proto__ is a key, and a list that holds itself is no endless plan', async (t) => {
  const initArgs = { configuration: 'x', plans: JSON.parse('{"__proto__": {"polluted": true}}') as unknown };
  const checkpoint = await opening(t, torchCheckpoint({ ...given, initArgs }));
  t.after(() => checkpoint.close());
  assert.equal(({} as { polluted?: boolean }).polluted, undefined);
  const endless = readPickle(Buffer.from([0x80, 2, 0x5d, 0x71, 0, 0x68, 0, 0x61, 0x2e]), 'x');
  assert.ok(Array.isArray(endless) && endless[0] === endless);
});

test('numbers of numpy and the device are read over', async (t) => {
  const scalar = Buffer.concat([
    Buffer.from('cnumpy._core.multiarray\nscalar\n(cnumpy\ndtype\n('),
    ...['f4', false, true].map(pickled),
    Buffer.from('tR(K\x03', 'latin1'),
    pickled('<'),
    Buffer.from('NNNtb', 'latin1'),
    Buffer.from('c_codecs\nencode\n('),
    ...['\u0000', 'latin1'].map(pickled),
    Buffer.from('tRtR'),
  ]);
  const checkpoint = await opening(t, torchCheckpoint({ ...given, extra: scalar }));
  await checkpoint.close();
  const device = Buffer.concat([Buffer.from('ctorch\ndevice\n('), pickled('cuda'), Buffer.from('tR')]);
  await (await opening(t, torchCheckpoint({ ...given, extra: device }))).close();
});

test('a file that is cut off, compressed, or no checkpoint at all gets one line', async (t) => {
  const whole = torchCheckpoint(given);
  for (const length of [0, 10, whole.length >> 1, whole.length - 30, whole.length - 1]) {
    const path = join(await temporaryFolder(t), 'x.pth');
    await writeFile(path, whole);
    await truncate(path, length);
    await assert.rejects(openCheckpoint(path, 'fold_0'), {
      code: 'CHECKPOINT_UNREADABLE',
      message: 'fold_0: it is no whole zip file as PyTorch writes them',
    });
  }
  const root = Buffer.concat([Buffer.from([0x80, 2]), pickled({ state_dict: 1 }), Buffer.from('.')]);
  const others: [Buffer, RegExp][] = [
    [storedZip([['a/data.pkl', root]], true), /compressed/],
    [storedZip([['a/other', root]]), /no data\.pkl/],
    [storedZip([['a/data.pkl', root]]), /no network_weights or no init_args/],
    [storedZip([['a/data.pkl', root.subarray(0, 8)]]), /data\.pkl is damaged/],
    [
      storedZip([
        ['a/data.pkl', root],
        ['a/byteorder', Buffer.from('big')],
      ]),
      /big endian/,
    ],
  ];
  for (const [bytes, message] of others)
    await assert.rejects(opening(t, bytes), { code: 'CHECKPOINT_UNREADABLE', message });
});

test('a tensor that claims more than its storage holds is no tensor', async (t) => {
  const weights = new Map([['layer.weight', { shape: [2, 3, 5], values }]]);
  await assert.rejects(opening(t, torchCheckpoint({ ...given, weights })), {
    code: 'CHECKPOINT_UNREADABLE',
    message: /layer\.weight, which is no whole tensor/,
  });
});
