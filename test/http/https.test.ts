import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { parseConfig } from '../../src/config/load.ts';
import { apiTokenHash, newApiToken } from '../../src/http/access/api-token.ts';
import { hashPassword } from '../../src/http/access/password-hash.ts';
import { askWhetherLive } from '../../worker/processes/checks/ask-live.ts';
import { checkTlsFiles } from '../../src/config/certificate-dates.ts';
import { afterwards } from '../support/afterwards.ts';
import { certificate, certificateAuthority } from '../support/certificates.ts';
import { checkout, runProgram } from '../support/run-program.ts';
import { assertTlsProfile, openSslClient } from '../support/tls-profile.ts';
import { nodeOverHttp } from './running-http.ts';

async function folderOf(t: Parameters<typeof afterwards>[0]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'contour-node-tls-'));
  afterwards(t, () => rm(folder, { recursive: true }));
  return folder;
}

test('over https the login cookie is secure, old protocols and weak ciphers are refused, and a renewed certificate is taken', async (t) => {
  const folder = await folderOf(t);
  const ca = await certificateAuthority(folder);
  const tls = await certificate(folder, 'node', ca);
  const token = newApiToken();
  const password = 'correct horse battery';
  const http = await nodeOverHttp(t, {
    tls,
    users: [{ name: 'mueller', role: 'viewer', password: await hashPassword(password) }],
    tokens: [{ name: 'program', role: 'viewer', hash: apiTokenHash(token) }],
  });
  const { port } = new URL(http.node.httpUrl);
  assert.match(http.node.httpUrl, /^https:/);
  const curl = (...args: string[]) =>
    runProgram('curl', ['--silent', '--include', '--cacert', ca.certificateFile, ...args]);
  const login = await curl(
    '--data-urlencode',
    'name=mueller',
    '--data-urlencode',
    `password=${password}`,
    `${http.node.httpUrl}/login`,
  );
  assert.match(login.stdout, /^HTTP\/1\.1 303/);
  assert.match(login.stdout, /set-cookie: contour-node-session=[^\r]*; Secure/i);
  assert.match(login.stdout, /strict-transport-security: max-age=31536000/i);
  const denied = await curl(`${http.node.httpUrl}/api/series`);
  assert.match(denied.stdout, /^HTTP\/1\.1 401/);

  const environment = [`NODE_EXTRA_CA_CERTS=${ca.certificateFile}`, `CONTOUR_NODE_TOKEN=${token}`];
  const jobs = await runProgram('env', [
    ...environment,
    `${checkout}contour-node`,
    'jobs',
    'list',
    '--url',
    http.node.httpUrl,
  ]);
  assert.equal(jobs.stdout.trim(), 'no series', jobs.stderr);
  assert.equal((await askWhetherLive({ host: '127.0.0.1', port: Number(port), tls })).url, http.node.httpUrl);

  await assertTlsProfile(Number(port));
  const renewed = await certificate(folder, 'renewed', ca);
  await copyFile(renewed.certificateFile, tls.certificateFile);
  await copyFile(renewed.keyFile, tls.keyFile);
  assert.ok(
    (await http.node.reload(async () => ({ config: http.config, digest: '1'.repeat(64), source: 'test' }))).taken,
  );
  assert.match(await openSslClient(Number(port)), /CN ?= ?renewed/);
});

test('doctor names a TLS file that is missing, does not fit, or ends within 30 days', async (t) => {
  const folder = await folderOf(t);
  const ca = await certificateAuthority(folder);
  const good = await certificate(folder, 'good', ca);
  const short = await certificate(folder, 'short', ca, 20);
  assert.match(
    await checkTlsFiles({ ...good, caFile: ca.certificateFile }),
    /good\.pem ends on \d{4}-\d\d-\d\d, .*clinic-ca\.pem ends/,
  );
  await assert.rejects(checkTlsFiles(short), { code: 'TLS_FILES', message: /short\.pem ends on/ });
  const files = { certificateFile: join(folder, 'none.pem'), keyFile: good.keyFile };
  await assert.rejects(checkTlsFiles(files), { code: 'TLS_FILES', message: /none\.pem: ENOENT/ });
  await assert.rejects(checkTlsFiles({ ...good, keyFile: short.keyFile }), {
    code: 'TLS_FILES',
    message: /not the key/,
  });
  await assert.rejects(checkTlsFiles({ ...good, keyFile: good.certificateFile }), {
    code: 'TLS_FILES',
    message: /no PEM/,
  });
});

test('a configuration that would send passwords in clear, or that no scanner could reach, is refused', () => {
  const users =
    'users: [{ name: a, role: viewer, password: "$scrypt$ln=15,r=8,p=3$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" }]';
  const refused: [string, RegExp][] = [
    [`http:\n  host: 0.0.0.0\n  ${users}\n`, /passwords would cross the network in clear/],
    ['dicom:\n  plain: false\n', /no port would be open/],
    [
      'peers:\n  - { name: a, aeTitle: A, addresses: [10.0.0.1], tls: {} }\n',
      /must call by TLS, and dicom\.tls is missing/,
    ],
    ['dicom:\n  tls: { port: 11112, certificateFile: a, keyFile: b }\n', /plain port has the same number/],
    [
      'peers:\n  - { name: a, aeTitle: A, tls: { certificates: [anything] } }\n',
      /certificates\[0\]: sha256:FINGERPRINT, or parts of a subject/,
    ],
  ];
  for (const [yaml, message] of refused) assert.throws(() => parseConfig(yaml, 'test.yaml'), { message }, yaml);
});
