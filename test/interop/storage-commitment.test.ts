import assert from 'node:assert/strict';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { loadConfig } from '../../src/config/load.ts';
import { type RunningNode, startNode } from '../../src/node.ts';
import { runningScp, temporaryFolder } from '../dimse/running-scp.ts';
import { dcmtk } from '../dimse/dcmtk.ts';
import { openQueues, runningRedis, silentLog } from '../jobs/running-redis.ts';
import { ctSliceFile, sopInstanceUidOf } from '../support/ct-slice.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { startOrthanc } from '../support/orthanc.ts';
import { ct } from './ct-files.ts';
import { noPynetdicom, pynetdicom } from './pynetdicom.ts';

const skip = noPynetdicom;
const implicit = '1.2.840.10008.1.2';
const explicit = '1.2.840.10008.1.2.1';

interface Committed {
  readonly accepted: boolean;
  readonly status: number | null;
  readonly reports: readonly {
    readonly where: string;
    readonly eventType: number;
    readonly transactionUid: string;
    readonly committed: readonly string[];
    readonly failed: readonly (readonly [string, number])[];
  }[];
}

interface Running {
  readonly port: number;
  readonly httpUrl: () => string;
  readonly dataDirectory: string;
  /** SOP Instance UIDs of what it holds. */
  readonly held: readonly string[];
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** The real node with three slices, and a scanner as its peer. */
async function nodeWithSlices(t: TestContext, peer: object): Promise<Running> {
  const folder = await temporaryFolder(t);
  const redis = await runningRedis(t);
  const queues = await openQueues(t, redis.address, []);
  const [port, nowhere] = [await freePort(), await freePort()];
  const configFile = join(folder, 'config.yaml');
  const dataDirectory = join(folder, 'data');
  await writeFile(
    configFile,
    JSON.stringify({
      dataDirectory,
      dicom: { host: '127.0.0.1', port },
      http: { port: 0 },
      peers: [
        { name: 'scanner', aeTitle: 'SCANNER', addresses: ['127.0.0.1'], host: '127.0.0.1', port: nowhere, ...peer },
      ],
    }),
  );
  const loaded = await loadConfig(configFile);
  let node: RunningNode | undefined = await startNode(loaded, { log: silentLog, queues });
  const stop = async (): Promise<void> => {
    await node?.close();
    node = undefined;
  };
  t.after(stop);
  const slices = [1, 2, 3].map((number) => ({ series: '1.2.826.7.1', number, z: number * 3 }));
  const files = await Promise.all(
    slices.map(async (slice) => {
      const path = join(folder, `${slice.number}.dcm`);
      await writeFile(path, ctSliceFile(slice));
      return path;
    }),
  );
  const sent = await dcmtk('storescu', '-aet', 'SCANNER', '-aec', 'CONTOUR', '127.0.0.1', String(port), ...files);
  assert.equal(sent.code, 0, sent.stderr);
  return {
    port,
    httpUrl: () => node?.httpUrl ?? assert.fail('the node does not run'),
    dataDirectory,
    held: slices.map(sopInstanceUidOf),
    stop,
    restart: async () => {
      await stop();
      node = await startNode(loaded, { log: silentLog, queues });
    },
  };
}

function ask(
  node: { port: number },
  transactionUid: string,
  instances: readonly (readonly [string, string])[],
  more: object = {},
): Promise<Committed> {
  return pynetdicom<Committed>('commit.py', {
    port: node.port,
    callingAe: 'SCANNER',
    transactionUid,
    instances,
    transferSyntax: implicit,
    ...more,
  });
}

test('storage commitment is refused unless the peer is configured for it (CS 4.2.4.3)', { skip }, async (t) => {
  const scp = await runningScp(t, { peers: [{ name: 'scanner', aeTitle: 'SCANNER', addresses: ['127.0.0.1'] }] });
  const answer = await ask(scp, '2.25.1', [[ct, '2.25.2']]);
  assert.deepEqual([answer.accepted, answer.status], [false, null]);
});

for (const transferSyntax of [implicit, explicit]) {
  test(
    `what is kept is committed, and told on the same association in ${transferSyntax} (CS 4.2.4.3)`,
    { skip },
    async (t) => {
      const node = await nodeWithSlices(t, { storageCommitment: true });
      const instances = node.held.map((uid) => [ct, uid] as const);
      const answer = await ask(node, '2.25.11', instances, { stay: 30, transferSyntax });
      assert.equal(answer.status, 0);
      assert.deepEqual(answer.reports, [
        {
          where: 'same association',
          eventType: 1,
          transactionUid: '2.25.11',
          committed: node.held,
          failed: [],
        },
      ]);
    },
  );
}

test('what is missing, or of another SOP class, fails with its reason (CS 4.2.4.3)', { skip }, async (t) => {
  const node = await nodeWithSlices(t, { storageCommitment: true });
  const [first = '', second = '', third = ''] = node.held;
  const series = join(node.dataDirectory, 'series');
  const [key = ''] = await readdir(series);
  const files = (await readdir(join(series, key, 'instances'))).sort();
  const answer = await ask(
    node,
    '2.25.12',
    [
      [ct, first],
      ['1.2.840.10008.5.1.4.1.1.4', second],
      [ct, '2.25.404'],
    ],
    { stay: 30 },
  );
  assert.equal(answer.reports[0]?.eventType, 2);
  assert.deepEqual(answer.reports[0]?.committed, [first]);
  assert.deepEqual(answer.reports[0]?.failed, [
    [second, 0x0119],
    ['2.25.404', 0x0112],
  ]);

  // The tables may say what they like: the file has to be there.
  for (const file of files) await rm(join(series, key, 'instances', file));
  const gone = await ask(node, '2.25.13', [[ct, third]], { stay: 30 });
  assert.deepEqual(gone.reports[0]?.failed, [[third, 0x0112]]);
});

test('what is committed cannot be deleted by an operator, also after a restart (CS 4.2.4.3)', { skip }, async (t) => {
  const node = await nodeWithSlices(t, { storageCommitment: true });
  const [first = ''] = node.held;
  const answer = await ask(node, '2.25.17', [[ct, first]], { stay: 30 });
  assert.deepEqual(answer.reports[0]?.committed, [first]);
  const [key = ''] = await readdir(join(node.dataDirectory, 'series'));
  const images = join(node.dataDirectory, 'series', key, 'instances');
  const refused = async (): Promise<void> => {
    const response = await fetch(`${node.httpUrl()}/api/series/${key}/delete`, { method: 'POST' });
    assert.equal(response.status, 409);
    const { error } = (await response.json()) as { error: { code: string; message: string } };
    const { code, message } = error;
    assert.deepEqual([code, /storage commitment was given for it/.test(message)], ['STATE_CONFLICT', true], message);
    assert.equal((await readdir(images)).length, 3);
  };
  await refused();
  await node.restart();
  await refused();
});

test(
  'a scanner that takes no result on its own association is told on a new association to its port (CS 4.2.4.3)',
  { skip },
  async (t) => {
    const listen = await freePort();
    const node = await nodeWithSlices(t, { storageCommitment: true, port: listen });
    const answer = await ask(node, '2.25.14', [[ct, node.held[0] ?? '']], { listen, deaf: true });
    assert.equal(answer.status, 0);
    assert.deepEqual(answer.reports, [
      {
        where: 'new association',
        eventType: 1,
        transactionUid: '2.25.14',
        committed: node.held.slice(0, 1),
        failed: [],
      },
    ]);
  },
);

test('a result that could not be told is told after a restart (CS 4.2.4.3)', { skip }, async (t) => {
  const listen = await freePort();
  const node = await nodeWithSlices(t, { storageCommitment: true, port: listen });
  const commitments = join(node.dataDirectory, 'commitments');
  // It takes no result on its association, and nothing listens at its port yet.
  const first = await ask(node, '2.25.15', [[ct, node.held[0] ?? '']], { deaf: true });
  assert.deepEqual([first.status, first.reports], [0, []]);
  assert.deepEqual(
    (await readdir(commitments)).map((name) => name.slice(17)),
    ['request.json'],
  );
  await node.stop();
  const waiting = ask({ port: await freePort() }, '2.25.16', [[ct, '2.25.1']], { listen, patience: 60 });
  await node.restart();
  const { reports } = await waiting;
  assert.deepEqual(
    reports.map(({ where, transactionUid, committed }) => [where, transactionUid, committed]),
    [['new association', '2.25.15', node.held.slice(0, 1)]],
  );
  await eventually('the report is recorded', 20, async () =>
    (await readdir(commitments)).length === 2 ? true : undefined,
  );
});

test('Orthanc asks for commitment and hears that all is kept (CS 4.2.4.3)', async (t) => {
  const orthanc = await startOrthanc(t);
  const node = await nodeWithSlices(t, {
    storageCommitment: true,
    aeTitle: orthanc.aeTitle,
    port: orthanc.dicomPort,
  });
  await orthanc.ask('PUT', '/modalities/node', { AET: 'CONTOUR', Host: '127.0.0.1', Port: node.port });
  const { ID } = await orthanc.ask<{ ID: string }>('POST', '/modalities/node/storage-commitment', {
    DicomInstances: [...node.held, '2.25.404'].map((uid) => ({ SOPClassUID: ct, SOPInstanceUID: uid })),
  });
  const report = await eventually('Orthanc has the result', 60, async () => {
    const now = await orthanc.ask<{ Status: string; Success: unknown[]; Failures: { SOPInstanceUID: string }[] }>(
      'GET',
      `/storage-commitment/${ID}`,
    );
    return now.Status === 'Pending' ? undefined : now;
  });
  assert.deepEqual(
    [report.Status, report.Success.length, report.Failures.map((one) => one.SOPInstanceUID)],
    ['Failure', 3, ['2.25.404']],
  );
});
