import { cp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test, type TestContext } from 'node:test';
import assert from 'node:assert/strict';
import { stringify } from 'yaml';
import type { SeriesDetail } from '../../../src/store/series.ts';
import { startPickyTps, type PickyTps } from '../../../worker/demo/picky-tps.ts';
import { afterwards } from '../../support/afterwards.ts';
import { phantomCt } from '../../support/phantom-ct.ts';
import { contourNode, runProgram } from '../../support/run-program.ts';
import { startRunningNode, type RunningNode } from '../../support/running-node.ts';
import { temporaryFolder } from '../../support/threshold-bundle.ts';

interface Clinic {
  readonly folder: string;
  readonly tps: PickyTps;
  readonly node: RunningNode;
  readonly sections: Record<string, unknown>;
}

/** A node that has contoured and delivered one CT. */
async function clinic(t: TestContext, seed: number): Promise<Clinic> {
  const folder = await temporaryFolder(t);
  const tps = await startPickyTps({ directory: join(folder, 'tps') });
  afterwards(t, () => tps.close());
  const sections = {
    peers: [{ name: 'tps', aeTitle: tps.aeTitle, host: tps.host, port: tps.port }],
    destinations: [{ name: 'tps', peer: 'tps', allow: ['demonstration'] }],
    routes: [{ name: 'all', models: ['phantom-gtvp'], destinations: ['tps'] }],
  };
  const node = await startRunningNode(t, sections);
  await send(node, (await phantomCt(t, seed)).files);
  await node.settled(1, ['delivered'], 120);
  return { folder, tps, node, sections };
}

async function send(node: RunningNode, files: readonly string[]): Promise<void> {
  const sent = await runProgram('storescu', ['-aec', 'CONTOUR', '127.0.0.1', String(node.dicomPort), ...files]);
  assert.equal(sent.code, 0, sent.stderr);
}

async function configFor(folder: string, name: string): Promise<{ data: string; path: string }> {
  const [data, path] = [join(folder, name), join(folder, `${name}.yaml`)];
  await writeFile(path, stringify({ dataDirectory: data }));
  return { data, path };
}

/** Without what moves: how long something lasted. */
function told(series: SeriesDetail): unknown {
  const { key, state, images, revision, history } = series as SeriesDetail & { images: number; revision: number };
  return { key, state, images, revision, history };
}

test('a backup made while a CT is coming in is restored on an empty machine: nothing is lost, nothing is delivered twice', async (t) => {
  const { folder, tps, node, sections } = await clinic(t, 301);
  const [delivered] = await node.list();
  assert.ok(delivered);
  const before = told(await node.show(delivered.key));

  const second = await phantomCt(t, 302);
  const half = second.files.slice(0, 30);
  const backup = join(folder, 'backup');
  const [made] = await Promise.all([
    contourNode('backup', backup, '--config', node.configFile, '--json'),
    send(node, second.files),
  ]);
  assert.equal(made.code, 0, made.stderr);
  const { files } = JSON.parse(made.stdout) as { files: number };
  assert.ok(files > half.length);
  assert.equal((await stat(join(backup, 'data'))).mode & 0o077, 0, 'patient data is its owner’s alone');
  await node.settled(2, ['delivered'], 120);
  await node.stop('SIGKILL');
  // A worker whose parent was killed may draw pictures until it sees that.
  await rm(node.dataDirectory, { recursive: true, maxRetries: 50, retryDelay: 100 });

  const { data, path } = await configFor(folder, 'restored');
  const restored = await contourNode('restore', backup, '--config', path, '--json');
  assert.equal(restored.code, 0, restored.stderr);
  const again = await startRunningNode(t, { ...sections, dataDirectory: data });
  assert.deepEqual(told(await again.show(delivered.key)), before);

  // The sender repeats what the backup may have missed; what was kept is absorbed.
  await send(again, second.files);
  await again.settled(2, ['delivered'], 120);
  const deliveries = tps.received.filter(({ sopInstanceUid }) => sopInstanceUid === tps.imported[0]?.sopInstanceUid);
  assert.equal(deliveries.length, 1, 'what was delivered before the backup is not delivered again');
  // The CT that was on its way is drawn anew, under another date: a second structure set for it, which the docs tell.
  const uids = new Set(tps.imported.map(({ sopInstanceUid }) => sopInstanceUid));
  assert.ok(uids.size === 2 || uids.size === 3, String(uids.size));
});

test('a roll-back: the older program refuses the newer state in words, and runs on the backup made before the upgrade', async (t) => {
  const { folder, node, sections } = await clinic(t, 303);
  const [series] = await node.list();
  assert.ok(series);
  const before = told(await node.show(series.key));
  await node.stop();
  const backup = join(folder, 'before-upgrade');
  assert.equal((await contourNode('backup', backup, '--config', node.configFile)).code, 0);

  // The newer program has its tables.
  const database = new DatabaseSync(join(node.dataDirectory, 'state.sqlite'));
  database.exec('PRAGMA user_version = 999');
  database.close();
  const refused = await contourNode('node', '--config', node.configFile);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /^error DATA_DIRECTORY: .*version 999, this program knows \d+ \(.+\)\n$/);

  const { data, path } = await configFor(folder, 'rolled-back');
  const restored = await contourNode('restore', backup, '--config', path);
  assert.equal(restored.code, 0, restored.stderr);
  const old = await startRunningNode(t, { ...sections, dataDirectory: data });
  assert.deepEqual(told(await old.show(series.key)), before);
});

test('restore takes nothing that is damaged, incomplete or newer, and never covers what is there', async (t) => {
  const { folder, node } = await clinic(t, 304);
  await node.stop();
  const backup = join(folder, 'backup');
  assert.equal((await contourNode('backup', backup, '--config', node.configFile)).code, 0);
  const manifest = JSON.parse(await readFile(join(backup, 'backup.json'), 'utf8')) as {
    tables: number;
    files: { path: string }[];
  };
  const image = manifest.files.find(({ path }) => path.endsWith('.dcm'))!.path;

  const { data, path } = await configFor(folder, 'target');
  const attempt = async (change: (copy: string) => Promise<void>): Promise<string> => {
    const copy = join(folder, 'changed');
    await rm(copy, { recursive: true, force: true });
    await cp(backup, copy, { recursive: true });
    await change(copy);
    const { code, stderr } = await contourNode('restore', copy, '--config', path);
    assert.equal(code, 1, stderr);
    assert.deepEqual(
      (await readdir(data).catch(() => [])).filter((name) => name !== 'node.lock'),
      [],
    );
    return stderr;
  };
  const damaged = await attempt(async (copy) => {
    const bytes = await readFile(join(copy, 'data', image));
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(join(copy, 'data', image), bytes);
  });
  assert.match(damaged, /^error BACKUP_INVALID: .* is not what was backed up/);
  assert.match(await attempt((copy) => rm(join(copy, 'data', image))), /^error BACKUP_INVALID: .* is missing/);
  assert.match(
    await attempt((copy) => rm(join(copy, 'backup.json'))),
    /^error BACKUP_INVALID: .*holds no backup\.json/,
  );
  const newer = await attempt((copy) =>
    writeFile(join(copy, 'backup.json'), JSON.stringify({ ...manifest, tables: 999 })),
  );
  assert.match(newer, /^error DATA_DIRECTORY: .*tables of version 999/);

  const onto = await contourNode('restore', backup, '--config', node.configFile);
  assert.match(onto.stderr, /^error DATA_DIRECTORY: .*is not empty/);
  const twice = await contourNode('backup', backup, '--config', node.configFile);
  assert.match(twice.stderr, /^error PATH_NOT_FOUND: .*is there already/);
  const inside = await contourNode('backup', join(node.dataDirectory, 'x'), '--config', node.configFile);
  assert.match(inside.stderr, /^error PATH_NOT_FOUND: .*in the data directory/);
});
