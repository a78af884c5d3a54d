import type { ContourQueues } from '../jobs/queues.ts';
import { problemFrom } from '../problem.ts';
import type { Problem } from '../problem.ts';
import type { SeriesReader } from '../store/series.ts';
import { queueProblems, redisAway } from './queue-problems.ts';

export interface NodeStatusOptions {
  readonly queues: ContourQueues;
  readonly series: Pick<SeriesReader, 'list'>;
  /** What is wrong with the node, besides Redis and workers. */
  readonly problems: () => Promise<readonly Problem[]>;
  /** What somebody else has to mend: senders refused, and the like. */
  readonly notices: () => Promise<readonly Problem[]>;
}

export interface Status {
  /** While there is one the node is not ready. */
  readonly problems: readonly Problem[];
  /** The node works; a peer does not. */
  readonly notices: readonly Problem[];
}

const everyMilliseconds = 5000;
/** A Redis that does not answer within this counts as gone: who asks gets an answer within two seconds. */
const patienceMilliseconds = 1500;
/** Series with a failing delivery that are looked at. */
const mostSeries = 500;

/** What is wrong, for every page: asked again every few seconds, and at once for /health/ready. */
export class NodeStatus {
  readonly #options: NodeStatusOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #listeners = new Set<() => void>();
  #current: Status = { problems: [], notices: [] };

  constructor(options: NodeStatusOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.ask(), everyMilliseconds).unref();
    void this.ask();
  }

  get current(): Status {
    return this.#current;
  }

  /** @param listener told when something else is wrong than before. @returns ends it */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async ask(): Promise<Status> {
    const { queues, problems, notices } = this.#options;
    const silent = [redisAway(`Redis does not answer within ${patienceMilliseconds / 1000} s`)];
    const [ofQueues, ofNode, ofPeers] = await Promise.all([
      within(queueProblems(queues), silent),
      within(problems(), []),
      within(notices(), []),
    ]);
    const status = { problems: [...ofQueues, ...ofNode], notices: [...this.#deliveries(), ...ofPeers] };
    const changed = JSON.stringify(status) !== JSON.stringify(this.#current);
    this.#current = status;
    if (changed) for (const listener of this.#listeners) listener();
    return status;
  }

  /** Destinations that take nothing at the moment, with the number of structure sets that wait for them. */
  #deliveries(): Problem[] {
    const waiting = this.#options.series
      .list({ states: ['delivering'], limit: mostSeries })
      .flatMap(({ problem: why }) => why ?? []);
    const alikes = [...Map.groupBy(waiting, ({ message }) => message)].toSorted(([a], [b]) => a.localeCompare(b));
    return alikes.map(([, alike]) => {
      const [first] = alike as [Problem];
      const many = alike.length === 1 ? '1 structure set waits' : `${alike.length} structure sets wait`;
      return { ...first, message: `${first.message}; ${many}` };
    });
  }
}

/** What fails to be asked is a problem too. */
async function within(asked: Promise<readonly Problem[]>, otherwise: readonly Problem[]): Promise<readonly Problem[]> {
  const { promise: late, resolve } = Promise.withResolvers<readonly Problem[]>();
  // An answer that came while this process was busy is read first.
  const timer = setTimeout(() => setImmediate(() => resolve(otherwise)), patienceMilliseconds);
  try {
    return await Promise.race([asked, late]);
  } catch (error) {
    return [problemFrom(error)];
  } finally {
    clearTimeout(timer);
  }
}
