import { systemClock } from '../../../src/clock.ts';
import { DiskWatch } from '../../../src/intake/upkeep/disk-watch.ts';
import { InstanceReceiver } from '../../../src/intake/receive/receive-instance.ts';
import { SeriesAssembly } from '../../../src/intake/complete/series-assembly.ts';
import { SeriesLock } from '../../../src/intake/series-lock.ts';
import { pseudonymKey } from '../../../src/store/pseudonym-key.ts';
import { lockDataDirectory } from '../../../src/store/directory-lock.ts';
import { Store } from '../../../src/store/store.ts';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ctSliceFile } from '../../support/ct-slice.ts';
import { quietLog } from '../intake-harness.ts';

/** Receives images of one series until it is killed; prints the number of each that was answered with 0x0000. */
const [dataDirectory, series] = process.argv.slice(2) as [string, string];
lockDataDirectory(dataDirectory);
const key = await pseudonymKey(dataDirectory);
const store = await Store.open({ dataDirectory, log: quietLog, now: Date.now });
const lock = new SeriesLock();
const assembly = new SeriesAssembly({
  store,
  lock,
  clock: systemClock,
  log: quietLog,
  quietPeriodSeconds: () => 3600,
  completeOnRelease: () => false,
  complete: async () => undefined,
});
assembly.recover();
const disk = new DiskWatch({
  dataDirectory,
  clock: systemClock,
  log: quietLog,
  lowBytes: () => 0,
  reservedBytes: () => 0,
});
const receiver = new InstanceReceiver({ store, assembly, lock, key, log: quietLog, sync: true, disk });
const association = { id: String(process.pid), callingAe: 'SCANNER', calledAe: 'CONTOUR', address: '127.0.0.1' };
await mkdir(join(dataDirectory, 'incoming'), { recursive: true });
for (let number = 1; ; number++) {
  const path = join(dataDirectory, 'incoming', `${process.pid}-${number}.part`);
  const bytes = ctSliceFile({ series, number });
  await writeFile(path, bytes);
  const status = await receiver.store({
    path,
    sopClassUid: '1.2.840.10008.5.1.4.1.1.2',
    sopInstanceUid: `${series}.${number}`,
    transferSyntaxUid: '1.2.840.10008.1.2',
    bytes: bytes.length,
    flushed: Promise.resolve(),
    association,
  });
  if (status !== 0) throw new Error(`status ${status}`);
  console.log(number);
}
