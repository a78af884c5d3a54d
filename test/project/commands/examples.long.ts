import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, rename, symlink } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { startPickyTps } from '../../../worker/demo/picky-tps.ts';
import { afterwards } from '../../support/afterwards.ts';
import { commandNames, loadCommand } from '../../support/command-syntax.ts';
import { phantomCt } from '../../support/phantom-ct.ts';
import { checkout, contourNode } from '../../support/run-program.ts';
import { startRunningNode } from '../../support/running-node.ts';
import { temporaryFolder } from '../../support/threshold-bundle.ts';

/** Examples that are not run here, by how they begin, and the test that runs such a call. */
const elsewhere: Readonly<Record<string, string>> = {
  'contour-node demo': 'test/demo/demo.test.ts',
  'contour-node train': 'test/training/archive-to-bundle.test.ts',
  'contour-node evaluate': 'test/evaluation/evaluate-command.test.ts',
  'contour-node models verify': 'test/bundles/models-command.test.ts',
  'contour-node models import': 'test/nnunet/import-results-folder.test.ts',
  'contour-node models ensemble': 'test/bundles/ensemble.test.ts',
  'contour-node models card': 'test/bundles/model-card.test.ts',
  'contour-node pull': 'test/dimse/scu/pull.test.ts',
  'contour-node start': 'test/processes/start.test.ts',
  'contour-node node': 'test/processes/start.test.ts',
  'contour-node worker': 'test/project/deployment/two-workers.test.ts',
  'contour-node echo TPS@tps.clinic:2762': 'test/dimse/tls.test.ts',
  'contour-node send ct/ --to CONTOUR@node.clinic:2762': 'test/dimse/tls.test.ts',
};

/** What a command reads from its standard input. */
const inputs: Readonly<Record<string, string>> = {
  'contour-node init': '\n'.repeat(10),
  'contour-node user': 'correct horse battery\n',
};

test('every example in the help of a command works as it stands, in a folder that has what it names', async (t) => {
  const folder = await temporaryFolder(t);
  const { ct, truth } = await phantomCt(t, 7, { slices: 40, matrix: 128 });
  const tps = await startPickyTps({ directory: join(folder, 'tps'), aeTitle: 'PINNACLE', ct });
  afterwards(t, () => tps.close());
  const node = await startRunningNode(t, {
    peers: [{ name: 'pinnacle', aeTitle: 'PINNACLE', host: tps.host, port: tps.port }],
    destinations: [{ name: 'pinnacle', peer: 'pinnacle', allow: ['demonstration'] }],
    routes: [{ name: 'all', models: ['phantom-gtvp'], destinations: ['pinnacle'] }],
    retention: { minimumFreeGigabytes: 0 },
  });
  const address = `CONTOUR@127.0.0.1:${node.dicomPort}`;
  assert.equal((await contourNode('send', ct, '--to', address)).code, 0);
  const [delivered] = await node.settled(1, ['delivered'], 120);

  // What the examples name lies in the folder that they are called in.
  const place = join(folder, 'place');
  await mkdir(place);
  for (const name of ['ct', 'phantom']) await symlink(ct, join(place, name));
  for (const name of ['models', 'config']) await symlink(join(checkout, name), join(place, name));
  await symlink(join(checkout, 'models', 'phantom-gtvp'), join(place, 'my-bundle'));
  for (const name of ['clinic.dcm', 'model.dcm', 'a.dcm', 'b.dcm']) await copyFile(truth, join(place, name));
  // What the example of `contour` has written when that of `send` is run.
  await symlink('rtstruct.dcm', join(place, 'RTSTRUCT.dcm'));
  await copyFile(node.configFile, join(place, 'contour-node.yaml'));
  const real = (example: string): string =>
    example
      .replaceAll(/\/(?:tmp|backup)\//g, `${folder}/`)
      .replaceAll(/\/etc\/contour-node(?:\/contour-node)?\.yaml/g, node.configFile)
      .replaceAll(/CONTOUR@(?:localhost|127\.0\.0\.1):11112/g, address)
      .replaceAll('PINNACLE@10.0.0.5:104', `PINNACLE@${tps.host}:${tps.port}`)
      .replaceAll('3f2a9c81d07be645', delivered!.key);
  const run = async (example: string, program: string, cwd = place) => {
    // As in the shell of somebody who has the program on the PATH.
    const child = spawn('sh', ['-c', real(example).replace(/^contour-node/, `'${checkout}contour-node'`)], { cwd });
    child.stdin.on('error', () => undefined);
    child.stdin.end(inputs[`contour-node ${program}`] ?? '');
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    assert.equal(child.exitCode, 0, `${example}\n${out}${err}`);
  };

  const tried: string[] = [];
  const restores: string[] = [];
  for (const name of commandNames((await contourNode('--help')).stdout)) {
    const { help } = await loadCommand(name);
    const [, after = ''] = help.split(/^examples?:$/im);
    for (const [, whole = ''] of after.replaceAll('\\\n', ' ').matchAll(/^ {2}((?:contour-node|pass) .+)$/gm)) {
      // What stands behind a pipe, and before it, is another program's.
      const example =
        whole
          .split('|')
          .find((part) => part.includes(`contour-node ${name}`))
          ?.trim() ?? whole;
      const by = Object.entries(elsewhere).find(([beginning]) => example.startsWith(beginning));
      if (by !== undefined) assert.ok(existsSync(join(checkout, by[1])), `${example}: ${by[1]}`);
      else if (name === 'restore') restores.push(example);
      else {
        const fresh = join(folder, `fresh-${tried.length}`);
        await mkdir(fresh);
        await run(example, name, name === 'init' ? fresh : place);
        tried.push(example);
      }
    }
  }
  assert.ok(tried.length > 20, tried.join('\n'));

  // Into an empty data directory, and the node has ended.
  await node.stop();
  for (const example of restores) {
    await rename(node.dataDirectory, `${node.dataDirectory}-before`);
    await run(example, 'restore');
  }
});
