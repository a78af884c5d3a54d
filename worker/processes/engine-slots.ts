import { setTimeout as sleep } from 'node:timers/promises';
import { asContourNodeError, ContourNodeError } from '../../src/errors.ts';
import { type Problem, problemFrom } from '../../src/problem.ts';
import type { ContourPayload } from '../../src/work/payloads.ts';
import type { ProgressReport } from '../../src/work/progress.ts';
import type { Log } from '../../src/log.ts';
import type { ContourSummary, EngineSettings, EngineTask } from './engine-messages.ts';
import { EngineProcess } from './engine-process.ts';

export interface SlotOptions {
  readonly slots: number;
  readonly settings: EngineSettings;
  /** Longest a job (and a warm-up) may take. */
  readonly timeoutMinutes: number;
  /** An engine process above this is replaced after its job. */
  readonly recycleMegabytes: number;
}

interface Slot {
  engine: EngineProcess | undefined;
  busy: boolean;
  /** Of its last warm-up. */
  problems: readonly Problem[];
}

/** One engine process a slot, with loaded bundles. A slot whose process ended, hung or grew gets a new one before its next job. */
export class EngineSlots {
  readonly #log: Log;
  readonly #slots: Slot[];
  readonly #onProblems: () => void;
  readonly #waiting: ((slot: Slot) => void)[] = [];
  #options: SlotOptions;
  #closed = false;

  /** @param onProblems `problems` has changed */
  constructor(options: SlotOptions, log: Log, onProblems: () => void = () => {}) {
    this.#options = options;
    this.#log = log;
    this.#onProblems = onProblems;
    this.#slots = Array.from({ length: options.slots }, () => ({ engine: undefined, busy: true, problems: [] }));
  }

  get size(): number {
    return this.#slots.length;
  }

  /** Process IDs, for the tests and the log. */
  get pids(): number[] {
    return this.#slots.flatMap(({ engine }) => (engine === undefined || engine.ended ? [] : [engine.pid]));
  }

  /** Resident memory of the engine processes, each after its last job. */
  get residentBytes(): number {
    return this.#slots.reduce(
      (sum, { engine }) => sum + (engine === undefined || engine.ended ? 0 : engine.residentMegabytes * 1e6),
      0,
    );
  }

  /** Why a bundle, or every bundle, cannot be used: each once. */
  get problems(): Problem[] {
    const all = this.#slots.flatMap(({ problems }) => problems);
    return [...new Map(all.map((one) => [one.message, one])).values()];
  }

  /** Resolves once every slot has run a warm-up inference, or was closed. A failing one is started again. */
  async start(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => this.#refill(slot)));
  }

  /**
   * New settings apply to the next engine process; where settings of the engine changed, or a bundle could not be used, processes
   * are replaced after their job. The number of slots stays until the worker is restarted.
   */
  async reconfigure(options: SlotOptions): Promise<void> {
    const changed = JSON.stringify(options.settings) !== JSON.stringify(this.#options.settings);
    this.#options = options;
    const outdated = this.#slots.filter(({ problems }) => changed || problems.length > 0);
    const idle = outdated.filter((slot) => !slot.busy);
    for (const slot of idle) slot.busy = true;
    for (const slot of outdated.filter((one) => !idle.includes(one)))
      if (slot.engine !== undefined) slot.engine.outdated = true;
    await Promise.all(idle.map((slot) => this.#replace(slot, 'changed configuration')));
  }

  /**
   * Contours one order on the next free slot.
   *
   * @throws ContourNodeError of the order, ENGINE_FAILED, ENGINE_TIMEOUT, ENGINE_UNAVAILABLE when no slot becomes free
   */
  async contour(payload: ContourPayload, progress: (now: ProgressReport) => void): Promise<ContourSummary> {
    return this.#run({ kind: 'contour', payload }, progress);
  }

  /**
   * The same for an order of a node on another machine.
   *
   * @param folder of worker/remote/contour-remote-order.ts
   */
  async contourRemote(folder: string, progress: (now: ProgressReport) => void): Promise<ContourSummary> {
    return this.#run({ kind: 'contour remote', folder }, progress);
  }

  async #run(task: EngineTask, progress: (now: ProgressReport) => void): Promise<ContourSummary> {
    const limit = this.#options.timeoutMinutes * 60_000;
    const slot = await this.#acquire(limit);
    const { engine } = slot;
    if (engine === undefined)
      throw new ContourNodeError('ENGINE_UNAVAILABLE', 'the engine processes are being stopped');
    try {
      return await engine.contour(task, limit, progress);
    } finally {
      this.#afterJob(slot, engine);
    }
  }

  /** Ends the engine processes; their jobs fail with ENGINE_FAILED. */
  async stop(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#slots.map(async ({ engine, busy }) => engine?.stop(busy ? 'now' : 'politely')));
  }

  #afterJob(slot: Slot, engine: EngineProcess): void {
    const { recycleMegabytes } = this.#options;
    if (engine.ended) void this.#refill(slot);
    else if (engine.residentMegabytes > recycleMegabytes) {
      void this.#replace(slot, `${Math.round(engine.residentMegabytes)} MB resident, above worker.recycleMegabytes`);
    } else if (engine.outdated) void this.#replace(slot, 'changed configuration');
    else this.#release(slot);
  }

  async #replace(slot: Slot, reason: string): Promise<void> {
    this.#log.info({ engine: slot.engine?.pid, reason }, 'engine process replaced');
    await slot.engine?.stop('politely');
    await this.#refill(slot);
  }

  /** Starts engine processes until one is warm. */
  async #refill(slot: Slot): Promise<void> {
    slot.busy = true;
    for (let wait = 1000; !this.#closed; wait = Math.min(wait * 2, 30_000)) {
      const { settings, timeoutMinutes } = this.#options;
      const engine = new EngineProcess(settings);
      slot.engine = engine;
      let problems: readonly Problem[] = [];
      try {
        const started = performance.now();
        const warm = await engine.warmUp(timeoutMinutes * 60_000);
        problems = warm.problems;
        for (const problem of problems) this.#log.error({ err: problem }, 'a bundle cannot be used as it is');
        if (warm.warmed.length === 0 && problems.length > 0)
          throw new ContourNodeError('ENGINE_UNAVAILABLE', 'no bundle can be used');
        this.#log.info(
          { engine: engine.pid, warmed: warm.warmed, seconds: (performance.now() - started) / 1000 },
          'engine process ready',
        );
        this.#setProblems(slot, problems);
        void engine.exited.then((how) => this.#onExit(slot, engine, how));
        this.#release(slot);
        return;
      } catch (error) {
        await engine.stop('now');
        if (this.#closed) return;
        this.#setProblems(slot, problems.length > 0 ? problems : [problemFrom(error)]);
        this.#log.error(
          { err: asContourNodeError(error), againInSeconds: wait / 1000 },
          'engine process does not start',
        );
        await sleep(wait, undefined, { ref: false });
      }
    }
  }

  #setProblems(slot: Slot, problems: readonly Problem[]): void {
    slot.problems = problems;
    this.#onProblems();
  }

  /** For a process that ends between two jobs. */
  #onExit(slot: Slot, engine: EngineProcess, how: string): void {
    if (this.#closed || slot.engine !== engine || slot.busy) return;
    this.#log.error({ engine: engine.pid, how }, 'idle engine process ended');
    void this.#refill(slot);
  }

  #release(slot: Slot): void {
    const next = this.#waiting.shift();
    if (next === undefined) slot.busy = false;
    else next(slot);
  }

  async #acquire(limit: number): Promise<Slot> {
    const free = this.#slots.find((slot) => !slot.busy);
    if (free !== undefined) {
      free.busy = true;
      return free;
    }
    return new Promise((resolve, reject) => {
      const take = (slot: Slot): void => {
        clearTimeout(timer);
        resolve(slot);
      };
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(take), 1);
        reject(new ContourNodeError('ENGINE_UNAVAILABLE', 'no engine process became ready'));
      }, limit);
      this.#waiting.push(take);
    });
  }
}
