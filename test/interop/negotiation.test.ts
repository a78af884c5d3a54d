import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { runningScp } from '../dimse/running-scp.ts';
import { ct, ctFiles, privateSopClass, received, syntax, type SyntaxName, verification, whole } from './ct-files.ts';
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

type Context = readonly [abstractSyntax: string, transferSyntaxes: readonly string[]];

interface Exchange {
  readonly sent: Sent;
  /** Every file lies in the node as it was sent. */
  readonly allWhole: () => Promise<void>;
}

/**
 * One association of pynetdicom with a node of its own, and one slice in each of these syntaxes.
 *
 * @param options.contexts proposed; default: one for each file, with its syntax alone
 * @param options.maxPduBytes of the node
 * @param options.more what else send.py is asked for
 */
async function exchange(
  t: TestContext,
  names: readonly SyntaxName[],
  options: { contexts?: readonly Context[]; maxPduBytes?: number; matrix?: number; more?: object } = {},
): Promise<Exchange> {
  const scp = await runningScp(
    t,
    options.maxPduBytes === undefined ? {} : { dicom: { maxPduBytes: options.maxPduBytes } },
  );
  const files = await ctFiles(t, names, options.matrix);
  const sent = await pynetdicom<Sent>('send.py', {
    port: scp.port,
    files: files.map(({ path }) => path),
    contexts: options.contexts ?? files.map(({ transferSyntaxUid }) => [ct, [transferSyntaxUid]]),
    ...options.more,
  });
  return { sent, allWhole: async () => assert.deepEqual(await received(scp, files), whole(files)) };
}

test('pynetdicom delivers every syntax that it can send, one association for all', { skip }, async (t) => {
  const all = ['implicit', 'explicit', 'bigEndian', 'deflated', 'rle', 'jpegLossless', 'jpegLs'] as const;
  const { sent, allWhole } = await exchange(t, all);
  assert.deepEqual(
    sent.statuses,
    all.map(() => 0),
  );
  await allWhole();
});

for (const only of ['implicit', 'explicit'] as const) {
  test(`a pynetdicom sender that proposes ${only} VR little endian alone is served`, { skip }, async (t) => {
    const { sent, allWhole } = await exchange(t, [only]);
    assert.deepEqual(sent.contexts, [[1, 0, syntax[only]]]);
    await allWhole();
  });
}

for (const size of [4096, 16384, 131072, 1048576]) {
  test(`a slice of 2 MB comes whole in PDUs of at most ${size} bytes`, { skip }, async (t) => {
    const options = { matrix: 1024, maxPduBytes: size, more: { maximumPdu: size } };
    const { sent, allWhole } = await exchange(t, ['implicit'], options);
    assert.deepEqual([sent.peerMaximumPdu, sent.statuses], [size, [0]]);
    await allWhole();
  });
}

test('a peer without a limit of its own (maximum length 0) is answered', { skip }, async (t) => {
  const { sent } = await exchange(t, ['implicit'], {
    contexts: [
      [ct, [syntax.implicit]],
      [verification, [syntax.implicit]],
    ],
    more: { maximumPdu: 0, echo: true },
  });
  assert.deepEqual([sent.statuses, sent.echo], [[0], 0]);
});

test('several contexts for one SOP class are each answered in their own right (CS 4.2.4.1)', { skip }, async (t) => {
  const { sent, allWhole } = await exchange(t, ['jpegLossless', 'explicit'], {
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
  await allWhole();
});

test(
  'private and unknown SOP classes beside CT are refused one by one, CT is taken (CS 4.2.1)',
  { skip },
  async (t) => {
    const { sent } = await exchange(t, ['explicit'], {
      contexts: [
        [privateSopClass, [syntax.explicit]],
        // Enhanced MR Image Storage, Storage Commitment Push Model.
        ['1.2.840.10008.5.1.4.1.1.4.1', [syntax.explicit]],
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

for (const [words, window] of [
  ['of eight', [8, 8]],
  // PS3.7 D.3.3.3.1
  ['without limit', [0, 0]],
] as const) {
  test(`an asynchronous operations window ${words} is answered with 1, 1 (CS 4.2.2.3)`, { skip }, async (t) => {
    const { sent } = await exchange(t, ['implicit', 'explicit'], { more: { asynchronousOperations: [window] } });
    assert.ok(sent.items.includes('AsynchronousOperationsWindowNegotiation'), sent.items.join());
    assert.deepEqual(sent.window, [1, 1]);
    assert.deepEqual(sent.statuses, [0, 0]);
  });
}

test(
  'extended negotiation, both roles and a user identity do not keep a CT from coming (CS 4.2.4)',
  { skip },
  async (t) => {
    const { sent, allWhole } = await exchange(t, ['explicit'], {
      contexts: [
        [ct, [syntax.explicit]],
        [privateSopClass, [syntax.explicit]],
      ],
      more: { extended: [ct], commonExtended: [privateSopClass], bothRoles: [ct], user: 'scanner' },
    });
    assert.deepEqual([sent.established, sent.statuses], [true, [0]]);
    // The node is SCP and nothing else; it asks nobody who they are (PS3.7 D.3.3.7).
    assert.ok(!sent.items.includes('UserIdentityNegotiation'), sent.items.join());
    await allWhole();
  },
);
