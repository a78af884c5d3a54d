import { type ChildProcess, fork } from 'node:child_process';
import { ContourNodeError } from '../../src/errors.ts';
import type { ProgressReport } from '../../src/work/progress.ts';
import { type Problem, errorFrom } from '../../src/problem.ts';
import {
  type ContourSummary,
  type EngineSettings,
  type EngineTask,
  type FromEngine,
  fromEngineSchema,
  type ToEngine,
} from './engine-messages.ts';

export interface WarmUp {
  readonly warmed: readonly string[];
  readonly problems: readonly Problem[];
}

/** One engine process, seen from its parent: the process holds the tensors, the parent the job. */
export class EngineProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<string>;
  #listener: ((message: FromEngine) => void) | undefined;
  #ended = false;
  residentMegabytes = 0;
  /** The process was started with settings that have changed since. */
  outdated = false;

  /** @param program the child's file */
  constructor(settings: EngineSettings, program: URL = new URL('./engine-child.ts', import.meta.url)) {
    this.#child = fork(program, [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#exited = new Promise((done) => {
      const end = (how: string): void => {
        this.#ended = true;
        done(how);
      };
      this.#child.once('exit', (code, signal) => end(signal === null ? `exit code ${code}` : signal));
      this.#child.once('error', (error) => end(error.message));
    });
    this.#child.on('message', (message) => {
      const parsed = fromEngineSchema.safeParse(message);
      if (parsed.success) this.#listener?.(parsed.data);
    });
    this.#send({ kind: 'start', settings });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Resolves with the signal or exit code. */
  get exited(): Promise<string> {
    return this.#exited;
  }

  /**
   * Waits until the bundles are loaded and have run once.
   *
   * @throws ContourNodeError ENGINE_FAILED, ENGINE_TIMEOUT
   */
  warmUp(limitMilliseconds: number): Promise<WarmUp> {
    return this.#await(limitMilliseconds, (message, done) => {
      if (message.kind === 'ready') done(message);
    });
  }

  /**
   * Runs one order. Afterwards the process may be gone (`ended`).
   *
   * @throws ContourNodeError the error that the engine process reported; ENGINE_FAILED when it ended; ENGINE_TIMEOUT: it was
   * killed
   */
  contour(
    task: EngineTask,
    limitMilliseconds: number,
    progress: (now: ProgressReport) => void,
  ): Promise<ContourSummary> {
    const result = this.#await<ContourSummary>(limitMilliseconds, (message, done, fail) => {
      if (message.kind === 'progress') progress({ stage: message.stage, fraction: message.fraction });
      else if (message.kind === 'done') {
        this.residentMegabytes = message.residentMegabytes;
        done(message.summary);
      } else if (message.kind === 'failed') {
        this.residentMegabytes = message.residentMegabytes;
        fail(errorFrom(message.problem));
      }
    });
    this.#send(task);
    return result;
  }

  /** Ends it, either by closing its channel or at once by SIGKILL. */
  async stop(how: 'politely' | 'now'): Promise<void> {
    if (this.#ended) return;
    if (how === 'politely' && this.#child.connected) {
      this.#child.disconnect();
      const patience = setTimeout(() => this.#child.kill('SIGKILL'), 3000);
      await this.#exited;
      clearTimeout(patience);
    } else {
      this.#child.kill('SIGKILL');
      await this.#exited;
    }
  }

  #send(message: ToEngine): void {
    // A channel that closes under the message shows as the exit of the process.
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }

  async #await<T>(
    limitMilliseconds: number,
    hear: (message: FromEngine, done: (value: T) => void, fail: (error: Error) => void) => void,
  ): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<T>((resolve, reject) => {
        this.#listener = (message) => hear(message, resolve, reject);
        timer = setTimeout(() => {
          this.#child.kill('SIGKILL');
          const minutes = (limitMilliseconds / 60_000).toFixed(1);
          reject(
            new ContourNodeError('ENGINE_TIMEOUT', `the engine process took longer than ${minutes} min and was ended`),
          );
        }, limitMilliseconds);
        void this.#exited.then((how) =>
          reject(new ContourNodeError('ENGINE_FAILED', `the engine process ended (${how})`)),
        );
      });
    } finally {
      clearTimeout(timer);
      this.#listener = undefined;
    }
  }
}
