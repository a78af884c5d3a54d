import { systemClock } from '../../../src/clock.ts';
import { configSchema } from '../../../src/config/schema.ts';
import { openIntake } from '../../../src/intake/open-intake.ts';
import { lockDataDirectory } from '../../../src/store/directory-lock.ts';
import { Store } from '../../../src/store/store.ts';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ctSliceFile } from '../../support/ct-slice.ts';
import { quietLog, redisAway } from '../intake-harness.ts';

/** Receives images of one series until it is killed; prints the number of each that was answered with 0x0000. */
const [dataDirectory, series] = process.argv.slice(2) as [string, string];
lockDataDirectory(dataDirectory);
const store = await Store.open({ dataDirectory, log: quietLog, now: Date.now });
const config = configSchema.parse({ dataDirectory, intake: { quietPeriodSeconds: 3600, reservedMegabytes: 0 } });
const { scp } = await openIntake({
  store,
  queues: redisAway,
  clock: systemClock,
  log: quietLog,
  current: () => ({ config, digest: '' }),
});
const association = { id: String(process.pid), callingAe: 'SCANNER', calledAe: 'CONTOUR', address: '127.0.0.1' };
await mkdir(join(dataDirectory, 'incoming'), { recursive: true });
for (let number = 1; ; number++) {
  const path = join(dataDirectory, 'incoming', `${process.pid}-${number}.part`);
  const bytes = ctSliceFile({ series, number });
  await writeFile(path, bytes);
  const status = await scp.store({
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
