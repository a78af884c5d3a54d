import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { storeInstances } from '../../../src/dimse/scu/storage-scu.ts';
import { startStorageScp } from '../../../src/dimse/scp/storage-scp.ts';
import { readStoredInstance } from '../../../src/dimse/scu/stored-instance.ts';
import { ctSliceFile, sopInstanceUidOf } from '../../support/ct-slice.ts';
import { noSmallDisk, smallDisk } from '../../support/small-disk.ts';
import { temporaryFolder } from '../../support/threshold-bundle.ts';
import { IntakeHarness, quietLog, range } from '../intake-harness.ts';

const series = '1.2.826.9.1';
const page = 4096;

test(
  'a disk that is full at whichever step of writing: 0xA700, no image lost, and all goes on when there is room',
  { skip: noSmallDisk },
  async (t) => {
    const disk = await smallDisk(t, 16);
    const dataDirectory = join(disk.folder, 'data');
    await mkdir(dataDirectory);
    const files = await temporaryFolder(t);
    // Of several pages, so that a file may end in the middle of one.
    const slices = range(1, 60).map((number) => ({ series, number, matrix: 128 }));
    await Promise.all(slices.map((slice) => writeFile(join(files, `${slice.number}.dcm`), ctSliceFile(slice))));

    const bench = await IntakeHarness.open(t, { dataDirectory });
    const { config } = bench;
    config.dicom.port = 0;
    const scp = await startStorageScp({
      ...bench.intake.scp,
      config: () => config,
      log: quietLog,
    });
    t.after(() => scp.close());
    const send = async (number: number): Promise<number | undefined> => {
      const [result] = await storeInstances(
        { aeTitle: 'CONTOUR', host: '127.0.0.1', port: scp.port },
        [await readStoredInstance(join(files, `${number}.dcm`))],
        { callingAe: 'SCANNER', timeoutSeconds: 20 },
      );
      return result?.status;
    };

    assert.equal(await send(1), 0);
    const acknowledged = new Set([1]);
    const statuses: (number | undefined)[] = [];
    for (const { number } of slices.slice(1)) {
      // From nothing free to more than enough for file, journal and tables.
      await disk.leaveFree((number - 2) * page);
      const status = await send(number);
      statuses.push(status);
      if (status === 0) acknowledged.add(number);
    }
    assert.deepEqual(new Set(statuses), new Set([0, 0xa700]));
    assert.equal(statuses[0], 0xa700);
    assert.equal(statuses.at(-1), 0);
    assert.deepEqual(await readdir(join(dataDirectory, 'incoming')), []);

    await disk.leaveFree(8 * 1024 * 1024);
    for (const { number } of slices) assert.equal(await send(number), 0, `image ${number} repeated`);
    await scp.close();
    await bench.crash();
    const again = await IntakeHarness.open(t, { dataDirectory, clock: bench.clock });
    await again.pass(60);
    assert.deepEqual([again.show(series).state, again.show(series).images], ['unrouted', slices.length]);
    for (const number of acknowledged) {
      const slice = slices[number - 1]!;
      const path = join(
        dataDirectory,
        'series',
        again.keyOf(series),
        'instances',
        `${again.keyOf(sopInstanceUidOf(slice))}.dcm`,
      );
      const kept = await readFile(path);
      assert.ok(kept.subarray(-128 * 128 * 2).equals(ctSliceFile(slice).subarray(-128 * 128 * 2)), `image ${number}`);
    }
  },
);
