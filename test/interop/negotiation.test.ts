import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runningScp } from '../dimse/running-scp.ts';
import { ct, ctFiles, privateSopClass, received, syntax, verification, whole } from './ct-files.ts';
import { noPynetdicom, pynetdicom } from './pynetdicom.ts';

const skip = noPynetdicom;

interface Sent {
  readonly established: boolean;
  readonly statuses: readonly number[];
  /** ID, result and accepted transfer syntax of each presentation context. */
  readonly contexts: readonly (readonly [number, number, string | null])[];
  /** Asynchronous operations invoked, performed; of the acceptor. */
  readonly window: readonly number[];
  /** User information items of A-ASSOCIATE-AC. */
  readonly items: readonly string[];
  readonly peerMaximumPdu: number;
  readonly echo: number | null;
}

test('pynetdicom delivers every syntax that it can send, one association for all', { skip }, async (t) => {
  const scp = await runningScp(t);
  const files = await ctFiles(t, ['implicit', 'explicit', 'bigEndian', 'deflated', 'rle', 'jpegLossless', 'jpegLs']);
  const sent = await pynetdicom<Sent>('send.py', {
    port: scp.port,
    files: files.map(({ path }) => path),
    contexts: files.map(({ transferSyntaxUid }) => [ct, [transferSyntaxUid]]),
  });
  assert.deepEqual(
    sent.statuses,
    files.map(() => 0),
  );
  assert.deepEqual(await received(scp, files), whole(files));
});

for (const only of ['implicit', 'explicit'] as const) {
  test(`a pynetdicom sender that proposes ${only} VR little endian alone is served`, { skip }, async (t) => {
    const scp = await runningScp(t);
    const files = await ctFiles(t, [only]);
    const sent = await pynetdicom<Sent>('send.py', {
      port: scp.port,
      files: files.map(({ path }) => path),
      contexts: [[ct, [syntax[only]]]],
    });
    assert.deepEqual(sent.contexts, [[1, 0, syntax[only]]]);
    assert.deepEqual(await received(scp, files), whole(files));
  });
}

for (const size of [4096, 16384, 131072, 1048576]) {
  test(`a slice of 2 MB comes whole in PDUs of at most ${size} bytes`, { skip }, async (t) => {
    const scp = await runningScp(t, { dicom: { maxPduBytes: size } });
    const files = await ctFiles(t, ['implicit'], 1024);
    const sent = await pynetdicom<Sent>('send.py', {
      port: scp.port,
      files: files.map(({ path }) => path),
      contexts: [[ct, [syntax.implicit]]],
      maximumPdu: size,
    });
    assert.deepEqual([sent.peerMaximumPdu, sent.statuses], [size, [0]]);
    assert.deepEqual(await received(scp, files), whole(files));
  });
}

test('a peer without a limit of its own (maximum length 0) is answered', { skip }, async (t) => {
  const scp = await runningScp(t);
  const files = await ctFiles(t, ['implicit']);
  const sent = await pynetdicom<Sent>('send.py', {
    port: scp.port,
    files: files.map(({ path }) => path),
    contexts: [
      [ct, [syntax.implicit]],
      [verification, [syntax.implicit]],
    ],
    maximumPdu: 0,
    echo: true,
  });
  assert.deepEqual([sent.statuses, sent.echo], [[0], 0]);
});

test('several contexts for one SOP class are each answered in their own right (CS 4.2.4.1)', { skip }, async (t) => {
  const scp = await runningScp(t);
  const files = await ctFiles(t, ['jpegLossless', 'explicit']);
  const sent = await pynetdicom<Sent>('send.py', {
    port: scp.port,
    files: files.map(({ path }) => path),
    contexts: [
      [ct, [syntax.jpegLossless, syntax.rle]],
      [ct, [syntax.explicit, syntax.implicit]],
      // JPEG Baseline: nothing that could be decoded to CT numbers.
      [ct, ['1.2.840.10008.1.2.4.50']],
      [ct, [syntax.implicit]],
    ],
  });
  assert.deepEqual(sent.contexts, [
    [1, 0, syntax.jpegLossless],
    [3, 0, syntax.explicit],
    [5, 4, null],
    [7, 0, syntax.implicit],
  ]);
  assert.deepEqual(await received(scp, files), whole(files));
});

test(
  'private and unknown SOP classes beside CT are refused one by one, CT is taken (CS 4.2.1)',
  { skip },
  async (t) => {
    const scp = await runningScp(t);
    const files = await ctFiles(t, ['explicit']);
    const sent = await pynetdicom<Sent>('send.py', {
      port: scp.port,
      files: files.map(({ path }) => path),
      contexts: [
        [privateSopClass, [syntax.explicit]],
        // Enhanced CT Image Storage, Storage Commitment Push Model.
        ['1.2.840.10008.5.1.4.1.1.2.1', [syntax.explicit]],
        ['1.2.840.10008.1.20.1', [syntax.implicit]],
        [ct, [syntax.explicit]],
      ],
    });
    assert.deepEqual(sent.contexts, [
      [1, 3, null],
      [3, 3, null],
      [5, 3, null],
      [7, 0, syntax.explicit],
    ]);
    assert.deepEqual(sent.statuses, [0]);
  },
);

test('an asynchronous operations window is answered with 1, 1 (CS 4.2.2.3)', { skip }, async (t) => {
  const scp = await runningScp(t);
  const files = await ctFiles(t, ['implicit', 'explicit']);
  for (const window of [
    [8, 8],
    // 0 stands for no limit (PS3.7 D.3.3.3.1).
    [0, 0],
  ]) {
    const sent = await pynetdicom<Sent>('send.py', {
      port: scp.port,
      files: files.map(({ path }) => path),
      contexts: files.map(({ transferSyntaxUid }) => [ct, [transferSyntaxUid]]),
      asynchronousOperations: [window],
    });
    assert.ok(sent.items.includes('AsynchronousOperationsWindowNegotiation'), sent.items.join());
    assert.deepEqual(
      [sent.window, sent.statuses],
      [
        [1, 1],
        [0, 0],
      ],
    );
  }
});

test(
  'extended negotiation, both roles and a user identity do not keep a CT from coming (CS 4.2.4)',
  { skip },
  async (t) => {
    const scp = await runningScp(t);
    const files = await ctFiles(t, ['explicit']);
    const sent = await pynetdicom<Sent>('send.py', {
      port: scp.port,
      files: files.map(({ path }) => path),
      contexts: [
        [ct, [syntax.explicit]],
        [privateSopClass, [syntax.explicit]],
      ],
      extended: [ct],
      commonExtended: [privateSopClass],
      bothRoles: [ct],
      user: 'scanner',
    });
    assert.deepEqual([sent.established, sent.statuses], [true, [0]]);
    // The node is SCP and nothing else; it asks nobody who they are (PS3.7 D.3.3.7).
    assert.ok(!sent.items.includes('UserIdentityNegotiation'), sent.items.join());
    assert.deepEqual(await received(scp, files), whole(files));
  },
);
