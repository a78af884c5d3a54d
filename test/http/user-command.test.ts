import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { parse } from 'yaml';
import { parseConfig } from '../../src/config/load.ts';
import { apiTokenHash } from '../../src/http/access/api-token.ts';
import { verifyPassword } from '../../src/http/access/password-hash.ts';
import { checkout, contourNode } from '../support/run-program.ts';

async function user(password: string, ...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(`${checkout}contour-node`, ['user', ...args], { stdio: 'pipe' });
  child.stdin.end(password);
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, out, err };
}

test('user turns a password into an entry that the configuration takes, and that only this password opens', async () => {
  const made = await user('grüner Hund 7\n', 'mueller', '--role', 'operator');
  assert.equal(made.code, 0, made.err);
  assert.ok(!made.out.includes('Hund'));
  const { http } = parseConfig(JSON.stringify({ http: { users: parse(made.out) } }), 'test.yaml');
  const [{ name, role, password = '' } = { name: '', role: '' }] = http.users;
  assert.deepEqual([name, role], ['mueller', 'operator']);
  assert.ok(await verifyPassword('gru\u0308ner Hund 7', password), 'the same letters, typed on another keyboard');
  assert.ok(!(await verifyPassword('gruner Hund 7', password)));
  assert.notEqual((await user('grüner Hund 7', 'mueller')).out, made.out, 'each with its own salt');
});

test('a short password, a strange name and an unknown role are refused', async () => {
  assert.match((await user('short', 'mueller')).err, /error USAGE: a password has at least 10 characters/);
  assert.match((await user('x'.repeat(20), 'mül ler')).err, /error USAGE: name/);
  const role = await user('x'.repeat(20), 'mueller', '--role', 'admin');
  assert.match(role.err, /error USAGE: role/);
  assert.equal(role.code, 2);
});

test('token shows the token once, and keeps its hash', async () => {
  const { code, stdout, stderr } = await contourNode('token', 'prometheus');
  assert.equal(code, 0, stderr);
  const token = stderr.trim();
  assert.ok(!stdout.includes(token));
  const { http } = parseConfig(JSON.stringify({ http: { tokens: parse(stdout) } }), 'test.yaml');
  assert.deepEqual(http.tokens, [{ name: 'prometheus', role: 'monitor', hash: apiTokenHash(token) }]);
});

test('a configuration that would let nobody or everybody in is refused with its line', () => {
  const refused = (yaml: string): string => {
    try {
      parseConfig(yaml, 'test.yaml');
    } catch (error) {
      return (error as Error).message;
    }
    return '';
  };
  assert.match(refused('http:\n  host: 0.0.0.0\n'), /line 2: http\.host: 0\.0\.0\.0 is not a loopback address/);
  assert.match(refused('http:\n  users:\n    - { name: a, role: viewer }\n'), /line 3: .*a has no password/);
  assert.match(refused('http:\n  users:\n    - { name: a, role: viewer, password: secret }\n'), /line 3: .*password/);
  assert.match(refused('http:\n  proxy:\n    addresses: [proxy]\n'), /line 3: .*no address and no CIDR range/);
});
