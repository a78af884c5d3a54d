import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { loadConfig } from '../../src/config/load.ts';
import { type RunningNode, startNode } from '../../src/node.ts';
import type { CommitmentView } from '../../src/store/series.ts';
import { temporaryFolder } from '../dimse/running-scp.ts';
import { ManualClock } from '../intake/intake-harness.ts';
import { openQueues, runningRedis, silentLog } from '../jobs/running-redis.ts';
import { deliveredSeries, writeDeliveredSeries } from '../support/delivered-series.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { noPynetdicom, pynetdicomServer, type PynetdicomServer } from './pynetdicom.ts';

const skip = noPynetdicom;
const { key, sopInstanceUid } = deliveredSeries;
const structureSets = '1.2.840.10008.5.1.4.1.1.481.3';

interface Clinic {
  readonly tps: PynetdicomServer;
  readonly clock: ManualClock;
  readonly node: () => RunningNode;
  /** How the storage commitment of the one structure set stands. */
  readonly commitment: () => CommitmentView | undefined;
  readonly becomes: (state: CommitmentView['state']) => Promise<CommitmentView>;
  /** Lines that the planning system printed of this kind. */
  readonly said: (kind: string) => readonly Record<string, unknown>[];
  /** The transaction of the first request. */
  readonly requested: () => Promise<string>;
  /** Section "Structure sets" of the series page. */
  readonly page: () => Promise<string>;
  readonly stop: () => Promise<void>;
  readonly start: () => Promise<void>;
}

/** The real node whose one structure set was delivered, and a planning system of pynetdicom that is asked about it. */
async function clinic(t: TestContext, task: object, dicom: object = {}): Promise<Clinic> {
  const folder = await temporaryFolder(t);
  const redis = await runningRedis(t);
  const queues = await openQueues(t, redis.address, ['tps']);
  const [port, tpsPort] = [await freePort(), await freePort()];
  const dataDirectory = join(folder, 'data');
  const configFile = join(folder, 'config.yaml');
  await writeFile(
    configFile,
    JSON.stringify({
      dataDirectory,
      dicom: { host: '127.0.0.1', port, ...dicom },
      http: { port: 0 },
      peers: [
        { name: 'tps', aeTitle: 'TPS', addresses: ['127.0.0.1'], host: '127.0.0.1', port: tpsPort },
        { name: 'other', aeTitle: 'OTHER', addresses: ['127.0.0.1'], host: '127.0.0.1', port: tpsPort },
      ],
      destinations: [
        { name: 'tps', peer: 'tps', timeoutSeconds: 20, storageCommitment: {} },
        { name: 'archive', peer: 'other', storageCommitment: {} },
      ],
    }),
  );
  const loaded = await loadConfig(configFile);
  const clock = new ManualClock();
  writeDeliveredSeries(dataDirectory, new Date(clock.now() + 3_600_000).toISOString(), clock.now());
  // Before the planning system ends, which waits for associations.
  t.after(async () => stop());
  const tps = await pynetdicomServer(t, 'commitment-scp.py', { callingAe: 'TPS', node: port, port: tpsPort, ...task });
  let node: RunningNode | undefined;
  const stop = async (): Promise<void> => {
    await node?.close();
    node = undefined;
  };
  const start = async (): Promise<void> => {
    node = await startNode(loaded, { log: silentLog, queues, clock });
  };
  await start();
  const running = (): RunningNode => node ?? assert.fail('the node does not run');
  const commitment = (): CommitmentView | undefined => running().series.show(key)?.orders[0]?.deliveries[0]?.commitment;
  const said = (kind: string): Record<string, unknown>[] => tps.lines.filter((line) => line['kind'] === kind);
  return {
    tps,
    clock,
    node: running,
    commitment,
    said,
    stop,
    start,
    becomes: (state) =>
      eventually(`the commitment is ${state}`, 40, () => {
        const now = commitment();
        return now?.state === state ? now : undefined;
      }).catch((cause: unknown) => {
        throw new Error(JSON.stringify([commitment(), tps.lines], undefined, 1), { cause });
      }),
    requested: async () => String((await eventually('it is asked', 40, () => said('request')[0]))['transactionUid']),
    page: async () => {
      const whole = await (await fetch(`${running().httpUrl}/series/${key}`)).text();
      return /id="orders"[^]*id="history"/.exec(whole)?.[0] ?? assert.fail(whole);
    },
  };
}

test('a TPS confirms on the same association that it keeps the structure set (CS 4.2.3.5)', { skip }, async (t) => {
  const { becomes, said, page, node } = await clinic(t, { tell: 'same association' });
  const { tries } = await becomes('committed');
  const transaction = said('request')[0]?.['transactionUid'];
  assert.deepEqual(said('request'), [
    {
      kind: 'request',
      transactionUid: transaction,
      instances: [sopInstanceUid],
      classes: [structureSets],
      action: 1,
    },
  ]);
  assert.equal(tries, 1);
  await eventually('the TPS has its answer', 20, () => said('answer')[0]);
  assert.deepEqual(said('answer'), [{ kind: 'answer', where: 'same association', status: 0 }]);
  assert.match(await page(), /confirms that it keeps it/);
  assert.match(
    await (await fetch(`${node().httpUrl}/metrics`)).text(),
    /contour_node_storage_commitments\{destination="tps",state="committed"\} 1/,
  );
});

for (const roleSelection of [true, false]) {
  test(
    `a TPS confirms on an association of its own, ${roleSelection ? 'as SCP by role selection' : 'without role selection'} (CS 4.2.4.5)`,
    { skip },
    async (t) => {
      const { becomes, said } = await clinic(t, { tell: 'new association', roleSelection });
      await becomes('committed');
      await eventually('the TPS has its answer', 20, () => said('answer')[0]);
      assert.deepEqual(said('answer'), [{ kind: 'answer', where: 'new association', status: 0 }]);
      if (roleSelection) assert.deepEqual(said('roles'), [{ kind: 'roles', scu: false, scp: true }]);
      assert.equal(said('request').length, 1);
    },
  );
}

test('a TPS that does not keep it: a warning with the reason on the page and in the metrics', { skip }, async (t) => {
  const { becomes, page, node, said } = await clinic(t, { tell: 'new association', failures: 0x0112 });
  const { problem } = await becomes('refused');
  assert.equal(problem?.code, 'COMMITMENT_REFUSED');
  assert.match(
    problem.message,
    /tps does not keep the structure set: failure reason 0x0112 \(no such object instance\)/,
  );
  assert.match(await page(), /does not keep it[^]*COMMITMENT_REFUSED/);
  const metrics = await (await fetch(`${node().httpUrl}/metrics`)).text();
  assert.match(metrics, /contour_node_storage_commitment_results_total\{destination="tps",outcome="refused"\} 1/);
  // It is a warning about what was delivered, and nothing is sent because of it.
  assert.equal(node().series.show(key)?.state, 'delivered');
  assert.equal(node().series.show(key)?.orders[0]?.deliveries[0]?.tries, 1);
  assert.equal(said('request').length, 1);
});

test('no result within the limit: a warning, and a result that comes later takes its place', { skip }, async (t) => {
  const { becomes, clock, requested, tps, page, said, node } = await clinic(t, { tell: 'nothing' });
  const transactionUid = await requested();
  await becomes('requested');
  clock.pass(3500);
  assert.equal((await becomes('requested')).problem, undefined);
  clock.pass(101);
  const { problem } = await becomes('missing');
  assert.equal(problem?.code, 'COMMITMENT_MISSING');
  assert.match(await page(), /has not confirmed that it keeps it[^]*COMMITMENT_MISSING/);
  assert.equal(node().series.show(key)?.orders[0]?.deliveries[0]?.tries, 1);
  clock.pass(86_400);
  assert.equal(said('request').length, 1);

  tps.tell({ transactionUid, instances: [sopInstanceUid] });
  assert.equal((await becomes('committed')).problem, undefined);
  assert.doesNotMatch(await page(), /class="problem"/);
});

test('a restart between request and result neither loses the result nor asks again', { skip }, async (t) => {
  const { becomes, clock, requested, tps, said, stop, start } = await clinic(t, { tell: 'nothing' });
  const transactionUid = await requested();
  await becomes('requested');
  await stop();
  await start();
  await becomes('requested');
  clock.pass(3000);
  tps.tell({ transactionUid, instances: [sopInstanceUid] });
  await becomes('committed');
  await stop();
  await start();
  assert.equal((await becomes('committed')).tries, 1);
  assert.equal(said('request').length, 1);
  // Told once more, it is taken and changes nothing.
  tps.tell({ transactionUid, instances: [sopInstanceUid] });
  await eventually('both are answered', 20, () => (said('answer').length === 2 ? true : undefined));
  assert.deepEqual(
    said('answer').map(({ status }) => status),
    [0, 0],
  );
});

test(
  'a node that goes down before its request is answered waits for the result of that one, then asks again',
  { skip },
  async (t) => {
    const { becomes, clock, commitment, requested, tps, said, stop, start } = await clinic(t, {
      tell: 'nothing',
      delay: 5,
    });
    const transactionUid = await requested();
    await stop();
    await start();
    assert.deepEqual([commitment()?.state, commitment()?.tries], ['due', 1]);
    clock.pass(20);
    assert.equal(commitment()?.tries, 1);
    clock.pass(11);
    await eventually('it asks again', 40, () => (said('request').length === 2 ? true : undefined));
    assert.notEqual(said('request')[1]?.['transactionUid'], transactionUid);
    await becomes('requested');
    // The TPS had taken the first one, and tells its result late.
    tps.tell({ transactionUid, instances: [sopInstanceUid] });
    await becomes('committed');
    assert.equal(said('request').length, 2);
  },
);

test('a TPS that does not take the request is asked again, and no answer is lost meanwhile', { skip }, async (t) => {
  const { becomes, clock, commitment, said } = await clinic(t, { tell: 'nothing', status: 0x0213 });
  await eventually('the first request is refused', 20, () => commitment()?.problem);
  assert.match(commitment()?.problem?.message ?? '', /TPS answered the storage commitment request with 0x0213/);
  clock.pass(31);
  await eventually('it is asked again', 20, () => (said('request').length === 2 ? true : undefined));
  assert.notEqual(said('request')[0]?.['transactionUid'], said('request')[1]?.['transactionUid']);
  await eventually('the second is refused as well', 20, () => (commitment()?.tries === 2 ? true : undefined));
  clock.pass(3600);
  const { problem } = await becomes('missing');
  assert.match(problem?.message ?? '', /0x0213/);
});

test(
  'a result that was not asked for, of another system, or without the structure set counts for nothing',
  { skip },
  async (t) => {
    const { requested, becomes, tps, said, commitment, node } = await clinic(t, { tell: 'nothing' });
    const transactionUid = await requested();
    await becomes('requested');
    tps.tell({ transactionUid: '2.25.404', instances: [sopInstanceUid] });
    tps.tell({ transactionUid, instances: ['2.25.404'] });
    await eventually('both are answered', 20, () => (said('answer').length === 2 ? true : undefined));
    const stranger = await pynetdicomServer(t, 'commitment-scp.py', { callingAe: 'OTHER', node: node().dicomPort });
    stranger.tell({ transactionUid, instances: [sopInstanceUid] });
    await eventually('the other system is answered', 20, () =>
      stranger.lines.some(({ kind }) => kind === 'answer') ? true : undefined,
    );
    assert.deepEqual(
      [...said('answer'), ...stranger.lines.filter(({ kind }) => kind === 'answer')].map(({ status }) => status),
      [0x0115, 0x0115, 0x0115],
    );
    assert.equal(commitment()?.state, 'requested');
  },
);
