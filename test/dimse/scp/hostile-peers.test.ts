import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ctImageStorage } from '../../../src/dicom/ct-instance.ts';
import {
  abortRequest,
  associateRequest,
  command,
  connectRaw,
  data,
  pdu,
  type RawContext,
  type RawPeer,
  releaseRequest,
  statusOf,
  storeRequest,
} from '../../peers/raw-peer.ts';
import { eventually } from '../../support/eventually.ts';
import { exampleInstance } from '../example-instance.ts';
import { runningScp, type TestScp } from '../running-scp.ts';

const implicit = '1.2.840.10008.1.2';
const verification = '1.2.840.10008.1.1';
const contexts: RawContext[] = [
  { id: 1, abstractSyntax: ctImageStorage, transferSyntaxes: [implicit] },
  { id: 3, abstractSyntax: verification, transferSyntaxes: [implicit] },
  { id: 5, abstractSyntax: '1.2.840.10008.5.1.4.1.1.4.1', transferSyntaxes: [implicit] },
];

async function associated(scp: TestScp, calling = 'RAW'): Promise<RawPeer> {
  const peer = await connectRaw(scp.port);
  peer.send(associateRequest({ called: 'CONTOUR', calling, contexts }));
  const accept = await peer.pdu();
  assert.equal(accept?.[0], 0x02, 'A-ASSOCIATE-AC');
  return peer;
}

/** Type of the next PDU, and what an A-ABORT or A-ASSOCIATE-RJ says. */
async function answer(peer: RawPeer): Promise<number[]> {
  const bytes = await peer.pdu();
  return bytes === undefined ? [] : [bytes[0] ?? 0, ...bytes.subarray(7, 10)];
}

const abortOf = (reason: number): number[] => [0x07, 0, 2, reason];

test('a PDU header that claims 4 GB ends the connection at once, before and after the association (CS 4.2.2.1)', async (t) => {
  const scp = await runningScp(t);
  const header = [0x04, 0, 0xff, 0xff, 0xff, 0xff];
  for (const peer of [await connectRaw(scp.port), await associated(scp)]) {
    const before = process.memoryUsage().rss;
    peer.send(header);
    const chunk = Buffer.alloc(1024 * 1024);
    for (let i = 0; i < 64 && peer.socket.writable; i++) peer.socket.write(chunk);
    assert.deepEqual(await answer(peer), abortOf(6));
    await peer.closed;
    // What this test itself has queued counts too.
    assert.ok(process.memoryUsage().rss - before < 200e6);
  }
  await scp.untilEnded(1);
  assert.equal(scp.ended[0]?.how, 'aborted');
});

test('garbage is aborted as an unrecognised PDU (CS 4.2.4)', async (t) => {
  const scp = await runningScp(t);
  const peer = await connectRaw(scp.port);
  peer.send(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
  assert.deepEqual(await answer(peer), abortOf(1));
  await peer.closed;
});

test('what comes out of turn is aborted as unexpected (PS3.8 9.2) (CS 4.2.2.1)', async (t) => {
  const scp = await runningScp(t);
  const early = await connectRaw(scp.port);
  early.send(data(1, 'command', true, Buffer.alloc(10)));
  assert.deepEqual(await answer(early), abortOf(2), 'data before the association');
  const twice = await associated(scp);
  twice.send(associateRequest({ called: 'CONTOUR', calling: 'RAW', contexts }));
  assert.deepEqual(await answer(twice), abortOf(2), 'a second association request');
  const confused = await associated(scp);
  confused.send(pdu(0x06, [0, 0, 0, 0]));
  assert.deepEqual(await answer(confused), abortOf(2), 'a release response');
});

test('data on a context that was refused, without a command, or mixed with a command is aborted (CS 4.2.4)', async (t) => {
  const scp = await runningScp(t);
  const { dataSet, sopInstanceUid } = exampleInstance(1);
  const rq = storeRequest(1, ctImageStorage, sopInstanceUid);
  const scripts: [string, Buffer[], number][] = [
    ['refused context', [data(5, 'command', true, rq)], 6],
    ['unknown context', [data(99, 'command', true, rq)], 6],
    ['no command', [data(1, 'data set', true, dataSet)], 2],
    [
      'command within a data set',
      [data(1, 'command', true, rq), data(1, 'data set', false, dataSet), data(1, 'command', true, rq)],
      2,
    ],
    ['second command instead of the data set', [data(1, 'command', true, rq), data(1, 'command', true, rq)], 0],
    ['length beyond the PDU', [pdu(0x04, [0, 0, 1, 0, 1, 3, 0, 0])], 6],
    ['length too small', [pdu(0x04, [0, 0, 0, 1, 1, 3])], 6],
  ];
  for (const [name, bytes, reason] of scripts) {
    const peer = await associated(scp);
    peer.send(...bytes);
    assert.deepEqual(await answer(peer), abortOf(reason), name);
    await peer.closed;
  }
  await scp.untilEnded(scripts.length);
  assert.deepEqual(await scp.incoming(), []);
  assert.equal(scp.kept.length, 0);
});

test('another service with a data set is aborted, not gathered in memory', async (t) => {
  const scp = await runningScp(t);
  const peer = await associated(scp);
  const find = command([
    [0x0002, ctImageStorage],
    [0x0100, 0x0020],
    [0x0110, 1],
    [0x0700, 0],
    [0x0800, 0],
  ]);
  peer.send(data(1, 'command', true, find), data(1, 'data set', false, Buffer.alloc(1000)));
  assert.deepEqual(await answer(peer), abortOf(2));
});

test('an endless command and an instance over the limit are aborted (CS 4.2.4)', async (t) => {
  const scp = await runningScp(t, { dicom: { maxInstanceMegabytes: 1 } });
  const talker = await associated(scp);
  for (let i = 0; i < 5; i++) talker.send(data(1, 'command', false, Buffer.alloc(16000)));
  assert.deepEqual(await answer(talker), abortOf(0));
  const giant = await associated(scp);
  giant.send(data(1, 'command', true, storeRequest(1, ctImageStorage, '2.25.1')));
  for (let i = 0; i < 70; i++) giant.send(data(1, 'data set', false, Buffer.alloc(16000)));
  assert.deepEqual(await answer(giant), abortOf(0));
  await scp.untilEnded(2);
  assert.deepEqual(await scp.incoming(), []);
});

test('titles, protocol version and application context are rejected as the standard says (CS 4.2.4)', async (t) => {
  const scp = await runningScp(t, {
    dicom: { acceptLoopback: false },
    peers: [{ name: 'ct', aeTitle: 'CT1', addresses: ['127.0.0.1'] }],
  });
  const cases: [string, Parameters<typeof associateRequest>[0], number[]][] = [
    ['called', { called: 'OTHER', calling: 'CT1', contexts }, [1, 1, 7]],
    ['calling', { called: 'CONTOUR', calling: 'CT2', contexts }, [1, 1, 3]],
    ['version', { called: 'CONTOUR', calling: 'CT1', contexts, version: 2 }, [1, 2, 2]],
    ['application context', { called: 'CONTOUR', calling: 'CT1', contexts, applicationContext: '1.2.3' }, [1, 1, 2]],
  ];
  for (const [name, request, expected] of cases) {
    const peer = await connectRaw(scp.port);
    peer.send(associateRequest(request));
    assert.deepEqual(await answer(peer), [0x03, ...expected], name);
    await peer.closed;
  }
  assert.deepEqual(scp.started, []);
  assert.equal((await associated(scp, 'CT1')).socket.destroyed, false);
});

test('an address that no peer has is closed without a byte (CS 4.2.4)', async (t) => {
  const scp = await runningScp(t, { dicom: { acceptLoopback: false } });
  const peer = await connectRaw(scp.port);
  peer.send(associateRequest({ called: 'CONTOUR', calling: 'CT1', contexts }));
  assert.equal(await peer.pdu(), undefined);
  assert.match(scp.warnings.join(), /no peer calls from this address/);
});

test('one association too many hears that there is no room; when one ends there is (CS 4.2.2.2)', async (t) => {
  const scp = await runningScp(t, { dicom: { maxAssociations: 2 } });
  const first = await associated(scp);
  await associated(scp);
  const third = await connectRaw(scp.port);
  third.send(associateRequest({ called: 'CONTOUR', calling: 'RAW', contexts }));
  assert.deepEqual(await answer(third), [0x03, 2, 3, 2]);
  first.send(releaseRequest);
  assert.deepEqual((await answer(first))[0], 0x06);
  await scp.untilEnded(1);
  await associated(scp);
});

test('connections that never ask for an association do not pile up', async (t) => {
  const scp = await runningScp(t, { dicom: { maxAssociations: 2, maxAssociationsPerPeer: 2 } });
  const silent = await Promise.all(Array.from({ length: 40 }, () => connectRaw(scp.port)));
  await eventually('the rest is closed', 5, () =>
    silent.filter(({ socket }) => socket.closed).length >= 40 - 18 ? true : undefined,
  );
});

test('however many connections stay silent, a sender gets in and its association stays', async (t) => {
  const scp = await runningScp(t, { dicom: { maxAssociations: 2, maxAssociationsPerPeer: 2 } });
  await Promise.all(Array.from({ length: 40 }, () => connectRaw(scp.port)));
  const sender = await associated(scp);
  await Promise.all(Array.from({ length: 40 }, () => connectRaw(scp.port)));
  sender.send(releaseRequest);
  assert.equal((await answer(sender))[0], 0x06);
});

test('nobody may take longer than the handshake time, however busily it trickles', async (t) => {
  const scp = await runningScp(t, { dicom: { handshakeSeconds: 0.5 } });
  const silent = await connectRaw(scp.port);
  const trickling = await connectRaw(scp.port);
  const request = associateRequest({ called: 'CONTOUR', calling: 'RAW', contexts });
  const trickle = (async () => {
    for (const byte of request) {
      if (!trickling.socket.writable) return;
      trickling.send([byte]);
      await sleep(20);
    }
  })();
  assert.deepEqual(await answer(silent), abortOf(0));
  assert.deepEqual(await answer(trickling), abortOf(0));
  await trickle;
  assert.deepEqual(scp.started, []);
});

test('an association that sends nothing, or a data set byte by byte, is aborted after the idle time (CS 4.2.4)', async (t) => {
  const scp = await runningScp(t, { dicom: { idleSeconds: 0.5 } });
  const idle = await associated(scp);
  const loris = await associated(scp);
  loris.send(data(1, 'command', true, storeRequest(1, ctImageStorage, '2.25.1')));
  const trickle = (async () => {
    for (let i = 0; i < 1000 && loris.socket.writable; i++) {
      loris.send(data(1, 'data set', false, Buffer.from([0])));
      await sleep(20);
    }
  })();
  assert.deepEqual(await answer(idle), abortOf(0));
  assert.deepEqual(await answer(loris), abortOf(0));
  await trickle;
  await scp.untilEnded(2);
  assert.deepEqual(await scp.incoming(), []);
});

for (const [how, end] of [
  ['aborted', (peer: RawPeer) => peer.send(abortRequest)],
  ['lost', (peer: RawPeer) => peer.socket.destroy()],
  ['lost', (peer: RawPeer) => peer.socket.resetAndDestroy()],
] as const) {
  test(`half an instance leaves no file when its association is ${how}`, async (t) => {
    const scp = await runningScp(t);
    const peer = await associated(scp);
    const { dataSet, sopInstanceUid } = exampleInstance(1, { pixelBytes: 100_000 });
    peer.send(
      data(1, 'command', true, storeRequest(1, ctImageStorage, sopInstanceUid)),
      data(1, 'data set', false, dataSet.subarray(0, 16000)),
    );
    await eventually('a file is there', 5, async () => ((await scp.incoming()).length === 1 ? true : undefined));
    end(peer);
    await scp.untilEnded(1);
    assert.equal(scp.ended[0]?.how, how);
    assert.deepEqual(await scp.incoming(), []);
    assert.equal(scp.kept.length, 0);
  });
}

test('an instance that was complete is kept although its sender is gone before the answer', async (t) => {
  const scp = await runningScp(t, { store: () => sleep(300, 0) });
  const peer = await associated(scp);
  const { dataSet, sopInstanceUid } = exampleInstance(1);
  peer.send(
    data(1, 'command', true, storeRequest(1, ctImageStorage, sopInstanceUid)),
    data(1, 'data set', true, dataSet),
  );
  await sleep(100);
  peer.socket.resetAndDestroy();
  await scp.untilEnded(1);
  assert.deepEqual([scp.kept.length, scp.ended[0]?.how], [1, 'lost'], 'and the end is told after it');
});

test('instances sent ahead of their answers, several values in one PDU, all arrive (CS 4.2.2.3)', async (t) => {
  const scp = await runningScp(t);
  const peer = await associated(scp);
  const examples = [1, 2, 3].map((number) => exampleInstance(number));
  const values = examples.flatMap(({ sopInstanceUid, dataSet }, i) => [
    data(1, 'command', true, storeRequest(i + 1, ctImageStorage, sopInstanceUid)).subarray(6),
    data(1, 'data set', false, dataSet.subarray(0, 500)).subarray(6),
    data(1, 'data set', false, Buffer.alloc(0)).subarray(6),
    data(1, 'data set', true, dataSet.subarray(500)).subarray(6),
  ]);
  peer.send(pdu(0x04, Buffer.concat(values)), releaseRequest);
  for (const example of examples)
    assert.equal(statusOf((await peer.pdu()) ?? Buffer.alloc(0)), 0, example.sopInstanceUid);
  assert.equal((await answer(peer))[0], 0x06);
  assert.deepEqual(
    scp.kept.map((kept) => kept.sopInstanceUid),
    examples.map((example) => example.sopInstanceUid),
  );
});

test('the wrong SOP class on a context, a UID that is none, and a request without a data set each get their status (CS 4.2.4.1)', async (t) => {
  const scp = await runningScp(t);
  const peer = await associated(scp);
  const { dataSet } = exampleInstance(1);
  const ask = async (contextId: number, rq: Buffer, withData = true): Promise<number> => {
    peer.send(data(contextId, 'command', true, rq), ...(withData ? [data(contextId, 'data set', true, dataSet)] : []));
    return statusOf((await peer.pdu()) ?? Buffer.alloc(0));
  };
  assert.equal(await ask(3, storeRequest(1, ctImageStorage, '2.25.1')), 0x0122);
  assert.equal(await ask(1, storeRequest(2, '1.2.840.10008.5.1.4.1.1.4', '2.25.1')), 0x0122);
  assert.equal(await ask(1, storeRequest(3, ctImageStorage, '../../etc')), 0x0117);
  const empty = command([
    [0x0002, ctImageStorage],
    [0x0100, 0x0001],
    [0x0110, 4],
    [0x0700, 0],
    [0x0800, 0x0101],
    [0x1000, '2.25.1'],
  ]);
  assert.equal(await ask(1, empty, false), 0xc000);
  assert.equal(await ask(1, storeRequest(5, ctImageStorage, '2.25.1')), 0, 'and the association goes on');
  assert.equal(scp.kept.length, 1);
  assert.deepEqual(scp.refused, [0x0122, 0x0122, 0x0117, 0xc000], 'and the intake hears of each');
  const { sopInstanceUid } = exampleInstance(1);
  assert.deepEqual(scp.refusedUids, [sopInstanceUid, sopInstanceUid, sopInstanceUid, undefined], 'and whose it was');
});

test('a folder that cannot be written is answered with 0xA700, each time, and the node stays', async (t) => {
  const scp = await runningScp(t);
  await rm(scp.directory, { recursive: true });
  const peer = await associated(scp);
  const { dataSet, sopInstanceUid } = exampleInstance(1, { pixelBytes: 300_000 });
  for (const id of [1, 2]) {
    peer.send(data(1, 'command', true, storeRequest(id, ctImageStorage, sopInstanceUid)));
    for (let at = 0; at < dataSet.length; at += 16000) {
      peer.send(data(1, 'data set', at + 16000 >= dataSet.length, dataSet.subarray(at, at + 16000)));
    }
    assert.equal(statusOf((await peer.pdu()) ?? Buffer.alloc(0)), 0xa700);
  }
  assert.equal(scp.kept.length, 0);
  assert.deepEqual(scp.refused, [0xa700, 0xa700]);
  assert.deepEqual(scp.refusedUids, [sopInstanceUid, sopInstanceUid]);
});

test('an address that sent garbage again and again waits, others do not; the log counts instead of repeating (CS 4.2.4)', async (t) => {
  const scp = await runningScp(t);
  const garbage = async (): Promise<void> => {
    const peer = await connectRaw(scp.port, '127.0.0.9');
    peer.send(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
    await peer.closed;
  };
  for (let i = 0; i < 11; i++) await garbage();
  const together = Promise.all(Array.from({ length: 14 }, garbage));
  const honest = await associated(scp);
  assert.equal(scp.warnings.length, 11, 'nothing was read from the others before the honest peer was served');
  honest.send(releaseRequest);
  await together;
  const lines = scp.warnings.filter((line) => line.startsWith('association aborted'));
  assert.equal(lines.length, 20);
  await scp.close();
  assert.equal(scp.warnings.at(-1), 'connections refused or aborted within a minute');
});

test('a crowd of connections from one address does not push out a peer that is about to ask for an association', async (t) => {
  const scp = await runningScp(t, { dicom: { maxAssociations: 1, maxAssociationsPerPeer: 100 } });
  const honest = await connectRaw(scp.port);
  const crowd = await Promise.all(Array.from({ length: 60 }, () => connectRaw(scp.port, '127.0.0.9')));
  t.after(async () => crowd.forEach(({ socket }) => socket.destroy()));
  honest.send(associateRequest({ called: 'CONTOUR', calling: 'RAW', contexts }));
  assert.equal((await honest.pdu())?.[0], 0x02);
});
