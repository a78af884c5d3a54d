/** `fuzz-child.ts TARGET SEED FROM COUNT PROGRESS_FILE`: feeds inputs to a target and tells the parent what went wrong. */
import { openSync, writeSync } from 'node:fs';
import { CleanupList } from '../support/cleanup.ts';
import type { ChildMessage } from './fuzz.ts';
import { mutated } from './mutate.ts';
import type { OpenTarget } from './target.ts';

/** Resident bytes that a target may take after whatever it was fed. */
const memoryLimit = 700 * 1024 * 1024;

const [name = '', seed = '', from = '', count = '', progressPath = ''] = process.argv.slice(2);
const { open } = (await import(`./targets/${name}.ts`)) as { open: OpenTarget };
const cleanup = new CleanupList();
const target = await open(cleanup);
const progress = openSync(progressPath, 'w');
const end = Number(from) + Number(count);

for (let index = Number(from); index < end; index++) {
  // The parent reads it after a crash or a hang: nothing may stand between this line and the input.
  writeSync(progress, `${index} `.padEnd(12), 0);
  try {
    await target.feed(mutated(target.samples, Number(seed), index));
  } catch (error) {
    await tell({ index, words: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
  const { rss } = process.memoryUsage();
  if (rss > memoryLimit) {
    await tell({ index, words: `${Math.round(rss / 1024 / 1024)} MB resident` });
    break;
  }
}
await cleanup.run();
await tell('done');
process.exit(0);

function tell(message: ChildMessage): Promise<void> {
  return new Promise((resolve) => process.send?.(message, () => resolve()) ?? resolve());
}
