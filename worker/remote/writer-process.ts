import { fork } from 'node:child_process';
import { once } from 'node:events';
import { ContourNodeError } from '../../src/errors.ts';
import { errorFrom } from '../../src/problem.ts';
import type { WorkResult } from '../../src/work/work-result.ts';
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
  const child = fork(new URL('./writer-child.ts', import.meta.url), [], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  let said: FromWriter | undefined;
  let told = false;
  const tell = (): void => {
    if (!told) onResult();
    told = true;
  };
  child.on('message', (message) => {
    said = fromWriterSchema.safeParse(message).data;
    if (said?.kind === 'result') tell();
  });
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
  if (said?.kind === 'done') {
    tell();
    return said.status;
  }
  if (said?.kind === 'failed') throw errorFrom(said.problem);
  const why = late
    ? `took longer than ${limitMinutes} min and was ended`
    : `ended (${killedBy ?? `exit code ${code}`})`;
  throw new ContourNodeError('ENGINE_FAILED', `the process that writes the structure sets ${why}`);
}
