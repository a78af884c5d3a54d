import type { z } from 'zod';
import { ContourNodeError } from '../../src/errors.ts';
import { errorFrom } from '../../src/problem.ts';
import { type compareTaskSchema, type FromCompareChild, fromCompareChildSchema } from './compare-messages.ts';
import { runChild } from './run-child.ts';

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
  let said = undefined as FromCompareChild | undefined;
  const how = await runChild(new URL('./compare-child.ts', import.meta.url), task, {
    onMessage: (message) => (said = fromCompareChildSchema.safeParse(message).data),
    limitMinutes,
    signal,
  });
  if (said?.kind === 'done') return said.status;
  if (said?.kind === 'failed') throw errorFrom(said.problem);
  throw new ContourNodeError('COMPARISON_FAILED', `the comparing process ${how}`);
}
