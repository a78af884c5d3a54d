import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { licences, licencesPage } from '../../../docs/generate/licences.ts';
import { afterwards } from '../../support/afterwards.ts';
import { checkout, type Outcome, runProgram } from '../../support/run-program.ts';

interface LockEntry {
  readonly integrity?: string;
  readonly resolved?: string;
  readonly hasInstallScript?: boolean;
  readonly optional?: boolean;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly version?: string;
}

const lock = JSON.parse(readFileSync(`${checkout}package-lock.json`, 'utf8')) as {
  packages: Record<string, LockEntry>;
};
const packages = Object.entries(lock.packages).filter(([path]) => path !== '');

test('every package is pinned by its hash, from no particular registry, and none runs a script when it is installed', () => {
  assert.match(readFileSync(`${checkout}.npmrc`, 'utf8'), /^ignore-scripts=true$/m);
  for (const [path, { integrity, optional, resolved }] of packages) {
    assert.equal(resolved, undefined, path);
    // Packages for other platforms are entered by version (deps/lock.ts); npm checks what it then finds.
    if (optional !== true) assert.match(integrity ?? '', /^sha512-/, path);
  }
});

test('every wheel that is downloaded is pinned by its SHA-256', () => {
  for (const file of globSync('deps/*.txt', { cwd: checkout })) {
    const lines = readFileSync(checkout + file, 'utf8').split('\n');
    for (const line of lines.filter((one) => /^[A-Za-z]/.test(one)))
      assert.match(line, /^[\w.-]+==[\w.]+ .*--hash=sha256:[0-9a-f]{64}|^[\w.-]+==[\w.]+ \\$/, `${file}: ${line}`);
  }
  for (const file of globSync('deps/*.sh', { cwd: checkout })) {
    const text = readFileSync(checkout + file, 'utf8');
    if (!/pip.* (download|install)/.test(text)) continue;
    assert.match(text, /sha256sum --check|--require-hashes/, file);
  }
});

test('docs/licences.md is what the lock file says (node docs/generate/licences.ts), and no licence is unknown or copyleft', () => {
  assert.equal(readFileSync(`${checkout}docs/licences.md`, 'utf8'), licencesPage());
  const strange = licences().filter(
    ({ licence }) => !/MIT|ISC|BSD|Apache-2\.0|BlueOak|Zlib|CC0|0BSD/.test(licence) || /GPL/.test(licence),
  );
  assert.deepEqual(strange, []);
});

test('the bill of materials (CycloneDX) names every package that is used, with its version and hash', async () => {
  const { code, stdout, stderr } = await runProgram(process.execPath, ['deps/sbom.ts'], { cwd: checkout });
  assert.equal(code, 0, stderr);
  const bill = JSON.parse(stdout) as {
    bomFormat: string;
    metadata: { component: { name: string } };
    components: { name: string; version: string; hashes?: unknown[] }[];
  };
  assert.deepEqual([bill.bomFormat, bill.metadata.component.name], ['CycloneDX', 'contour-node']);
  const hashed = bill.components.filter(({ hashes }) => (hashes?.length ?? 0) > 0);
  const named = new Set(hashed.map(({ name, version }) => `${name}@${version}`));
  for (const [path, { version, dev, optional, devOptional }] of packages) {
    if (dev === true || optional === true || devOptional === true) continue;
    const name = path.split('node_modules/').at(-1);
    assert.ok(named.has(`${name}@${version}`), path);
  }
});

test('the audit of packages names what is known, passes over what has a reason, and says when nobody answers', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'contour-node-registry-'));
  afterwards(t, () => rm(folder, { recursive: true }));
  const { version = '' } = lock.packages['node_modules/fastify'] ?? {};
  const advisory = {
    id: 1,
    url: 'https://github.com/advisories/GHSA-test-test-test',
    title: 'made up for a test',
    severity: 'high',
    vulnerable_versions: `<=${version}`,
    cwe: [],
    cvss: { score: 0 },
  };
  let answers = true;
  const registry = createServer((request, response) => {
    if (!answers) response.writeHead(405).end();
    else if (request.url?.includes('advisories/bulk') === true) response.end(JSON.stringify({ fastify: [advisory] }));
    else response.writeHead(404).end('{}');
  });
  registry.listen(0, '127.0.0.1');
  await once(registry, 'listening');
  afterwards(t, () => void registry.close());
  const url = `http://127.0.0.1:${(registry.address() as AddressInfo).port}/`;
  const list = join(folder, 'allowed.json');
  const audit = (allowed: object): Promise<Outcome> =>
    writeFile(list, JSON.stringify(allowed)).then(() =>
      runProgram('env', [`npm_config_registry=${url}`, `AUDIT_ALLOWED=${list}`, process.execPath, 'deps/audit.ts'], {
        cwd: checkout,
      }),
    );
  const found = await audit({});
  assert.equal(found.code, 1, found.stderr);
  assert.match(found.stdout, /^OPEN GHSA-test-test-test high fastify@<=[\d.]+: made up for a test$/m);
  const passed = await audit({ 'GHSA-test-test-test': 'not reached here' });
  assert.equal(passed.code, 0, passed.stdout);
  assert.match(passed.stdout, /^passed over GHSA-test-test-test .*: not reached here$/m);
  answers = false;
  const silent = await audit({});
  assert.equal(silent.code, 3);
  assert.match(silent.stderr, /the registry does not answer, so nothing was checked/);
});
