import { ContourNodeError } from '../../src/errors.ts';
import { errorFrom } from '../../src/problem.ts';
import type { WorkResult } from '../../src/work/work-result.ts';
import { runChild } from '../processes/run-child.ts';
import { type FromWriter, fromWriterSchema, type WriteTask } from './writer-messages.ts';

export interface WriterOptions {
  /** Called once, when the result is on disk: a delivery need not wait for the pictures. */
  readonly onResult: () => void;
  readonly limitMinutes: number;
  readonly signal: AbortSignal;
}

/**
 * Writes what a remote worker returned in a process of its own, so that the node goes on answering.
 * @returns the status of the result, when the pictures are there as well
 * @throws ContourNodeError the error that the process reported; ENGINE_FAILED when it ended without a report or took too long
 */
export async function runWriter(
  task: WriteTask,
  { onResult, limitMinutes, signal }: WriterOptions,
): Promise<WorkResult['status']> {
  let said = undefined as FromWriter | undefined;
  let told = false;
  const tell = (): void => {
    if (!told) onResult();
    told = true;
  };
  const how = await runChild(new URL('./writer-child.ts', import.meta.url), task, {
    onMessage: (message) => {
      said = fromWriterSchema.safeParse(message).data;
      if (said?.kind === 'result') tell();
    },
    limitMinutes,
    signal,
  });
  if (said?.kind === 'failed') throw errorFrom(said.problem);
  if (said?.kind !== 'done')
    throw new ContourNodeError('ENGINE_FAILED', `the process that writes the structure sets ${how}`);
  tell();
  return said.status;
}
