import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { isDiskFull, orDiskFull } from '../../src/disk-full.ts';
import { writeOnce } from '../../src/work/write-once.ts';
import { writeWhole } from '../../src/work/write-whole.ts';
import { noSmallDisk, smallDisk } from '../support/small-disk.ts';

test(
  'a file that no longer fits on the disk is as it was before, in words, and no draft stays',
  { skip: noSmallDisk },
  async (t) => {
    const disk = await smallDisk(t, 2);
    const path = join(disk.folder, 'review.json');
    await writeWhole(path, 'before');
    await writeWhole(path, [Buffer.from('be'), Buffer.from('fore, in pieces')]);
    assert.equal(await readFile(path, 'utf8'), 'before, in pieces');

    await disk.leaveFree(8192);
    const large = Buffer.alloc(100_000);
    await assert.rejects(
      orDiskFull('no space for review.json', undefined, () => writeWhole(path, large)),
      {
        code: 'DISK_FULL',
        message: 'no space for review.json',
        remedy:
          'free space on the disk of the data directory (dataDirectory), or keep series for fewer days (retention)',
      },
    );
    await assert.rejects(writeOnce(join(disk.folder, 'result.json'), large), { code: 'DISK_FULL' });
    assert.equal(await readFile(path, 'utf8'), 'before, in pieces');
    assert.deepEqual((await readdir(disk.folder)).toSorted(), ['filler', 'review.json']);
  },
);

test('a full disk is known by what SQLite says of it too', { skip: noSmallDisk }, async (t) => {
  const disk = await smallDisk(t, 2);
  const database = new DatabaseSync(join(disk.folder, 'state.sqlite'));
  t.after(() => database.close());
  database.exec('CREATE TABLE images (image BLOB)');
  await disk.leaveFree(8192);
  assert.throws(() => database.prepare('INSERT INTO images VALUES (?)').run(Buffer.alloc(100_000)), isDiskFull);
  assert.throws(
    () => database.prepare('INSERT INTO no_such_table VALUES (1)').run(),
    (error) => !isDiskFull(error),
  );
});
