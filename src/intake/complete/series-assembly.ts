import type { Config, Peer } from '../../config/schema.ts';
import type { AssociationEnd, AssociationInfo } from '../../dimse/association-info.ts';
import { asContourNodeError, ContourNodeError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { uncheckedInstances } from '../../store/assembly.ts';
import { problem } from '../../problem.ts';
import type { Problem } from '../../problem.ts';
import { retries } from '../../retries.ts';
import type { SeriesRecord } from '../../store/series-record.ts';
import { isAssembling } from '../../store/series-state.ts';
import type { Store } from '../../store/store.ts';
import type { Clock } from '../../clock.ts';
import type { SeriesLock } from '../series-lock.ts';
import { type Arrivals, type AssociationArrivals, emptyArrivals, OpenAssociations } from './open-associations.ts';

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
 * all of it.
 */
export class SeriesAssembly {
  readonly #options: AssemblyOptions;
  readonly #associations = new OpenAssociations();
  /** Monotonic time of its last instance. */
  readonly #lastInstance = new Map<string, number>();
  readonly #timers = new Map<string, () => void>();
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
      const toRepeat = [...new Set([...record.assembly.toRepeat, ...uncheckedInstances(record.images)])];
      for (const association of lost) {
        const missing = isAssembling(record) ? toRepeat : [];
        this.#recordEnd(series, { association, how: 'lost', images: 0 }, missing, () =>
          interrupted('lost', missing.length),
        );
      }
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
  }

  /** @param what.series undefined where the instance could not be read so far */
  refused(
    association: AssociationInfo,
    what: { series: string | undefined; instance: string; problem: Problem },
  ): void {
    const { store } = this.#options;
    const { series, instance, problem: why } = what;
    if (series === undefined || store.get(series) === undefined) {
      this.#associations.refused(association.id, undefined, instance, why);
      return;
    }
    this.#associations.refused(association.id, series, instance, why);
    this.#cancel(series);
    this.#attempt(series, () => store.record(series, { kind: 'refused', instance, problem: why }));
  }

  ended(association: AssociationInfo, how: AssociationEnd): void {
    const ended = this.#associations.end(association.id);
    if (ended === undefined) return;
    for (const [series, arrivals] of this.#concerned(association, ended)) {
      const refused = new Map([...arrivals.refused, ...ended.refused]);
      this.#recordEnds(series, () => this.#end(series, association.id, how, arrivals, refused));
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

  /** What the sender has to send again after one of its associations ended. */
  #end(
    series: string,
    association: string,
    how: AssociationEnd,
    { accepted }: Arrivals,
    refused: ReadonlyMap<string, Problem>,
  ): void {
    const record = this.#options.store.get(series);
    const before = new Set(record?.assembly.toRepeat);
    const toRepeat = (how === 'released' ? before.difference(accepted) : before.union(accepted)).union(refused);
    // Otherwise the series was completed with all that the association brought.
    const open = record !== undefined && isAssembling(record);
    this.#recordEnd(series, { association, how, images: accepted.size }, open ? [...toRepeat].toSorted() : [], () =>
      whyIncomplete(how, refused, record?.assembly.incomplete, toRepeat.size),
    );
  }

  #recordEnd(
    series: string,
    end: { association: string; how: AssociationEnd; images: number },
    toRepeat: string[],
    why: () => Problem,
  ): void {
    this.#options.store.record(series, {
      kind: 'association ended',
      ...end,
      unconfirmed: toRepeat,
      ...(toRepeat.length > 0 && { problem: why() }),
    });
  }

  /** The series that an association brought; where it brought refused instances of unknown series only, all new ones of its sender. */
  #concerned(
    { callingAe, address }: AssociationInfo,
    { bySeries, refused }: AssociationArrivals,
  ): ReadonlyMap<string, Arrivals> {
    if (bySeries.size > 0 || refused.size === 0) return bySeries;
    const { store } = this.#options;
    const ofSender = store.keys().filter((series) => {
      const record = store.get(series)!;
      const { assembly } = record;
      return isAssembling(record) && assembly.callingAe === callingAe && assembly.address === address;
    });
    return new Map(ofSender.map((series) => [series, emptyArrivals()]));
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

function interrupted(how: 'aborted' | 'lost', instances: number): Problem {
  const end = how === 'aborted' ? 'an association was aborted' : 'a connection was lost';
  return problem('SERIES_INCOMPLETE', `${end}: the sender has to send ${counted(instances)} again`);
}

function whyIncomplete(
  how: AssociationEnd,
  refused: ReadonlyMap<string, Problem>,
  before: Problem | undefined,
  instances: number,
): Problem {
  if (how !== 'released') return interrupted(how, instances);
  const [first] = refused.values();
  if (first !== undefined) return problem('SERIES_INCOMPLETE', `${counted(refused.size)} refused: ${first.message}`);
  return before ?? problem('SERIES_INCOMPLETE', `the sender has to send ${counted(instances)} again`);
}

function counted(instances: number): string {
  return instances === 1 ? '1 instance' : `${instances} instances`;
}
