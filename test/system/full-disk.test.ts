import { test } from 'node:test';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { eventually } from '../support/eventually.ts';
import { phantomCt } from '../support/phantom-ct.ts';
import { runProgram } from '../support/run-program.ts';
import { startRunningNode } from '../support/running-node.ts';
import { noSmallDisk, smallDisk } from '../support/small-disk.ts';

test(
  'a disk that runs full is announced, then images are refused, then associations; with room again the CT is contoured',
  { skip: noSmallDisk },
  async (t) => {
    const disk = await smallDisk(t, 160);
    const { files } = await phantomCt(t, 207, { matrix: 256 });
    const node = await startRunningNode(t, {
      dataDirectory: join(disk.folder, 'data'),
      intake: { reservedMegabytes: 40, quietPeriodSeconds: 1 },
      retention: { minimumFreeGigabytes: 0.06 },
      routes: [{ name: 'all', models: ['phantom-gtvp'], destinations: [] }],
    });
    const storescu = (...options: string[]) =>
      runProgram('storescu', [...options, '-aec', 'CONTOUR', '127.0.0.1', String(node.dicomPort), ...files]);

    await disk.leaveFree(44_000_000);
    await eventually('the log announces it', 30, () => /the disk runs short/.test(node.log()) || undefined);
    const refused = await storescu('-v');
    assert.match(refused.stdout + refused.stderr, /0xa700|OutOfResources/i);
    await eventually('associations are rejected', 30, async () =>
      /Local Limit Exceeded/i.test((await storescu()).stderr) ? true : undefined,
    );
    await node.settled(1, ['incomplete'], 30);

    await disk.leaveFree(100_000_000);
    await eventually('images are taken again', 30, async () => ((await storescu()).code === 0 ? true : undefined));
    const [series] = await node.settled(1, ['contoured', 'nothing found'], 90);
    assert.equal(series?.images, files.length);
  },
);
