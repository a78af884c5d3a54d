import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Log } from '../../src/log.ts';

export interface SupervisedProgram {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

export interface Supervisor {
  /** Resolves with the exit code of a program that ended before it was ready for the first time. */
  readonly failed: Promise<number>;
  /** Resolves once every program has reported that it is ready. */
  readonly ready: Promise<void>;
  readonly pids: Readonly<Record<string, number | undefined>>;
  signal(name: NodeJS.Signals): void;
  /** SIGTERM, after `limitSeconds` SIGKILL; resolves when all have ended. */
  stop(limitSeconds: number): Promise<void>;
}

/** After running so long a program counts as healthy: its next restart waits `firstWait` only. */
const healthySeconds = 60;
const firstWait = 250;
const longestWait = 30_000;

/**
 * Starts programs, and restarts each one that ends by itself after a growing pause.
 *
 * @param onLine gets the lines that they write to stdout; none: they write to this process's own
 */
export function supervise(
  programs: readonly SupervisedProgram[],
  log: Log,
  onLine?: (line: string) => void,
): Supervisor {
  const children = programs.map((program) => new SupervisedChild(program, log, onLine));
  return {
    failed: Promise.race(children.map((child) => child.failed)),
    ready: Promise.all(children.map((child) => child.ready)).then(() => undefined),
    get pids() {
      return Object.fromEntries(children.map((child) => [child.name, child.pid]));
    },
    signal: (name) => children.forEach((child) => child.signal(name)),
    stop: async (limitSeconds) => {
      await Promise.all(children.map((child) => child.stop(limitSeconds)));
    },
  };
}

class SupervisedChild {
  readonly ready: Promise<void>;
  readonly failed: Promise<number>;
  readonly #program: SupervisedProgram;
  readonly #log: Log;
  readonly #onLine: ((line: string) => void) | undefined;
  #child: ChildProcess | undefined;
  #restart: NodeJS.Timeout | undefined;
  #stopping = false;
  #wasReady = false;
  #wait = firstWait;
  #onReady: () => void = () => undefined;
  #onFailed: (code: number) => void = () => undefined;

  constructor(program: SupervisedProgram, log: Log, onLine: ((line: string) => void) | undefined) {
    this.#program = program;
    this.#log = log;
    this.#onLine = onLine;
    this.ready = new Promise((resolve) => (this.#onReady = resolve));
    this.failed = new Promise((resolve) => (this.#onFailed = resolve));
    this.#start();
  }

  get name(): string {
    return this.#program.name;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  async stop(limitSeconds: number): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restart);
    const child = this.#child;
    if (child === undefined) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    const kill = setTimeout(() => child.kill('SIGKILL'), limitSeconds * 1000);
    await ended;
    clearTimeout(kill);
  }

  #start(): void {
    const { command, args, name } = this.#program;
    // The channel closes when this process ends, also by SIGKILL; the child then ends itself.
    const output = this.#onLine === undefined ? 'inherit' : 'pipe';
    const child = spawn(command, args, { stdio: ['ignore', output, 'inherit', 'ipc'] });
    if (child.stdout !== null && this.#onLine !== undefined)
      createInterface({ input: child.stdout }).on('line', this.#onLine);
    const started = performance.now();
    this.#child = child;
    child.on('error', (error) => this.#log.error({ err: error, program: name }, 'program'));
    child.on('message', () => {
      this.#wasReady = true;
      this.#onReady();
    });
    child.once('exit', (code, signal) => {
      this.#child = undefined;
      if (this.#stopping) return;
      if (!this.#wasReady) {
        this.#onFailed(code ?? 1);
        return;
      }
      if (performance.now() - started > healthySeconds * 1000) this.#wait = firstWait;
      this.#log.error(
        { program: name, how: signal ?? `exit code ${code}`, againInSeconds: this.#wait / 1000 },
        'program ended; starting it again',
      );
      this.#restart = setTimeout(() => this.#start(), this.#wait);
      this.#wait = Math.min(this.#wait * 2, longestWait);
    });
  }
}
