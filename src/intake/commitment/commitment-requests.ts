import { randomBytes } from 'node:crypto';
import { derivedUid } from '../../dicom/uid.ts';
import { requestCommitment } from '../../dimse/commitment/scu/commitment-scu.ts';
import { configuredPeer } from '../../dimse/scu/configured-peer.ts';
import type { PeerAddress } from '../../dimse/scu/peer-connection.ts';
import { asContourNodeError, ContourNodeError } from '../../errors.ts';
import type { CommitmentWork } from '../../store/unfinished-work.ts';
import { problemFrom } from '../../problem.ts';
import { checks, delayAfter, isToWait, retries } from '../../retries.ts';
import type { Clock } from '../../clock.ts';
import type { CommitmentResults, CommitmentResultsOptions } from './commitment-results.ts';

export interface CommitmentRequestsOptions extends CommitmentResultsOptions {
  readonly clock: Clock;
  readonly results: CommitmentResults;
}

/**
 * Storage commitment as SCU: asks a destination that is configured so to commit to the structure set that was delivered,
 * until it accepts the request or the time for its result is over. Each request is recorded before it is sent, so that the
 * result can arrive after a restart. Nothing here sends a structure set.
 */
export class CommitmentRequests {
  readonly #options: CommitmentRequestsOptions;
  readonly #ending = new AbortController();
  readonly #running = new Map<string, Promise<void>>();
  #cancelTimer: () => void = () => {};
  #stopListening: () => void = () => {};

  constructor(options: CommitmentRequestsOptions) {
    this.#options = options;
  }

  /** Takes up what is recorded, and from then on every delivery. */
  start(): void {
    this.#stopListening = this.#options.store.onChange((_series, change) => {
      if (change.kind !== 'event' || change.event.kind !== 'deliver outcome') return;
      if (change.event.commitmentDeadlineAt !== undefined) this.#look();
    });
    this.#look();
  }

  /** Ends every association; the next start takes up its request. */
  async close(): Promise<void> {
    this.#ending.abort();
    this.#stopListening();
    this.#cancelTimer();
    await Promise.all(this.#running.values());
  }

  /** Begins what is due, and sets the timer for what is due next. */
  #look(): void {
    const { store, clock, results } = this.#options;
    if (this.#ending.signal.aborted) return;
    const now = clock.now();
    let next = now + checks.commitmentRequestsSeconds * 1000;
    for (const work of store.awaitedCommitments()) {
      const due = dueAt(work, now);
      if (due > now) next = Math.min(next, due);
      else if (now >= Date.parse(work.deadlineAt)) this.#run(`${nameOf(work)} over`, () => results.miss(work));
      // The others are begun when one of these has ended.
      else if (this.#requestsTo(work.destination) < retries.commitmentRequestsAtOnce)
        this.#run(nameOf(work), () => this.#ask(work));
    }
    this.#lookAfter(next - now);
  }

  #lookAfter(milliseconds: number): void {
    this.#cancelTimer();
    if (!this.#ending.signal.aborted) this.#cancelTimer = this.#options.clock.after(milliseconds, () => this.#look());
  }

  #requestsTo(destination: string): number {
    return [...this.#running.keys()].filter((name) => name.endsWith(` ${destination}`)).length;
  }

  #run(name: string, step: () => Promise<void>): void {
    if (this.#running.has(name)) return;
    const run = step().then(
      () => {
        this.#running.delete(name);
        this.#look();
      },
      (error: unknown) => {
        this.#running.delete(name);
        this.#options.log.error(
          { err: asContourNodeError(error) },
          'a storage commitment step failed; it is tried again',
        );
        this.#lookAfter(retries.commitmentRequest.firstSeconds * 1000);
      },
    );
    this.#running.set(name, run);
  }

  async #ask({ series, order, destination }: CommitmentWork): Promise<void> {
    const { store, lock, clock, config } = this.#options;
    const transactionUid = derivedUid(config().dicom.uidRoot, randomBytes(16));
    const asked = await lock.run(series, () => {
      const work = store.commitment(series, order, destination);
      if (work?.state !== 'due' || dueAt(work, clock.now()) > clock.now()) return undefined;
      const number = work.tries + 1;
      const nextTryAt = new Date(clock.now() + delayAfter(number, retries.commitmentRequest)).toISOString();
      const event = { kind: 'commitment try', order, destination, try: number, transactionUid, nextTryAt } as const;
      store.record(series, event);
      return { ...work, tries: number };
    });
    if (asked !== undefined) await this.#request(asked, transactionUid);
  }

  async #request(work: CommitmentWork, transactionUid: string): Promise<void> {
    const { log, config, results } = this.#options;
    const { series, order, destination } = work;
    const settled = results.recorded(transactionUid);
    try {
      const { address, peer } = this.#addressOf(work);
      const references = await results.instances(work);
      await requestCommitment(
        address,
        { transactionUid, references },
        {
          callingAe: config().dicom.aeTitle,
          timeoutSeconds: config().destinations.find(({ name }) => name === destination)?.timeoutSeconds ?? 60,
          taken: async () => {
            await this.#answered(work, transactionUid);
            log.info({ series, order, destination }, 'storage commitment requested');
          },
          told: (result) => results.told(result, peer),
          settled,
          signal: this.#ending.signal,
        },
      );
    } catch (error) {
      if (this.#ending.signal.aborted) return;
      await this.#answered(work, transactionUid, error);
      log.warn({ err: asContourNodeError(error), series, order, destination }, 'storage commitment not requested');
    } finally {
      results.forget(transactionUid);
    }
  }

  /** Records the response to a request, unless a result or a new delivery came before it. */
  #answered(
    { series, order, destination, tries }: CommitmentWork,
    transactionUid: string,
    error?: unknown,
  ): Promise<void> {
    const { store, lock } = this.#options;
    return lock.run(series, () => {
      if (store.commitmentOfTransaction(transactionUid)?.state !== 'due') return;
      const about = { order, destination, try: tries };
      if (error === undefined) store.record(series, { kind: 'commitment requested', ...about });
      else store.record(series, { kind: 'commitment try failed', ...about, problem: problemFrom(error) });
    });
  }

  #addressOf(work: CommitmentWork): { address: PeerAddress; peer: string } {
    const peer = this.#options.results.peerOf(work);
    const address = peer === undefined ? undefined : configuredPeer(peer, this.#options.config().dicom);
    if (peer === undefined || address === undefined)
      throw new ContourNodeError('CONFIG_INVALID', `destination ${work.destination} has no peer with host and port`);
    return { address, peer: peer.name };
  }
}

function nameOf({ series, order, destination }: CommitmentWork): string {
  return `${series} ${order} ${destination}`;
}

/** When the next request or the end of the time is due, whichever is earlier (ms since 1970). */
function dueAt({ job, deadlineAt, tries }: CommitmentWork, now: number): number {
  const { nextTryAt } = job;
  const deadline = Date.parse(deadlineAt);
  if (nextTryAt === undefined) return deadline;
  return isToWait(nextTryAt, now, delayAfter(tries, retries.commitmentRequest))
    ? Math.min(deadline, Date.parse(nextTryAt))
    : now;
}
