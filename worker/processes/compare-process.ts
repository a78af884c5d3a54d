import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { z } from 'zod';
import { ContourNodeError } from '../../src/errors.ts';
import { errorFrom } from '../../src/problem.ts';
import { type compareTaskSchema, type FromCompareChild, fromCompareChildSchema } from './compare-messages.ts';

/**
 * Runs one comparison in a separate process, so that the worker can renew its locks.
 *
 * @param signal ends it at once
 * @returns the status of the result, which is on disk
 * @throws ContourNodeError the error that the child reported; COMPARISON_FAILED when it ended without a report or exceeded the time limit
 */
export async function runComparison(
  task: z.output<typeof compareTaskSchema>,
  limitMinutes: number,
  signal: AbortSignal,
): Promise<string> {
  const child = fork(new URL('./compare-child.ts', import.meta.url), [], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  let said: FromCompareChild | undefined;
  child.on('message', (message) => (said = fromCompareChildSchema.safeParse(message).data));
  // A channel that closes under the message shows as the exit of the process.
  child.send(task, () => undefined);
  let late = false;
  const end = (): void => void child.kill('SIGKILL');
  const limit = setTimeout(() => {
    late = true;
    end();
  }, limitMinutes * 60_000);
  signal.addEventListener('abort', end);
  const [code, killedBy] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  clearTimeout(limit);
  signal.removeEventListener('abort', end);
  if (said?.kind === 'done') return said.status;
  if (said?.kind === 'failed') throw errorFrom(said.problem);
  const why = late
    ? `took longer than ${limitMinutes} min and was ended`
    : `ended (${killedBy ?? `exit code ${code}`})`;
  throw new ContourNodeError('COMPARISON_FAILED', `the comparing process ${why}`);
}
