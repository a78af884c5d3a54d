import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createServer } from 'node:tls';
import assert from 'node:assert/strict';
import { configSchema } from '../../src/config/schema.ts';
import { apiTokenHash, newApiToken } from '../../src/http/access/api-token.ts';
import { hashPassword } from '../../src/http/access/password-hash.ts';
import { nodeApi } from '../../src/http/api-client.ts';
import { AuditTrail } from '../../src/observe/audit/audit-trail.ts';
import { NodeAudit } from '../../src/observe/audit/node-audit.ts';
import { verifyAudit } from '../../src/observe/audit/verify-audit.ts';
import { nodeOverHttp } from '../http/running-http.ts';
import { writeBundleManifest } from '../intake/intake-harness.ts';
import { silentLog } from '../jobs/running-redis.ts';
import { afterwards } from '../support/afterwards.ts';
import { certificate, certificateAuthority } from '../support/certificates.ts';
import { eventually } from '../support/eventually.ts';
import { deliveredSeries, writeDeliveredSeries } from '../support/delivered-series.ts';
import { contourNode } from '../support/run-program.ts';

type Test = Parameters<typeof afterwards>[0];

async function folderOf(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'contour-node-audit-'));
  afterwards(t, () => rm(folder, { recursive: true }));
  return folder;
}

function trail(dataDirectory: string, fileMegabytes = 10): AuditTrail {
  return new AuditTrail({ dataDirectory, fileMegabytes, now: Date.now, log: silentLog });
}

/** Ten lines, and their text. */
async function tenLines(t: Test): Promise<{ folder: string; file: string; lines: string[] }> {
  const dataDirectory = await folderOf(t);
  const audit = trail(dataDirectory);
  for (let i = 1; i <= 10; i++) audit.record({ event: 'login', user: `user-${i}` });
  audit.close();
  const folder = join(dataDirectory, 'audit');
  const file = join(folder, 'audit-000001.jsonl');
  return { folder, file, lines: (await readFile(file, 'utf8')).trimEnd().split('\n') };
}

test('audit verify notices a changed, a removed and an inserted line, and says where', async (t) => {
  const { folder, file, lines } = await tenLines(t);
  const whole = await contourNode('audit', 'verify', '--directory', folder);
  assert.match(whole.stdout, /^10 lines, none changed, removed or inserted; head 10:[0-9a-f]{64}\n$/, whole.stderr);
  const head = /10:[0-9a-f]{64}/.exec(whole.stdout)?.[0] ?? '';

  const damaged: [string, string[], RegExp][] = [
    [
      'changed',
      lines.with(4, lines[4]!.replace('user-5', 'user-6')),
      /audit-000001\.jsonl, line 5: the line was changed/,
    ],
    ['removed', lines.toSpliced(4, 1), /line 5: 1 line\(s\) before it were removed/],
    ['first removed', lines.slice(1), /line 1: 1 line\(s\) before it were removed/],
    ['inserted', lines.toSpliced(5, 0, lines[4]!), /line 6: the line was inserted/],
    ['exchanged', lines.with(4, lines[5]!).with(5, lines[4]!), /line 5: 1 line\(s\) before it were removed/],
    ['no JSON', lines.with(4, '{}'), /line 5: the line was changed/],
  ];
  for (const [how, text, message] of damaged) {
    await writeFile(file, `${text.join('\n')}\n`);
    const { code, stderr } = await contourNode('audit', 'verify', '--directory', folder);
    assert.equal(code, 1, how);
    assert.match(stderr, /^error AUDIT_BROKEN: /, how);
    assert.match(stderr, message, how);
  }
  await writeFile(file, `${lines.slice(0, 8).join('\n')}\n`);
  assert.equal((await verifyAudit(folder)).number, 8, 'a cut tail alone leaves a chain that holds');
  const cut = await contourNode('audit', 'verify', '--directory', folder, '--head', head);
  assert.match(cut.stderr, /the trail ends with line 8; the head that was noted is line 10/);
});

test('a line that was written anew with a chain of its own is noticed against the head that syslog has', async (t) => {
  const { folder, lines } = await tenLines(t);
  const head = { number: 10, hash: (JSON.parse(lines[9]!) as { hash: string }).hash };
  await rm(folder, { recursive: true });
  const forged = trail(join(folder, '..'));
  for (let i = 1; i <= 10; i++) forged.record({ event: 'login', user: `user-${i === 5 ? 6 : i}` });
  forged.close();
  assert.equal((await verifyAudit(folder)).number, 10);
  await assert.rejects(verifyAudit(folder, head), { code: 'AUDIT_BROKEN', message: /another line than the head/ });
});

test('the chain goes on over restarts, over files, and after a crash in the middle of a line', async (t) => {
  const dataDirectory = await folderOf(t);
  const folder = join(dataDirectory, 'audit');
  for (let start = 0; start < 3; start++) {
    const audit = trail(dataDirectory, 0.001);
    for (let i = 0; i < 10; i++) audit.record({ event: 'login', user: 'mueller' });
    audit.close();
  }
  const files = await readdir(folder);
  assert.ok(files.length >= 3, files.join(' '));
  assert.equal((await verifyAudit(folder)).number, 30);

  const last = join(folder, files.toSorted().at(-1)!);
  await writeFile(last, '{"number":31,"at":"20', { flag: 'a' });
  const audit = trail(dataDirectory, 0.001);
  audit.record({ event: 'login', user: 'mueller' });
  audit.close();
  assert.equal((await verifyAudit(folder)).number, 32, 'the unfinished line is cut off, which is a line itself');
  await rm(join(folder, 'audit-000002.jsonl'));
  await assert.rejects(verifyAudit(folder), { code: 'AUDIT_BROKEN', message: /audit-000002\.jsonl is missing/ });
});

test('the trail of a node tells who sent, who acted, who logged in or failed to, and holds no patient', async (t) => {
  const token = newApiToken();
  const http = await nodeOverHttp(t, {
    users: [{ name: 'mueller', role: 'operator', password: await hashPassword('correct horse battery') }],
    tokens: [{ name: 'night-shift', role: 'operator', hash: apiTokenHash(token) }],
  });
  await http.send(1);
  const key = await eventually(
    'the series is unrouted',
    30,
    () => http.node.series.list({ limit: 1 }).find(({ state }) => state === 'unrouted')?.key,
  );
  const login = (password: string): Promise<Response> =>
    http.post('/login', { body: new URLSearchParams({ name: 'mueller', password }), redirect: 'manual' });
  await login('wrong password');
  await login('correct horse battery');
  await nodeApi(http.node.httpUrl, token).act(key, 'retry');
  await http.node.reload(async () => ({ config: http.config, digest: '1'.repeat(64), source: 'test' }));
  await http.node.close();

  const folder = join(http.config.dataDirectory, 'audit');
  assert.ok((await verifyAudit(folder)).number > 6);
  const text = await readFile(join(folder, 'audit-000001.jsonl'), 'utf8');
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const find = (event: string) => lines.find((line) => line['event'] === event);
  assert.equal(lines[0]?.['event'], 'start');
  assert.equal(lines.at(-1)?.['event'], 'stop');
  const sent = find('association');
  assert.deepEqual([sent?.['callingAe'], sent?.['address'], sent?.['series']], ['SCANNER', '127.0.0.1', key]);
  assert.equal(find('association ended')?.['images'], 24);
  assert.equal(find('login failed')?.['address'], '127.0.0.1');
  assert.equal(find('login')?.['user'], 'mueller');
  assert.deepEqual([find('retry')?.['user'], find('retry')?.['series']], ['night-shift', key]);
  assert.equal(find('configuration')?.['taken'], true);
  assert.doesNotMatch(text, /Phantom|2\.25\.\d{10}|wrong password|battery/i);
});

test('the trail says who asked for what, where and when: identity, retry, order, resend, delete; and it verifies', async (t) => {
  const models = await folderOf(t);
  const bundle = 'any-spacing';
  await writeBundleManifest(models, bundle, { applicability: { sliceSpacingMm: [1, 20] } });
  const tokens = { reader: newApiToken(), 'night-shift': newApiToken() };
  const http = await nodeOverHttp(
    t,
    {
      tokens: [
        { name: 'reader', role: 'viewer', hash: apiTokenHash(tokens.reader) },
        { name: 'night-shift', role: 'operator', hash: apiTokenHash(tokens['night-shift']) },
      ],
    },
    {
      config: {
        models: { directory: models },
        peers: [{ name: 'tps', aeTitle: 'TPS', host: '127.0.0.1', port: 104 }],
        destinations: [{ name: 'tps', peer: 'tps', allow: ['clinical'] }],
      },
      prepare: (dataDirectory) => writeDeliveredSeries(dataDirectory, new Date(0).toISOString()),
    },
  );
  const sent = async (seed: number, known: readonly string[]): Promise<string> => {
    await http.send(seed);
    return eventually(
      'the series is unrouted',
      30,
      () => http.node.series.list().find(({ key, state }) => state === 'unrouted' && !known.includes(key))?.key,
    );
  };
  const first = await sent(1, []);
  const second = await sent(2, [first]);
  const asked: { event: string; user: keyof typeof tokens; series: string; from: number; to: number; about: object }[] =
    [];
  const act = async (
    event: string,
    {
      user,
      series,
      body,
      ...about
    }: { user: keyof typeof tokens; series: string; body?: object; bundle?: string; destination?: string },
  ): Promise<number> => {
    const from = Date.now();
    const { status } = await http.post(`/api/series/${series}/${event === 'identity shown' ? 'identity' : event}`, {
      headers: { authorization: `Bearer ${tokens[user]}`, 'content-type': 'application/json' },
      body: JSON.stringify(body ?? {}),
    });
    if (status === 200) asked.push({ event, user, series, from, to: Date.now(), about });
    return status;
  };
  const operator = 'night-shift';
  const delivered = deliveredSeries.key;
  assert.deepEqual(
    [
      await act('identity shown', { user: 'reader', series: first }),
      await act('retry', { user: operator, series: first }),
      await act('order', {
        user: operator,
        series: second,
        body: { bundle, destinations: ['tps'] },
        bundle,
        destination: 'tps',
      }),
      await act('resend', { user: operator, series: delivered, body: { destination: 'tps' }, destination: 'tps' }),
      await act('delete', { user: 'reader', series: first }),
      await eventually('it can be deleted', 30, async () => {
        const status = await act('delete', { user: operator, series: first });
        return status === 200 ? status : undefined;
      }),
    ],
    [200, 200, 200, 200, 403, 200],
  );
  await http.node.close();

  const folder = join(http.config.dataDirectory, 'audit');
  const verified = await contourNode('audit', 'verify', '--directory', folder);
  assert.equal(verified.code, 0, verified.stderr);
  const lines = (await readFile(join(folder, 'audit-000001.jsonl'), 'utf8')).trimEnd().split('\n');
  const acts = lines
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ user }) => user !== undefined);
  assert.deepEqual(
    acts.map(({ event, user, address, series, bundle: drawnBy, destination }) => [
      event,
      user,
      address,
      series,
      { ...(drawnBy !== undefined && { bundle: drawnBy }), ...(destination !== undefined && { destination }) },
    ]),
    asked.map(({ event, user, series, about }) => [
      event === 'delete' ? 'deleted' : event,
      user,
      '127.0.0.1',
      series,
      about,
    ]),
  );
  for (const [i, { at }] of acts.entries()) {
    const when = Date.parse(String(at));
    assert.ok(when >= asked[i]!.from && when <= asked[i]!.to, `${String(at)} of ${JSON.stringify(asked[i])}`);
  }
});

test('syslog gets the audit messages and the head of the chain over TLS (RFC 5425)', async (t) => {
  const folder = await folderOf(t);
  const ca = await certificateAuthority(folder);
  const siem = await certificate(folder, 'siem', ca);
  const [cert, key] = await Promise.all([readFile(siem.certificateFile), readFile(siem.keyFile)]);
  let received = '';
  const server = createServer({ cert, key }, (socket) => {
    socket.on('data', (chunk: Buffer) => (received += chunk.toString()));
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  afterwards(t, () => void server.close());
  const { port } = server.address() as AddressInfo;
  const config = configSchema.parse({
    dataDirectory: folder,
    audit: { syslog: { host: 'localhost', port, caFile: ca.certificateFile } },
  });
  const audit = new NodeAudit(config, { now: Date.now, log: silentLog, identifiers: () => undefined });
  audit.identityShown('0011223344556677', { user: 'mueller & sohn', address: '10.0.0.5' });
  audit.login({ user: 'x', address: '10.0.0.6', succeeded: false });
  await eventually('both messages are there', 20, () => (received.includes('number=2 ') ? true : undefined));
  await audit.close();
  await eventually('the stop is there', 20, () => (received.includes('number=3 ') ? true : undefined));

  const messages: string[] = [];
  for (let rest = Buffer.from(received); rest.length > 0;) {
    const length = Number(/^(\d+) /.exec(rest.toString('latin1'))?.[1]);
    const start = String(length).length + 1;
    messages.push(rest.toString('utf8', start, start + length));
    rest = rest.subarray(start + length);
  }
  const rfc5424 = /^<85>1 \d{4}-\d\d-\d\dT[\d:.]+Z \S+ contour-node \d+ (\S+) - \ufeff(.*)$/s;
  const parsed = messages.map((message) => rfc5424.exec(message) ?? assert.fail(message));
  const xml = parsed.filter(([, id]) => id === 'DICOM+RFC3881').map(([, , text]) => text ?? '');
  assert.equal(xml.length, 3);
  assert.match(
    xml[0]!,
    /EventID csd-code="110103".*UserID="mueller &#38; sohn".*ParticipantObjectID="0011223344556677"/,
  );
  assert.match(xml[1]!, /EventOutcomeIndicator="4".*EventID csd-code="110114".*NetworkAccessPointID="10\.0\.0\.6"/);
  const heads = parsed.filter(([, id]) => id === 'AUDITHEAD').map(([, , text]) => text);
  const { number, hash } = await verifyAudit(join(folder, 'audit'));
  assert.equal(heads.at(-1), `number=${number} hash=${hash}`);
});

test('identifiers stand in the trail only where that is configured', async (t) => {
  for (const identifiers of ['pseudonym', 'clear'] as const) {
    const dataDirectory = await folderOf(t);
    const config = configSchema.parse({ dataDirectory, audit: { identifiers } });
    const named = { patientId: 'MRN-4711', seriesInstanceUid: '1.2.3.4' };
    const audit = new NodeAudit(config, { now: Date.now, log: silentLog, identifiers: () => named });
    audit.deleted('0011223344556677', 'retention');
    await audit.close();
    const text = await readFile(join(dataDirectory, 'audit', 'audit-000001.jsonl'), 'utf8');
    assert.equal(text.includes('MRN-4711'), identifiers === 'clear');
    assert.ok(text.includes('0011223344556677'));
  }
});
