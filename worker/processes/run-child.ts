import { fork } from 'node:child_process';
import { once } from 'node:events';

export interface ChildOptions {
  readonly onMessage: (message: unknown) => void;
  readonly limitMinutes: number;
  /** Ends it at once. */
  readonly signal: AbortSignal;
}

/**
 * Runs a program for one task in a process of its own, so that this one goes on answering and renewing its locks.
 * @returns how it ended, in words, for the case that it has not said so itself
 */
export async function runChild(
  program: URL,
  task: object,
  { onMessage, limitMinutes, signal }: ChildOptions,
): Promise<string> {
  const child = fork(program, [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  child.on('message', onMessage);
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
  return late ? `took longer than ${limitMinutes} min and was ended` : `ended (${killedBy ?? `exit code ${code}`})`;
}
