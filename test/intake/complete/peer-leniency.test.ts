import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { type ClinicCt, clinicCt, clinicSlice, foreignFile } from '../../support/clinic-ct.ts';
import { IntakeHarness } from '../intake-harness.ts';

const strict = { surplusBytes: 'refuse', looseUids: 'refuse', spelling: 'refuse', foreignImages: 'refuse' };

async function peerWith(t: TestContext, accept: object, routes: object[] = []): Promise<IntakeHarness> {
  const peers = [{ name: 'ct', aeTitle: 'SCANNER', addresses: ['127.0.0.1'], accept }];
  return IntakeHarness.open(t, { config: { peers, routes } });
}

async function shownOf(bench: IntakeHarness, ct: ClinicCt, more: { name: string; bytes: Buffer }[] = []) {
  const { uids = '1.2.3' } = ct;
  const association = bench.associate({ peer: bench.config.peers[0]! });
  for (const [k, { bytes }] of clinicCt(ct).entries())
    assert.equal(await bench.sendBytes(association, bytes, { sopInstanceUid: `${uids}.4.${k + 1}` }), 0);
  for (const [i, { bytes }] of more.entries())
    assert.equal(await bench.sendBytes(association, bytes, { sopInstanceUid: `${uids}.9.${i + 1}` }), 0);
  bench.assembly.ended(association, 'released');
  await bench.pass(21);
  return bench.show(`${uids}.2`);
}

const cases: { key: string; code: string; ct: ClinicCt; foreign?: string }[] = [
  {
    key: 'surplusBytes',
    code: 'PIXEL_DECODING',
    ct: {
      change: (k) => ({ '7fe00010': ['OW', [...(clinicSlice({}, k)['7fe00010']![1] as number[]), 0]] }),
    },
  },
  { key: 'looseUids', code: 'DICOM_UID', ct: { uids: '1.2.826.007' } },
  {
    key: 'spelling',
    code: 'SERIES_MIXED_IDENTITY',
    ct: { change: (k) => ({ '00100010': ['PN', k === 3 ? 'Doe^Jane^' : 'Doe^Jane'] }) },
  },
  { key: 'foreignImages', code: 'SERIES_MIXED_SIZE', ct: {}, foreign: 'a sagittal reformat' },
];

for (const { key, code, ct, foreign } of cases) {
  test(`what a peer may send by default and not where it is strict: ${key}`, async (t) => {
    const more = foreign === undefined ? [] : [foreignFile(ct, foreign)];
    assert.equal((await shownOf(await peerWith(t, {}), ct, more)).state, 'unrouted');
    const refused = await shownOf(await peerWith(t, strict), ct, more);
    assert.deepEqual([refused.state, refused.problem?.code], ['rejected', code]);
    assert.match(refused.problem?.remedy ?? '', new RegExp(`peers\\[\\]\\.accept\\.${key}`));
    const others = await shownOf(await peerWith(t, { ...strict, [key]: 'take' }), ct, more);
    assert.equal(others.state, 'unrouted');
  });
}

test('48 of 49 images wait for a person, and are contoured with a warning where the peer is configured so', async (t) => {
  const ct: ClinicCt = { slices: 24, change: () => ({ '00201209': ['IS', '25'] }) };
  const held = await shownOf(await peerWith(t, {}), ct);
  assert.deepEqual([held.state, held.problem?.message], ['incomplete', '24 of 25 instances have arrived']);
  const taken = await shownOf(await peerWith(t, { missing: 'warn' }), ct);
  assert.equal(taken.state, 'unrouted');
  const text = '24 of 25 instances have arrived';
  assert.deepEqual(taken.warnings, [{ code: 'INSTANCES_MISSING', text, severity: 'check' }]);
});

test('a tilted series is taken where its route resolves the tilt, and refused elsewhere', async (t) => {
  const ct: ClinicCt = { tilt: 10 };
  const route = { name: 'head', when: { callingAe: 'SCANNER' }, models: ['nowhere'] };
  const refused = await shownOf(await peerWith(t, {}, [route]), ct);
  assert.deepEqual([refused.state, refused.problem?.code], ['rejected', 'SERIES_GANTRY_TILT']);
  const resolved = await shownOf(await peerWith(t, {}, [{ ...route, tilt: 'resolve' }]), ct);
  // The model is not there; the images are a revision all the same.
  assert.deepEqual([resolved.revision, resolved.problem?.code], [1, 'MODEL_NOT_FOUND']);
  assert.ok(resolved.warnings.some(({ code }) => code === 'TILTED'));
});
