import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { startPickyTps } from '../../../worker/demo/picky-tps.ts';
import { afterwards } from '../../support/afterwards.ts';
import { eventually } from '../../support/eventually.ts';
import { phantomCt } from '../../support/phantom-ct.ts';
import { checkout, contourNode, runProgram } from '../../support/run-program.ts';
import { startRunningNode } from '../../support/running-node.ts';
import { temporaryFolder } from '../../support/threshold-bundle.ts';

/** The first commit that could be run from end to end ("phantom-gtvp after 46 epochs"). */
const earlier = 'f010d64';

test('what an earlier version received, drew and delivered is there after the upgrade, and is not delivered again', async (t) => {
  const known = await runProgram('git', ['cat-file', '-e', `${earlier}^{commit}`], { cwd: checkout });
  if (known.code !== 0) return t.skip(`the history of this checkout has no ${earlier}`);
  const folder = await temporaryFolder(t);
  const old = join(folder, 'earlier');
  await mkdir(old);
  const unpacked = await runProgram('sh', ['-c', `git archive ${earlier} | tar -x -C '${old}'`], { cwd: checkout });
  assert.equal(unpacked.code, 0, unpacked.stderr);
  await symlink(join(checkout, 'node_modules'), join(old, 'node_modules'));

  const tps = await startPickyTps({ directory: join(folder, 'tps') });
  afterwards(t, () => tps.close());
  const sections = {
    dataDirectory: join(folder, 'data'),
    peers: [{ name: 'tps', aeTitle: tps.aeTitle, host: tps.host, port: tps.port }],
    destinations: [{ name: 'tps', peer: 'tps', allow: ['demonstration'] }],
    routes: [{ name: 'all', models: ['phantom-gtvp'], destinations: ['tps'] }],
  };
  const cleanup = { after: (undo: () => Promise<void>) => afterwards(t, undo) };
  const before = await startRunningNode(
    cleanup,
    { ...sections, models: { directory: join(old, 'models') } },
    [],
    {},
    old,
  );
  const send = async (port: number, seed: number): Promise<void> => {
    const { ct } = await phantomCt(cleanup, seed);
    const sent = await contourNode('send', ct, '--to', `CONTOUR@127.0.0.1:${port}`);
    assert.equal(sent.code, 0, sent.stderr);
  };
  await send(before.dicomPort, 401);
  const [series] = await before.settled(1, ['delivered'], 120);
  await before.stop();

  const after = await startRunningNode(cleanup, sections);
  const upgraded = await after.show(series!.key);
  assert.deepEqual([upgraded.state, upgraded.images, upgraded.models], ['delivered', series!.images, ['phantom-gtvp']]);
  await send(after.dicomPort, 402);
  await after.settled(2, ['delivered'], 120);
  const uids = await eventually('the TPS has both', 20, () => {
    const received = tps.received.map(({ sopInstanceUid }) => sopInstanceUid);
    return received.length >= 2 ? received : undefined;
  });
  assert.equal(uids.length, 2, 'each was delivered once');
});
