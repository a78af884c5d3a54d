import { test } from 'node:test';
import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadConfig, parseConfig } from '../../src/config/load.ts';
import { refusal } from './refusal.ts';

test('without a file every key has its default', async () => {
  const { config, source } = await loadConfig();
  assert.equal(source, 'defaults');
  assert.equal(config.dicom.aeTitle, 'CONTOUR');
  assert.equal(config.dicom.port, 11112);
  assert.deepEqual([config.http.host, config.http.port], ['127.0.0.1', 8080]);
  assert.equal(config.intake.quietPeriodSeconds, 20);
});

test('config/default.yaml says the defaults, and every example loads', async () => {
  const folder = fileURLToPath(new URL('../../config', import.meta.url));
  const files = globSync('*.yaml', { cwd: folder });
  assert.ok(files.includes('default.yaml') && files.includes('clinic.yaml'));
  for (const file of files) await loadConfig(join(folder, file));
  assert.deepEqual((await loadConfig(join(folder, 'default.yaml'))).config, (await loadConfig()).config);
});

test('an unknown key names file, line, key and what is allowed', () => {
  const line = refusal('dicom:\n  aeTitle: X\n  prot: 104\n');
  assert.match(line, /^clinic\.yaml, line 3: dicom\.prot: unknown key; allowed here: aeTitle, .*port/);
});

test('a wrong value names line, key and what is allowed', () => {
  assert.match(refusal('engine:\n\n  name: pytorch\n'), /line 3: engine\.name: allowed: onnxruntime, tensorflow/);
  assert.match(refusal('dicom: { port: 99999 }'), /line 1: dicom\.port: at most 65535$/);
  assert.match(
    refusal('peers:\n  - name: TPS\n    aeTitle: "A\\\\B"\n'),
    /line 3: peers\[0\]\.aeTitle: ASCII characters without backslash, no space at either end$/,
  );
});

test('each refusal is a sentence that a person reads once: no regular expression, nothing of the library', () => {
  const peer = (keys: string) => `peers:\n  - ${keys}\n`;
  const cases: Record<string, string> = {
    'dicom: { aeTitle: SEVENTEEN_LETTERS }': 'dicom.aeTitle: at most 16 characters',
    'dicom: { aeTitle: "" }': 'dicom.aeTitle: is empty',
    'dicom: { aeTitle: 4711 }': 'dicom.aeTitle: a text: put it in quotes',
    'dicom: { port: eleven }': "dicom.port: a number, not the text 'eleven'",
    'dicom: { port: 104.5 }': 'dicom.port: a whole number, not 104.5',
    'dicom: { plain: "no" }': "dicom.plain: true or false, not the text 'no'",
    'dicom:': 'dicom: is empty: keys with values have to stand here, or leave it out',
    'dicom: { uidRoot: 1.02 }': 'dicom.uidRoot: a text: put it in quotes',
    'dicom: { uidRoot: "1.02" }': 'dicom.uidRoot: a UID such as 2.25 or 1.2.840.99999: numbers without leading zeros',
    'intake: { quietPeriodSeconds: -1 }': 'intake.quietPeriodSeconds: at least 0',
    'peers: { name: CT }': 'peers: a list, not keys with values',
    [peer('{ name: CT }')]: 'peers[0].aeTitle: is missing',
    [peer('{ name: CT 1, aeTitle: CT }')]: 'peers[0].name: letters, digits and hyphens, no hyphen at the beginning',
    [`${peer('{ name: a, aeTitle: A, host: a, port: 104 }')}destinations: [{ name: a, peer: a, transferSyntaxes: [] }]`]:
      'destinations[0].transferSyntaxes: at least 1 entry',
    'http: { users: [{ name: eva, role: operator, password: geheim }] }':
      'http.users[0].password: the hash of the password, as `contour-node user` prints it',
    'notifications: { pageUrl: worklist.clinic }': 'notifications.pageUrl: an address such as https://host/path',
    'notifications: { emails: [{ name: a, host: h, from: nobody, to: [a@b.de] }] }':
      'notifications.emails[0].from: an e-mail address such as name@clinic.example',
    'recipes: [{ name: Head, structures: [{ name: A, from: b/A }] }]':
      'recipes[0].name: small letters, digits and hyphens, no hyphen at the beginning',
    'recipes: [{ name: head, structures: [{ name: Parotid left, from: body }] }]':
      'recipes[0].structures[0].name: letters, digits and _ ~ ! ^ -, no digit or hyphen first, no spaces',
    '- dicom': 'keys with values, not a list',
  };
  for (const [text, expected] of Object.entries(cases)) {
    const message = refusal(text);
    assert.ok(message.includes(expected), `${text}\n  ${message}\n  ${expected}`);
    assert.doesNotMatch(message, /Invalid|expected|received|pattern|\[\^|\\x|undefined/i, message);
  }
});

test('a password that stands where its hash should never comes back in the message', () => {
  for (const password of ['geheim1', '12345'])
    assert.doesNotMatch(refusal(`http: { users: [{ name: e, role: viewer, password: ${password} }] }`), /geheim|12345/);
});

test('paths in a file are relative to the file, defaults to the working folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'contour-node-'));
  const path = join(folder, 'clinic.yaml');
  await writeFile(
    path,
    'models: { directory: ../models }\nredis: { url: "redis://r", passwordFile: secret }\n' +
      'peers: [{ name: a, aeTitle: A, host: a, port: 1, tls: { caFile: /etc/ca.pem, certificateFile: a.pem, keyFile: a.key } }]\n' +
      'destinations: [{ name: a, peer: a, roiNames: { aFile: X } }]\n',
  );
  const { config } = await loadConfig(path);
  assert.equal(config.models.directory, join(folder, '../models'));
  assert.equal(config.redis.passwordFile, join(folder, 'secret'));
  const { tls } = config.peers[0]!;
  assert.deepEqual(
    [tls?.caFile, tls?.certificateFile, tls?.keyFile],
    ['/etc/ca.pem', join(folder, 'a.pem'), join(folder, 'a.key')],
  );
  assert.deepEqual(config.destinations[0]?.roiNames, { aFile: 'X' });
  assert.equal(config.dataDirectory, './data');
  await rm(folder, { recursive: true });
});

test('a missing key, broken YAML and a key twice are refused with their line', () => {
  assert.match(refusal('peers:\n  - name: TPS\n'), /line 2: peers\[0\]\.aeTitle/);
  assert.match(refusal('dicom: [\n'), /clinic\.yaml, line \d/);
  assert.match(refusal('http: {port: 1}\nhttp: {port: 2}\n'), /line 2: .*unique/i);
});

test('an alias without its anchor, and aliases that multiply, are refused', () => {
  assert.match(refusal('dicom:\n  aeTitle: A\n  otherAeTitles: [*nobody]\n'), /^clinic\.yaml, line 3: .*nobody/);
  const bomb = ['a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]'];
  for (let i = 0; i < 8; i++) {
    const [from, to] = [String.fromCharCode(97 + i), String.fromCharCode(98 + i)];
    bomb.push(`${to}: &${to} [${Array.from({ length: 10 }, () => `*${from}`).join(', ')}]`);
  }
  assert.match(refusal(bomb.join('\n')), /^clinic\.yaml, line 2: .*alias/);
});

test('names that refer to nothing are refused', () => {
  const peer = 'peers:\n  - {name: TPS, aeTitle: TPS, host: tps, port: 104}\n';
  assert.match(
    refusal(`${peer}destinations:\n  - {name: tps, peer: TSP}\n`),
    /line 4: destinations\[0\]\.peer: no peer 'TSP'; peers: TPS/,
  );
  assert.match(
    refusal('routes:\n  - {name: a, models: [m], destinations: [x]}\n'),
    /line 2: routes\[0\]\.destinations\[0\]: no destination 'x'/,
  );
  assert.match(
    refusal(
      'peers:\n  - {name: CT, aeTitle: CT, addresses: [10.0.0.1]}\ndestinations:\n  - {name: back, peer: return-to-sender}\n',
    ),
    /line 4: destinations\[0\]\.peer: return-to-sender needs host and port/,
  );
  assert.match(
    refusal('peers:\n  - {name: CT, aeTitle: CT, addresses: [10.0.0.1/99]}\n'),
    /addresses\[0\]: no address/,
  );
  assert.match(
    refusal('routes:\n  - name: a\n    models: [m]\n    when: { attributes: [{tag: ProtocolNam, equals: x}] }\n'),
    /line 4: routes\[0\]\.when\.attributes\[0\]\.tag: no DICOM keyword/,
  );
});

test('a peer whose storage commitment requests are answered needs host and port', () => {
  const peer = (more: string) =>
    `peers:\n  - {name: CT, aeTitle: CT, addresses: [10.0.0.1],\n     storageCommitment: true${more}}\n`;
  assert.match(refusal(peer('')), /line 3: peers\[0\]\.storageCommitment: peer CT needs host and port: .* told/);
  assert.equal(parseConfig(peer(', host: ct, port: 104'), 'clinic.yaml').peers[0]?.storageCommitment, true);
});

test('a file that is not there is said so', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'contour-node-'));
  await assert.rejects(loadConfig(join(folder, 'none.yaml')), { code: 'CONFIG_NOT_FOUND' });
  await writeFile(join(folder, 'empty.yaml'), '');
  assert.deepEqual((await loadConfig(join(folder, 'empty.yaml'))).config, (await loadConfig()).config);
  await rm(folder, { recursive: true });
});
