import { setTimeout as sleep } from 'node:timers/promises';
import { asContourNodeError, ContourNodeError } from '../../src/errors.ts';
import type { WorkerHeartbeat } from '../../src/jobs/worker-heartbeat.ts';
import type { Log } from '../../src/log.ts';
import { delayAfter, retries } from '../../src/retries.ts';
import { version } from '../../src/version.ts';
import type { NodeConnection, TakenOrder, WaitingAnswer } from './node-connection.ts';
import type { NodeTurn } from './turns.ts';

const nothing: WaitingAnswer['waiting'] = { urgent: 0, normal: 0, low: 0 };

/** Longest that the node holds an answer back while nothing waits; the worker shows that it is there at least so often. */
const waitSeconds = 10;
/** While something waits: another worker was faster, or this one has no slot free. */
const pauseMilliseconds = 250;
const busyMilliseconds = 2000;

export interface ServedNodeOptions {
  /** Asked whenever the node is. */
  readonly heartbeat: () => WorkerHeartbeat;
  /** What waits has changed. */
  readonly onChange: () => void;
  readonly isBusy: () => boolean;
  readonly log: Log;
}

/** A node that a worker serves from another machine. It is watched by itself: one that is away holds up no other. */
export class ServedNode implements NodeTurn {
  readonly connection: NodeConnection;
  waiting = nothing;
  servedAt = 0;
  readonly #options: ServedNodeOptions;
  readonly #closing = new AbortController();
  #failures = 0;
  #problem: string | undefined;

  constructor(connection: NodeConnection, options: ServedNodeOptions) {
    this.connection = connection;
    this.#options = options;
    void this.#watch();
  }

  /** Whether the last question was answered, by a node of this version. */
  get isServed(): boolean {
    return this.#problem === undefined;
  }

  /** The order whose turn it is there; undefined also where the node does not answer. */
  async take(worker: string): Promise<TakenOrder | undefined> {
    try {
      const taken = await this.connection.take(worker);
      if (taken === undefined) this.waiting = nothing;
      return taken;
    } catch (error) {
      this.#isAway(asContourNodeError(error));
      return undefined;
    }
  }

  close(): void {
    this.#closing.abort();
    this.waiting = nothing;
    this.connection.close();
  }

  async #watch(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const pause = await this.#look().catch((error: unknown) => {
        if (!signal.aborted) this.#isAway(asContourNodeError(error));
        return delayAfter(this.#failures, retries.remoteNode);
      });
      await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
  }

  /** @returns milliseconds to the next look */
  async #look(): Promise<number> {
    const { heartbeat, onChange, isBusy, log } = this.#options;
    const answer = await this.connection.waiting(heartbeat(), waitSeconds, this.#closing.signal);
    if (answer.version !== version)
      throw new ContourNodeError('REMOTE_VERSION', `the node has version ${answer.version}, this worker ${version}`);
    if (this.#problem !== undefined) log.info({ node: this.connection.name }, 'the node is served again');
    this.#problem = undefined;
    this.#failures = 0;
    this.waiting = answer.waiting;
    const waits = Object.values(answer.waiting).some((count) => count > 0);
    if (waits) onChange();
    if (!waits) return 0;
    return isBusy() ? busyMilliseconds : pauseMilliseconds;
  }

  /** Said once for each reason: it may stay away for hours. */
  #isAway({ code, message }: ContourNodeError): void {
    this.waiting = nothing;
    this.#failures += 1;
    if (this.#problem !== code) this.#options.log.error({ node: this.connection.name, code }, message);
    this.#problem = code;
  }
}
