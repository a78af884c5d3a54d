import type { Config, Peer } from '../../config/schema.ts';
import type { AssociationEnd, AssociationInfo } from '../../dimse/association-info.ts';
import { asContourNodeError, ContourNodeError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { Problem } from '../../problem.ts';
import { retries } from '../../retries.ts';
import type { SeriesRecord } from '../../store/series-record.ts';
import { isAssembling } from '../../store/series-state.ts';
import type { Store } from '../../store/store.ts';
import type { Clock } from '../../clock.ts';
import type { SeriesLock } from '../series-lock.ts';
import { type Missing, missingAfter, missingAfterRestart, nothingMissing } from './missing-instances.ts';
import { type Arrivals, OpenAssociations } from './open-associations.ts';

export interface AssemblyOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly config: () => Pick<Config, 'peers' | 'intake'>;
  readonly lock: SeriesLock;
  /** Makes a revision of a complete series, or finds it incomplete; called with the series' lock. */
  readonly complete: (series: string) => Promise<void>;
}

const retryMilliseconds = retries.seriesCompletionSeconds * 1000;

/**
 * Decides when a series is complete: after a quiet period in which no open association carries it, and only when its
 * sender has nothing to send again. The instances of an association that was aborted or lost, and refused instances, make
 * the series incomplete until an association that is released has brought them again: part of a series is never taken for
 * all of it. An instance that is refused concerns its own series; where that cannot be read, the series that the same
 * association brought.
 */
export class SeriesAssembly {
  readonly #options: AssemblyOptions;
  readonly #associations = new OpenAssociations();
  /** Monotonic time of its last instance. */
  readonly #lastInstance = new Map<string, number>();
  readonly #timers = new Map<string, () => void>();
  /** Refused instances whose series could not be read, with the series that wait for them. */
  readonly #unread = new Map<string, Set<string>>();
  /** Ends of associations that the journal did not take, the oldest first. */
  readonly #unrecordedEnds = new Map<string, { steps: (() => void)[]; cancel: () => void }>();
  #closed = false;

  constructor(options: AssemblyOptions) {
    this.#options = options;
  }

  /** After a start: associations that were open when the node ended are lost; complete series go on. */
  recover(): void {
    const { store } = this.#options;
    for (const series of store.keys()) {
      const record = store.get(series)!;
      const { callingAe, associations } = record.assembly;
      const lost = callingAe === '' && isAssembling(record) ? ['unknown'] : associations;
      const missing = isAssembling(record) ? missingAfterRestart(record) : nothingMissing;
      for (const association of lost) this.#recordEnd(series, { association, how: 'lost', images: 0 }, missing);
      for (const instance of record.assembly.unread) this.#awaits(instance, series);
      this.#schedule(series);
    }
  }

  /**
   * An association brings an instance of this series. To be called before the instance is kept.
   *
   * @throws what the store throws
   */
  carries(association: AssociationInfo, series: string): void {
    const { id, callingAe, calledAe, address, peer } = association;
    if (this.#associations.carries(id, series)) return;
    this.#recordEnds(series);
    this.#options.store.record(series, {
      kind: 'association',
      association: id,
      callingAe,
      calledAe,
      address,
      ...(peer !== undefined && { peer: peer.name }),
    });
    this.#associations.arrivals(id, series);
    this.#cancel(series);
  }

  /** An instance is kept, or was kept before. */
  accepted(association: AssociationInfo, series: string, instance: string): void {
    this.#associations.accepted(association.id, series, instance);
    this.#lastInstance.set(series, this.#options.clock.elapsed());
    this.#identified(instance, series);
  }

  /** @param what.series undefined where it cannot be read */
  refused(
    association: AssociationInfo,
    what: { series: string | undefined; instance: string; problem: Problem },
  ): void {
    const { series, instance, problem: why } = what;
    if (series !== undefined) {
      this.#attempt(series, () => {
        // A series of which nothing could be kept has its line all the same.
        this.carries(association, series);
        this.#options.store.record(series, { kind: 'refused', instance, problem: why });
      });
    }
    this.#associations.refused(association.id, series, instance, why);
  }

  ended(association: AssociationInfo, how: AssociationEnd): void {
    const ended = this.#associations.end(association.id);
    if (ended === undefined) return;
    for (const [series, arrivals] of ended.bySeries) {
      this.#recordEnds(series, () => this.#end(series, association.id, how, arrivals, ended.refused));
      this.#schedule(series, how === 'released' && this.#peer(association.peer?.name)?.completeOnRelease === true);
    }
  }

  /**
   * Takes an incomplete series as it is.
   *
   * @throws ContourNodeError STATE_CONFLICT
   */
  release(series: string): void {
    const { store } = this.#options;
    const record = store.get(series);
    if (record?.assembly.incomplete === undefined || !isAssembling(record))
      throw new ContourNodeError('STATE_CONFLICT', `series ${series} is not incomplete`);
    if (record.images.instances === 0)
      throw new ContourNodeError('STATE_CONFLICT', `of series ${series} nothing could be kept`, {
        remedy: 'send it again',
      });
    if (this.isCarried(series)) throw new ContourNodeError('STATE_CONFLICT', `series ${series} is being received`);
    store.record(series, { kind: 'released' });
    this.#schedule(series, true);
  }

  /** Completes the series at once, unless it is incomplete or an open association carries it. */
  again(series: string): void {
    this.#schedule(series, true);
  }

  /** An open association has brought instances of it. */
  isCarried(series: string): boolean {
    return this.#associations.carry(series);
  }

  close(): void {
    this.#closed = true;
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
    for (const { cancel } of this.#unrecordedEnds.values()) cancel();
  }

  /**
   * Records the ends of associations in their order, `last` after those that the journal did not take before. An end that
   * is not recorded would count as lost after a restart, and the series as incomplete.
   */
  #recordEnds(series: string, last?: () => void): void {
    const left = this.#unrecordedEnds.get(series);
    const steps = [...(left?.steps ?? []), ...(last === undefined ? [] : [last])];
    if (steps.length === 0) return;
    left?.cancel();
    this.#unrecordedEnds.delete(series);
    while (steps[0] !== undefined && this.#attempt(series, steps[0])) steps.shift();
    if (steps.length === 0) return;
    const cancel = this.#options.clock.after(retryMilliseconds, () => this.#recordEnds(series));
    this.#unrecordedEnds.set(series, { steps, cancel });
  }

  /**
   * What the sender has to send again after one of its associations ended.
   *
   * @param unread refused instances that may be of this series
   */
  #end(
    series: string,
    association: string,
    how: AssociationEnd,
    arrivals: Arrivals,
    unread: ReadonlyMap<string, Problem>,
  ): void {
    const { store } = this.#options;
    const record = store.get(series);
    // Otherwise the series was completed with all that the association brought.
    if (record === undefined || !isAssembling(record)) {
      this.#recordEnd(series, { association, how, images: arrivals.accepted.size }, nothingMissing);
      return;
    }
    const missing = missingAfter(record, how, arrivals, unread, () => store.images(series));
    this.#recordEnd(series, { association, how, images: arrivals.accepted.size }, missing);
    for (const instance of missing.unread) this.#awaits(instance, series);
  }

  /** An instance that was refused unread holds this series until it comes again. */
  #awaits(instance: string, series: string): void {
    this.#unread.set(instance, new Set([...(this.#unread.get(instance) ?? []), series]));
  }

  /** It was of this series: the others that waited for it go on. */
  #identified(instance: string, series: string): void {
    const waiting = this.#unread.get(instance);
    if (waiting === undefined) return;
    this.#unread.delete(instance);
    for (const other of waiting) {
      if (other === series || this.#options.store.get(other) === undefined) continue;
      this.#attempt(other, () => this.#options.store.record(other, { kind: 'identified elsewhere', instance }));
      this.#schedule(other);
    }
  }

  #recordEnd(
    series: string,
    end: { association: string; how: AssociationEnd; images: number },
    { toRepeat, unread, problem }: Missing,
  ): void {
    this.#options.store.record(series, {
      kind: 'association ended',
      ...end,
      unconfirmed: [...toRepeat],
      ...(unread.length > 0 && { unread: [...unread] }),
      ...(problem !== undefined && { problem }),
    });
  }

  #schedule(series: string, atOnce = false): void {
    const { store, clock, config } = this.#options;
    this.#cancel(series);
    const record = store.get(series);
    if (this.#closed || !this.#canComplete(record)) return;
    const quietPeriodSeconds =
      this.#peer(record.assembly.peer)?.quietPeriodSeconds ?? config().intake.quietPeriodSeconds;
    const since = clock.elapsed() - (this.#lastInstance.get(series) ?? clock.elapsed());
    const wait = atOnce ? 0 : Math.max(0, quietPeriodSeconds * 1000 - since);
    this.#timers.set(
      series,
      clock.after(wait, () => void this.#complete(series)),
    );
  }

  async #complete(series: string): Promise<void> {
    this.#timers.delete(series);
    const { store, clock, complete, lock, log } = this.#options;
    try {
      await lock.run(series, async () => {
        if (!this.#canComplete(store.get(series))) return;
        await complete(series);
        this.#lastInstance.delete(series);
      });
    } catch (error) {
      log.error({ series, err: asContourNodeError(error) }, 'a series could not be completed; it is tried again');
      if (this.#closed) return;
      this.#timers.set(
        series,
        clock.after(retryMilliseconds, () => this.#schedule(series, true)),
      );
    }
  }

  /** It has new instances, its sender has nothing to send again, and no open association carries it. */
  #canComplete(record: SeriesRecord | undefined): record is SeriesRecord {
    if (record === undefined || record.assembly.incomplete !== undefined) return false;
    return isAssembling(record) && !this.isCarried(record.key);
  }

  /** @returns whether the journal took it */
  #attempt(series: string, step: () => void): boolean {
    try {
      step();
      return true;
    } catch (error) {
      this.#options.log.error({ series, err: asContourNodeError(error) }, 'the journal could not be written');
      return false;
    }
  }

  #peer(name: string | undefined): Peer | undefined {
    return this.#options.config().peers.find((peer) => peer.name === name);
  }

  #cancel(series: string): void {
    this.#timers.get(series)?.();
    this.#timers.delete(series);
  }
}
