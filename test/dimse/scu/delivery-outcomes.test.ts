import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { parseDicom } from '../../../src/dicom/read-data-set.ts';
import { writeRtstruct } from '../../../src/dicom/rtstruct/write-rtstruct.ts';
import { type DeliveryOptions, sendStructureSet } from '../../../src/dimse/scu/deliver-structure-set.ts';
import type { DeliveryOutcome } from '../../../src/dimse/scu/delivery-outcome.ts';
import { ctFolder, exampleInput, exampleRois } from '../../dicom/rtstruct/example-structure-set.ts';
import { type Misbehaviour, type PickyTps, startPickyTps } from '../../../worker/demo/picky-tps.ts';
import { acceptAssociation, associateAccept, type RawPeer, response, startRawPeer } from '../../peers/raw-peer.ts';
import { prepareSegmentation } from '../../../src/dicom/segmentation/write-segmentation.ts';
import { freePort } from '../../support/free-port.ts';
import { sharedData } from '../../support/shared-data.ts';
import { dataSetOf } from '../example-instance.ts';
import { temporaryFolder } from '../running-scp.ts';

const implicit = '1.2.840.10008.1.2';
const explicit = '1.2.840.10008.1.2.1';
const options: DeliveryOptions = {
  callingAe: 'CONTOUR',
  transferSyntaxes: ['implicit', 'explicit'],
  triedBefore: false,
  timeoutSeconds: 1,
};

interface Files {
  implicit: string;
  explicit: string;
  sopInstanceUid: string;
}

async function structureSet(t: TestContext): Promise<Files> {
  const folder = await temporaryFolder(t);
  const paths = { implicit: join(folder, 'implicit.dcm'), explicit: join(folder, 'explicit.dcm') };
  for (const encoding of ['implicit', 'explicit'] as const) {
    await writeFile(paths[encoding], writeRtstruct(exampleInput(exampleRois('keyhole')), encoding));
  }
  return { ...paths, sopInstanceUid: parseDicom(await readFile(paths.implicit)).meta.sopInstanceUid };
}

async function planningSystem(t: TestContext, ...script: Misbehaviour[]): Promise<PickyTps> {
  const tps = await startPickyTps({ directory: await temporaryFolder(t), ct: await ctFolder(t), script });
  t.after(() => tps.close());
  return tps;
}

/** Two voxels in the second slice. */
function exampleSegmentation(): Buffer {
  const input = exampleInput(exampleRois('keyhole'));
  const origins = input.ct.images.map(({ z }) => [0, 0, z] as const);
  return prepareSegmentation({
    ...input,
    grid: { columns: 8, rows: 8, spacing: [1, 1], origins, isAsStored: true, column: [1, 0] },
    segments: [
      {
        label: 'GTVp^AI',
        description: '',
        name: 'GTVp',
        type: 'GTV',
        colour: [255, 0, 0],
        low: [2, 3, 1],
        size: [2, 1, 1],
        voxels: Uint8Array.of(1, 1),
      },
    ],
  }).encode('implicit');
}

/** What one try comes to when the planning system acts like this. */
async function outcomeOf(
  t: TestContext,
  script: Misbehaviour[],
  changes: Partial<DeliveryOptions> = {},
): Promise<DeliveryOutcome> {
  const tps = await planningSystem(t, ...script);
  const { implicit: file } = await structureSet(t);
  return sendStructureSet(tps, { implicit: file }, { ...options, ...changes });
}

test('a picky planning system takes the stored bytes, and the same instance only once (CS 4.2.3.1)', async (t) => {
  const tps = await planningSystem(t);
  const files = await structureSet(t);
  assert.deepEqual(await sendStructureSet(tps, files, options), {
    outcome: 'delivered',
    alarmed: false,
    status: 0,
    transferSyntax: 'implicit',
  });
  assert.deepEqual(tps.refused, []);
  assert.equal(tps.imported[0]?.sopInstanceUid, files.sopInstanceUid);
  const sent = dataSetOf(await readFile(files.implicit));
  assert.ok(tps.imported[0]?.bytes.equals(sent));
  assert.ok(dataSetOf(await readFile(tps.imported[0]?.path ?? '')).equals(sent));

  const again = await sendStructureSet(tps, files, { ...options, triedBefore: true });
  assert.deepEqual([again.outcome, again.alarmed, again.status], ['delivered', false, 0x0111]);
  const unknown = await sendStructureSet(tps, files, options);
  assert.deepEqual([unknown.outcome, unknown.status, unknown.code], ['failed', 0x0111, 'STORE_REFUSED']);
  assert.equal(tps.imported.length, 1);
});

test('the picky planning system refuses another CT, and what real systems refused', async (t) => {
  const tps = await planningSystem(t);
  const folder = await temporaryFolder(t);
  const rois = exampleRois('keyhole');
  const ct = exampleInput(rois).ct;
  const wrong = {
    'frame.dcm': writeRtstruct(exampleInput(rois, { ct: { ...ct, frameOfReferenceUid: '2.25.77' } }), 'implicit'),
    'images.dcm': writeRtstruct(exampleInput(rois, { ct: { ...ct, images: ct.images.slice(0, 11) } }), 'implicit'),
    'tail.dcm': Buffer.concat([writeRtstruct(exampleInput(rois), 'implicit'), Buffer.alloc(7)]),
  };
  for (const [name, bytes] of Object.entries(wrong)) {
    await writeFile(join(folder, name), bytes);
    const { outcome, status } = await sendStructureSet(tps, { implicit: join(folder, name) }, options);
    // Bytes behind the data set are found before anything is sent.
    assert.deepEqual([outcome, status], ['failed', name === 'tail.dcm' ? undefined : 0xc000], name);
  }
  assert.match(tps.refused.join(), /Frame of Reference UID that is not the CT's.*11 images referenced, the CT has 12/);
  const other = sharedData('rtstruct/negative-rt-utils.dcm');
  if (other !== undefined) await sendStructureSet(tps, { explicit: other, implicit: other }, options);
  assert.equal(tps.imported.length, 0);
});

test('a segmentation that is refused makes the whole delivery fail, visibly, though the structure set has arrived (CS 4.2.3.1)', async (t) => {
  const tps = await planningSystem(t);
  const { implicit: file, sopInstanceUid } = await structureSet(t);
  const segmentation = join(await temporaryFolder(t), 'segmentation.dcm');
  await writeFile(segmentation, exampleSegmentation());
  const { outcome, code, message } = await sendStructureSet(tps, { implicit: file }, { ...options, segmentation });
  assert.deepEqual([outcome, code], ['failed', 'PRESENTATION_CONTEXT_REFUSED']);
  assert.equal(message, 'it has the structure set, and not the segmentation: PINNACLE refused Segmentation Storage');
  assert.deepEqual(
    tps.imported.map((one) => one.sopInstanceUid),
    [sopInstanceUid],
  );
});

test('a planning system that is down is tried again', async (t) => {
  const { implicit: file } = await structureSet(t);
  const peer = { aeTitle: 'TPS', host: '127.0.0.1', port: await freePort() };
  const { outcome, code } = await sendStructureSet(peer, { implicit: file }, options);
  assert.deepEqual([outcome, code], ['retry', 'PEER_UNREACHABLE']);
});

test('statuses: A7xx is tried again, warnings are delivered, the rest failed (PS3.4 table B.2-1) (CS 4.2.3.1)', async (t) => {
  const expected: [number, Partial<DeliveryOutcome>][] = [
    [0xa700, { outcome: 'retry', code: 'STORE_REFUSED' }],
    [0xa701, { outcome: 'retry', code: 'STORE_REFUSED' }],
    [0xa900, { outcome: 'failed', code: 'STORE_REFUSED' }],
    [0xc123, { outcome: 'failed', code: 'STORE_REFUSED' }],
    [0x0122, { outcome: 'failed', code: 'STORE_REFUSED' }],
    [0x0124, { outcome: 'failed', code: 'STORE_REFUSED' }],
    [0xb000, { outcome: 'delivered', alarmed: false }],
    [0xb006, { outcome: 'delivered', alarmed: true }],
    [0xb007, { outcome: 'delivered', alarmed: true }],
    [0x0000, { outcome: 'delivered', alarmed: false }],
  ];
  const tps = await planningSystem(t, ...expected.map(([status]) => ({ does: 'answer' as const, status })));
  const { implicit: file } = await structureSet(t);
  for (const [status, outcome] of expected) {
    const actual = await sendStructureSet(tps, { implicit: file }, options);
    assert.deepEqual({ ...actual, ...outcome, status }, actual, status.toString(16));
    assert.equal(actual.message === undefined, status === 0);
  }
});

test('a refused presentation context is a failure, not silence (CS 4.2.3.1)', async (t) => {
  for (const result of [3, 4] as const) {
    const { outcome, code, status } = await outcomeOf(t, [{ does: 'refuse context', result }]);
    assert.deepEqual([outcome, code, status], ['failed', 'PRESENTATION_CONTEXT_REFUSED', undefined]);
  }
});

test('a rejected association: transient is tried again, permanent has failed, and it says which (CS 4.2.3.1)', async (t) => {
  const transient = await outcomeOf(t, [{ does: 'reject', result: 2, source: 3, reason: 2 }]);
  assert.deepEqual([transient.outcome, transient.code], ['retry', 'ASSOCIATION_REJECTED']);
  const permanent = await outcomeOf(t, [{ does: 'reject', result: 1, source: 1, reason: 3 }]);
  assert.deepEqual([permanent.outcome, permanent.code], ['failed', 'ASSOCIATION_REJECTED']);
  assert.match(permanent.message ?? '', /calling AE title not recognised \(result 1, source 1, reason 3\)/);
  assert.match(permanent.remedy ?? '', /enter this node's AE title .* at the peer/);
  const otherTitle = await outcomeOf(t, [{ does: 'reject', result: 1, source: 1, reason: 7 }]);
  assert.match(otherTitle.remedy ?? '', /correct peers\[\]\.aeTitle/);
  assert.match(transient.remedy ?? '', /no room at the moment/);
});

for (const [words, misbehaviour, code] of [
  ['never answers', { does: 'not answer' }, 'DIMSE_TIMEOUT'],
  ['never answers the association request', { does: 'not answer the association' }, 'DIMSE_TIMEOUT'],
  ['aborts', { does: 'abort' }, 'ASSOCIATION_ABORTED'],
  ['resets the connection', { does: 'reset' }, 'ASSOCIATION_ABORTED'],
] as const) {
  test(`a planning system that ${words} is tried again (CS 4.2.3.1)`, async (t) => {
    const { outcome, code: actual, status } = await outcomeOf(t, [misbehaviour]);
    assert.deepEqual([outcome, actual, status], ['retry', code, undefined]);
  });
}

test('an answer for another instance, or a second answer, is not a delivery (CS 4.2.3.1)', async (t) => {
  for (const does of ['answer for another instance', 'answer twice'] as const) {
    const { outcome, code } = await outcomeOf(t, [{ does }]);
    assert.deepEqual([outcome, code], ['failed', 'STORE_WRONG_RESPONSE'], does);
  }
});

test('imported, but the answer was lost: the next try finds it there (CS 4.2.3.1)', async (t) => {
  const tps = await planningSystem(t, { does: 'import and hang up' });
  const files = await structureSet(t);
  assert.equal((await sendStructureSet(tps, files, options)).outcome, 'retry');
  const second = await sendStructureSet(tps, files, { ...options, triedBefore: true });
  assert.deepEqual([second.outcome, second.status], ['delivered', 0x0111]);
  assert.equal(tps.imported.length, 1);
});

test('a slow import is waited for', async (t) => {
  const { outcome } = await outcomeOf(t, [{ does: 'import after', seconds: 0.7 }], { timeoutSeconds: 5 });
  assert.equal(outcome, 'delivered');
});

test('whoever cancels gets an answer at once', async (t) => {
  const tps = await planningSystem(t, { does: 'not answer' });
  const { implicit: file } = await structureSet(t);
  const { outcome, code } = await sendStructureSet(
    tps,
    { implicit: file },
    { ...options, timeoutSeconds: 600, signal: AbortSignal.timeout(200) },
  );
  assert.deepEqual([outcome, code], ['retry', 'ASSOCIATION_ABORTED']);
});

/** Command Field of a C-STORE-RSP (PS3.7 annex E). */
const storeResponse = 0x8001;

/** Which syntaxes a raw peer is offered, one for each context. */
function offered(request: Buffer): string[] {
  const text = request.toString('latin1');
  return [...text.matchAll(/\x40\0[\s\S]{2}(1\.2\.840\.10008\.1\.2(?:\.1)?)/g)].map((match) => match[1] ?? '');
}

test('syntaxes are offered in the order of the destination, and the file of the accepted one goes out (CS 4.2.3.1)', async (t) => {
  const files = await structureSet(t);
  let syntaxes: string[] = [];
  const received: Buffer[] = [];
  const peer = await startRawPeer(async (io) => {
    const request = (await io.pdu()) ?? Buffer.alloc(0);
    syntaxes = offered(request);
    // Both contexts are refused but the second.
    io.send(associateAccept([{ id: 3, transferSyntax: syntaxes[1] ?? '' }]));
    await io.pdu();
    for (;;) {
      const part = await io.pdu();
      if (part === undefined || part[0] !== 0x04) return;
      received.push(part.subarray(12));
      if (((part[11] ?? 0) & 2) !== 0)
        io.send(response(storeResponse, { status: 0, contextId: 3, more: [[0x1000, files.sopInstanceUid]] }));
    }
  });
  t.after(() => peer.close());
  const { outcome, transferSyntax } = await sendStructureSet(
    { aeTitle: 'TPS', host: '127.0.0.1', port: peer.port },
    files,
    { ...options, transferSyntaxes: ['explicit', 'implicit'] },
  );
  assert.deepEqual(syntaxes, [explicit, implicit]);
  assert.deepEqual([outcome, transferSyntax], ['delivered', 'implicit']);
  assert.ok(Buffer.concat(received).equals(dataSetOf(await readFile(files.implicit))));
});

/** Accepts, and answers the first request with this. */
async function answering(io: RawPeer, answer: Buffer): Promise<void> {
  await acceptAssociation(io, implicit);
  await io.pdu();
  io.send(answer);
}

test('a planning system gone mad never hangs the delivery and leaves no connection open', async (t) => {
  const { implicit: file } = await structureSet(t);
  const scripts: [string, (io: RawPeer) => Promise<void>][] = [
    ['garbage', async (io) => io.send(Buffer.alloc(100, 0x41))],
    ['4 GB', async (io) => io.send([0x02, 0, 0xff, 0xff, 0xff, 0xff])],
    ['silence', async () => {}],
    ['a syntax that nobody offered', (io) => acceptAssociation(io, explicit)],
    ['PDUs of one byte', (io) => acceptAssociation(io, implicit, 7)],
    ['an answer to another message', (io) => answering(io, response(storeResponse, { status: 0, messageId: 99 }))],
    ['an echo response', (io) => answering(io, response(0x8030, { status: 0 }))],
    ['an answer without a status', (io) => answering(io, response(storeResponse, {}))],
    [
      'not reading',
      async (io) => {
        await acceptAssociation(io, implicit);
        io.socket.pause();
      },
    ],
  ];
  for (const [name, script] of scripts) {
    const peer = await startRawPeer(script);
    const { outcome } = await sendStructureSet(
      { aeTitle: 'TPS', host: '127.0.0.1', port: peer.port },
      { implicit: file },
      { ...options, timeoutSeconds: 0.5 },
    );
    assert.notEqual(outcome, 'delivered', name);
    const [io] = peer.connections;
    io?.socket.resume();
    await io?.closed;
    await peer.close();
  }
});

test('a file that is not there, or in another syntax than it says, has failed without a call', async (t) => {
  const tps = await planningSystem(t);
  const files = await structureSet(t);
  for (const wrong of [{ implicit: '/nowhere.dcm' }, { implicit: files.explicit }, {}]) {
    assert.equal((await sendStructureSet(tps, wrong, options)).outcome, 'failed');
  }
  assert.equal(tps.deliveries, 0);
});
