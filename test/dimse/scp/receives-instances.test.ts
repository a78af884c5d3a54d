import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { parseDicom } from '../../../src/dicom/read-data-set.ts';
import { storeInstances } from '../../../src/dimse/scu/storage-scu.ts';
import { readStoredInstance } from '../../../src/dimse/scu/stored-instance.ts';
import { sharedData } from '../../support/shared-data.ts';
import { dcmtk } from '../dcmtk.ts';
import { dataSetOf, exampleInstance } from '../example-instance.ts';
import { runningScp, temporaryFolder, type TestScp } from '../running-scp.ts';

const codecs = sharedData('codecs');
const noCodecs = codecs === undefined ? 'no ../shared/data' : false;

/** Files of the folder `codecs` by what the node makes of their transfer syntax. */
const lossless = [
  'LittleEndianImplicit-1.2.840.10008.1.2',
  'LittleEndianExplicit-1.2.840.10008.1.2.1',
  'BigEndianExplicit-1.2.840.10008.1.2.2',
  'DeflatedExplicitVRLittleEndian-1.2.840.10008.1.2.1.99',
  'RLELossless-1.2.840.10008.1.2.5',
  'JPEGProcess14-1.2.840.10008.1.2.4.57',
  'JPEGProcess14SV1-1.2.840.10008.1.2.4.70',
  'JPEGLSLossless-1.2.840.10008.1.2.4.80',
  'JPEG2000LosslessOnly-1.2.840.10008.1.2.4.90',
];
const lossy = [
  'JPEGProcess2_4-1.2.840.10008.1.2.4.51',
  'JPEGLSLossy-1.2.840.10008.1.2.4.81',
  'JPEG2000-1.2.840.10008.1.2.4.91',
];
const never = [
  'JPEGProcess1-1.2.840.10008.1.2.4.50',
  'JPEGProcess6_8-1.2.840.10008.1.2.4.53',
  'JPEGProcess10_12-1.2.840.10008.1.2.4.55',
];
const lossyPeer = { name: 'archive', aeTitle: 'ARCHIVE', addresses: ['127.0.0.1'], acceptLossy: true };

function codecFile(name: string): string {
  return join(codecs ?? '', `${name}.dcm`);
}

function at(scp: TestScp): { aeTitle: string; host: string; port: number } {
  return { aeTitle: 'CONTOUR', host: '127.0.0.1', port: scp.port };
}

/** Sends with DCMTK, the file's own transfer syntax only, and says whether it was taken. */
async function isTaken(scp: TestScp, name: string, callingAe: string): Promise<boolean> {
  const before = scp.kept.length;
  await dcmtk(
    'dcmsend',
    '--decompress-never',
    '-aet',
    callingAe,
    '-aec',
    'CONTOUR',
    '127.0.0.1',
    String(scp.port),
    codecFile(name),
  );
  return scp.kept.length === before + 1;
}

async function written(t: TestContext, files: readonly Buffer[]): Promise<string[]> {
  const folder = await temporaryFolder(t);
  return Promise.all(
    files.map(async (file, i) => {
      const path = join(folder, `${i}.dcm`);
      await writeFile(path, file);
      return path;
    }),
  );
}

test(
  'DCMTK delivers every lossless syntax; lossy ones only from a peer configured so; the rest never',
  { skip: noCodecs },
  async (t) => {
    const scp = await runningScp(t, { peers: [lossyPeer] });
    for (const name of [...lossless, ...lossy, ...never]) {
      assert.equal(await isTaken(scp, name, 'SCANNER'), lossless.includes(name), `${name} from an ordinary sender`);
    }
    for (const name of [...lossy, ...never]) {
      assert.equal(await isTaken(scp, name, 'ARCHIVE'), lossy.includes(name), `${name} from a peer with acceptLossy`);
    }
    for (const { path, transferSyntaxUid } of scp.kept) {
      const file = parseDicom(await readFile(path));
      assert.equal(file.meta.transferSyntaxUid, transferSyntaxUid);
      assert.ok((file.pixelData?.length ?? file.pixelData?.fragments.length ?? 0) > 0);
    }
  },
);

test('storescu converts to what is taken when it may choose', { skip: noCodecs }, async (t) => {
  const scp = await runningScp(t);
  const sent = await dcmtk(
    'storescu',
    '-aec',
    'CONTOUR',
    '-xs',
    '127.0.0.1',
    String(scp.port),
    codecFile('LittleEndianExplicit-1.2.840.10008.1.2.1'),
  );
  assert.equal(sent.code, 0, sent.stderr);
  assert.equal(scp.kept.length, 1);
});

test(
  'the stored data set is the sent one byte for byte, whatever the syntax (CS 4.2.4.1)',
  { skip: noCodecs },
  async (t) => {
    const scp = await runningScp(t, { peers: [lossyPeer], sync: true });
    const instances = await Promise.all([...lossless, ...lossy].map((name) => readStoredInstance(codecFile(name))));
    const results = await storeInstances(at(scp), instances, { callingAe: 'ARCHIVE', timeoutSeconds: 20 });
    assert.deepEqual(new Set(results.map((result) => result.outcome)), new Set(['stored']));
    for (const [i, { path, bytes }] of scp.kept.entries()) {
      const kept = await readFile(path);
      assert.equal(bytes, kept.length);
      assert.ok(dataSetOf(kept).equals(dataSetOf(await readFile(instances[i]?.path ?? ''))), instances[i]?.path ?? '');
    }
  },
);

test('the file meta information names instance, syntax and sender (CS 4.2.2.4)', async (t) => {
  const scp = await runningScp(t);
  const example = exampleInstance(1, { encoding: 'explicit' });
  const [path = ''] = await written(t, [example.file]);
  await storeInstances(at(scp), [await readStoredInstance(path)], { callingAe: 'SCANNER', timeoutSeconds: 10 });
  const [kept] = scp.kept;
  const file = await readFile(kept?.path ?? '');
  assert.equal(parseDicom(file).meta.sopInstanceUid, example.sopInstanceUid);
  assert.ok(file.subarray(0, file.length - example.dataSet.length).includes('SCANNER'));
  assert.deepEqual(
    [kept?.association.callingAe, kept?.association.calledAe, kept?.association.address],
    ['SCANNER', 'CONTOUR', '127.0.0.1'],
  );
});

for (const size of [4096, 16384, 131072]) {
  test(`PDUs of up to ${size} bytes on either side carry a slice whole`, async (t) => {
    const scp = await runningScp(t, { dicom: { maxPduBytes: size } });
    const examples = [1, 2].map((number) => exampleInstance(number, { pixelBytes: 512 * 512 * 2 }));
    const files = await written(
      t,
      examples.map(({ file }) => file),
    );
    const sent = await dcmtk(
      'storescu',
      '-aec',
      'CONTOUR',
      '--propose-implicit',
      '--max-pdu',
      String(size),
      '127.0.0.1',
      String(scp.port),
      ...files,
    );
    assert.equal(sent.code, 0, sent.stderr);
    for (const [i, { path }] of scp.kept.entries()) {
      assert.ok(dataSetOf(await readFile(path)).equals(examples[i]?.dataSet ?? Buffer.alloc(0)));
    }
    assert.equal(scp.kept.length, 2);
  });
}

test('two associations at once do not mix', async (t) => {
  const scp = await runningScp(t);
  const senders = await Promise.all(
    [0, 100].map(async (first) => {
      const examples = Array.from({ length: 20 }, (_, i) => exampleInstance(first + i, { pixelBytes: 200_000 }));
      return {
        examples,
        files: await written(
          t,
          examples.map(({ file }) => file),
        ),
      };
    }),
  );
  const outcomes = await Promise.all(
    senders.map(({ files }, i) =>
      dcmtk(
        'storescu',
        '-aet',
        `SENDER${i}`,
        '-aec',
        'CONTOUR',
        '--propose-implicit',
        '127.0.0.1',
        String(scp.port),
        ...files,
      ),
    ),
  );
  assert.deepEqual(
    outcomes.map((outcome) => outcome.code),
    [0, 0],
  );
  await scp.untilEnded(2);
  assert.deepEqual(
    scp.ended.map(({ how }) => how),
    ['released', 'released'],
  );
  for (const [i, { examples }] of senders.entries()) {
    const kept = scp.kept.filter(({ association }) => association.callingAe === `SENDER${i}`);
    assert.deepEqual(
      kept.map(({ sopInstanceUid }) => sopInstanceUid),
      examples.map(({ sopInstanceUid }) => sopInstanceUid),
    );
    for (const [k, { path }] of kept.entries())
      assert.ok(dataSetOf(await readFile(path)).equals(examples[k]?.dataSet ?? Buffer.alloc(0)));
  }
});

test('a status other than success reaches the sender, and the instance is not left behind', async (t) => {
  const scp = await runningScp(t, { store: () => Promise.resolve(0xa900) });
  const files = await written(t, [exampleInstance(1).file]);
  const results = await storeInstances(at(scp), [await readStoredInstance(files[0] ?? '')], {
    callingAe: 'X',
    timeoutSeconds: 10,
  });
  assert.deepEqual(
    results.map(({ outcome, status }) => [outcome, status]),
    [['refused', 0xa900]],
  );
  assert.deepEqual(await scp.incoming(), []);
});

test('a store that throws is answered with 0xA700, and the association goes on (CS 4.2.4.1)', async (t) => {
  let calls = 0;
  const scp = await runningScp(t, {
    store: () => (++calls === 1 ? Promise.reject(new Error('no space left')) : Promise.resolve(0)),
  });
  const files = await written(t, [exampleInstance(1).file, exampleInstance(2).file]);
  const results = await storeInstances(at(scp), await Promise.all(files.map(readStoredInstance)), {
    callingAe: 'X',
    timeoutSeconds: 10,
  });
  assert.deepEqual(
    results.map(({ status }) => status),
    [0xa700, 0],
  );
  assert.deepEqual(await scp.incoming(), []);
});

test('echoscu is answered, again and again in one association (CS 4.2.4.2)', async (t) => {
  const scp = await runningScp(t);
  const echoed = await dcmtk('echoscu', '-aec', 'CONTOUR', '--repeat', '20', '127.0.0.1', String(scp.port));
  assert.equal(echoed.code, 0, echoed.stderr);
});

test('an association in the middle of a store gets its status before the node closes', async (t) => {
  let arrived: () => void = () => {};
  const inStore = new Promise<void>((resolve) => (arrived = resolve));
  let finish: () => void = () => {};
  const scp = await runningScp(t, {
    store: async () => {
      arrived();
      await new Promise<void>((resolve) => (finish = resolve));
      return 0;
    },
  });
  const [path = ''] = await written(t, [exampleInstance(1).file]);
  const sending = storeInstances(at(scp), [await readStoredInstance(path)], { callingAe: 'X', timeoutSeconds: 10 });
  await inStore;
  const closing = scp.close();
  finish();
  assert.deepEqual(
    (await sending).map(({ status }) => status),
    [0],
  );
  await closing;
  assert.deepEqual(
    scp.ended.map(({ how }) => how),
    ['aborted'],
  );
  assert.equal(scp.kept.length, 1);
});
