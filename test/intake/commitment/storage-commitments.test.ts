import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { type Peer, peerSchema } from '../../../src/config/schema.ts';
import type { CommitmentResult } from '../../../src/dimse/commitment/storage-commitment.ts';
import { StorageCommitments } from '../../../src/intake/commitment/storage-commitments.ts';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-port.ts';
import { IntakeHarness, quietLog, range } from '../intake-harness.ts';

const series = '1.2.826.8.1';
const ct = '1.2.840.10008.5.1.4.1.1.2';
const day = 86_400;
const references = range(1, 3).map((number) => ({ sopClassUid: ct, sopInstanceUid: `${series}.${number}` }));

interface Bench {
  readonly bench: IntakeHarness;
  readonly peer: Peer;
  readonly commitments: StorageCommitments;
  /** Ends it and takes up what it left. */
  readonly again: () => Promise<StorageCommitments>;
  readonly files: () => Promise<string[]>;
}

/** Three images on the disk and a scanner that listens nowhere. */
async function withImages(t: TestContext): Promise<Bench> {
  const bench = await IntakeHarness.open(t);
  await bench.sendAll(series, range(1, 3));
  const peer = peerSchema.parse({
    name: 'scanner',
    aeTitle: 'SCANNER',
    host: '127.0.0.1',
    port: await freePort(),
    storageCommitment: true,
  });
  const open = async (): Promise<StorageCommitments> => {
    const { store, lock, key, clock } = bench;
    const made = new StorageCommitments({
      store,
      lock,
      key,
      clock,
      log: quietLog,
      config: () => ({ dicom: bench.config.dicom, peers: [peer] }),
    });
    await made.recover();
    t.after(() => made.close());
    return made;
  };
  const commitments = await open();
  return {
    bench,
    peer,
    commitments,
    again: async () => {
      await commitments.close();
      return open();
    },
    files: async () =>
      (await readdir(join(bench.dataDirectory, 'commitments'))).map((name) => name.slice(name.indexOf('.') + 1)).sort(),
  };
}

function transaction(number: number): { transactionUid: string; references: typeof references } {
  return { transactionUid: `2.25.${number}`, references };
}

test('what was committed is held for the declared time, across a restart, and not longer (CS 4.2.4.3)', async (t) => {
  const { bench, peer, commitments, again, files } = await withImages(t);
  const key = bench.keyOf(series);
  assert.equal(commitments.holds(key), false);
  const association = bench.associate({ peer });
  await commitments.commit(association, transaction(1));
  let told: CommitmentResult | undefined;
  commitments.answered(association, transaction(1), async (result) => void (told = result));
  await eventually('the result is recorded as told', 20, async () =>
    (await files()).includes('told.json') ? true : undefined,
  );
  assert.deepEqual(told, { transactionUid: '2.25.1', committed: references, failed: [] });

  bench.clock.pass(29 * day);
  const restarted = await again();
  assert.equal(restarted.holds(key), true);
  bench.clock.pass(1.1 * day);
  assert.equal(restarted.holds(key), false);
  await again();
  assert.deepEqual(await files(), []);
});

test('the same request again is told the same; other instances under its transaction are refused (CS 4.2.4.3)', async (t) => {
  const { bench, peer, commitments } = await withImages(t);
  const association = bench.associate({ peer });
  await commitments.commit(association, transaction(1));
  await commitments.commit(association, transaction(1));
  await assert.rejects(commitments.commit(association, { ...transaction(1), references: references.slice(1) }), {
    code: 'STATE_CONFLICT',
  });
});

test('a result that nobody takes is tried again and again, and given up after two days (CS 4.2.4.3)', async (t) => {
  const { bench, peer, commitments, files } = await withImages(t);
  const association = bench.associate({ peer });
  await commitments.commit(association, transaction(1));
  let asked = 0;
  commitments.answered(association, transaction(1), async () => {
    asked++;
    throw new Error('the association is over');
  });
  await eventually('it is given up', 60, async () => {
    bench.clock.pass(day / 48);
    return (await files()).includes('given-up.json') ? true : undefined;
  });
  assert.equal(asked, 1);
  // Given up or not, what was promised is kept.
  assert.equal(commitments.holds(bench.keyOf(series)), true);
});
