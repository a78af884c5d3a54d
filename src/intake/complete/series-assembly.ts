import type { Config, Peer } from '../../config/schema.ts';
import type { SeriesModality } from '../../dicom/kept-instance.ts';
import type { AssociationEnd, AssociationInfo } from '../../dimse/association-info.ts';
import { asContourNodeError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { type Problem, problem } from '../../problem.ts';
import { retries } from '../../retries.ts';
import type { SeriesRecord } from '../../store/series-record.ts';
import { isAssembling } from '../../store/series-state.ts';
import type { Store } from '../../store/store.ts';
import type { Clock } from '../../clock.ts';
import type { SeriesLock } from '../series-lock.ts';
import { refuseRelease } from './refuse-release.ts';
import { associationEnded, missingAfter, missingAfterRestart, nothingMissing } from './missing-instances.ts';
import type { NotYet } from './complete-series.ts';
import type { EarlyLooks, Quiet } from './early-look.ts';
import { type Arrivals, OpenAssociations } from './open-associations.ts';
import { Patience } from './patience.ts';
import { Retrievals } from './retrievals.ts';
import { SeriesTimers } from './series-timers.ts';
import { UnreadInstances } from './unread-instances.ts';
import { UnrecordedEnds } from './unrecorded-ends.ts';

export interface AssemblyOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly config: () => Pick<Config, 'peers' | 'intake'>;
  readonly lock: SeriesLock;
  /** Makes a revision of a complete series, or says what it waits for; called with the series' lock. */
  readonly complete: (series: string, isPatient: boolean) => Promise<NotYet | undefined>;
  /** Looks within the quiet period. */
  readonly early: EarlyLooks;
}

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
  readonly #patience: Patience;
  readonly #retrievals = new Retrievals();
  /** Monotonic time of its last instance. */
  readonly #lastInstance = new Map<string, number>();
  readonly #timers: SeriesTimers;
  readonly #unread = new UnreadInstances();
  readonly #ends: UnrecordedEnds;
  #closed = false;
  readonly #quiet: Quiet = {
    canComplete: (record) => !this.#closed && this.#canComplete(record),
    isStudyArriving: (record) => this.#patience.isStudyArriving(record.key, this.#quietPeriodSeconds(record)),
    complete: (series) => void this.#complete(series, true),
  };

  constructor(options: AssemblyOptions) {
    this.#options = options;
    this.#timers = new SeriesTimers(options.clock);
    this.#patience = new Patience(options.clock);
    this.#ends = new UnrecordedEnds(options.clock, (series, step) => this.#attempt(series, step));
  }

  /** After a start: associations that were open when the node ended are lost; complete series go on. */
  recover(): void {
    const { store } = this.#options;
    for (const series of store.keys()) {
      const record = store.get(series)!;
      const { callingAe, associations } = record.assembly;
      const lost = callingAe === '' && isAssembling(record) ? ['unknown'] : associations;
      const missing = isAssembling(record) ? missingAfterRestart(record) : nothingMissing;
      for (const association of lost)
        store.record(series, associationEnded({ association, how: 'lost', images: 0 }, missing));
      this.#unread.hold(record.assembly.unread, series);
      this.#schedule(series);
    }
  }

  /**
   * An association brings an instance of this series. To be called before the instance is kept.
   *
   * @throws what the store throws
   */
  carries(association: AssociationInfo, series: string, modality: SeriesModality = 'CT'): void {
    const { id, callingAe, calledAe, address, peer } = association;
    if (this.#associations.carries(id, series)) return;
    this.#ends.record(series);
    this.#options.store.record(series, {
      kind: 'association',
      association: id,
      callingAe,
      calledAe,
      address,
      ...(peer !== undefined && { peer: peer.name }),
      ...(modality !== 'CT' && { modality }),
    });
    this.#associations.arrivals(id, series);
    this.#timers.cancel(series);
    this.#options.early.cancel(series);
  }

  /** An instance is kept, or was kept before. */
  accepted(association: AssociationInfo, series: string, instance: string, study: string): void {
    this.#associations.accepted(association.id, series, instance);
    this.#patience.arrived(association, series, study);
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
    this.#patience.ended(association.id);
    const ended = this.#associations.end(association.id);
    if (ended === undefined) return;
    for (const [series, arrivals] of ended.bySeries) {
      this.#ends.record(series, () => this.#end(series, association.id, how, arrivals, ended.refused));
      this.#schedule(series, how === 'released' && this.#peer(association.peer?.name)?.completeOnRelease === true);
      if (how === 'released') this.#options.early.soon(series, this.#quiet);
    }
  }

  /**
   * Takes an incomplete series as it is.
   *
   * @throws ContourNodeError STATE_CONFLICT
   */
  release(series: string): void {
    refuseRelease(series, this.#options.store.get(series), this.isCarried(series));
    this.#options.store.record(series, { kind: 'released' });
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
    this.#timers.close();
    this.#options.early.close();
    this.#ends.close();
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
    const isOpen = record !== undefined && isAssembling(record);
    const sentAgain = this.#unread.sentAgain(series, how === 'released' && unread.size === 0 ? arrivals : undefined);
    const missing = isOpen
      ? missingAfter(record, how, arrivals, unread, sentAgain, () => store.images(series))
      : nothingMissing;
    store.record(series, associationEnded({ association, how, images: arrivals.accepted.size }, missing));
    this.#unread.hold(missing.unread, series);
  }

  /** An instance was of this series: the others that it held go on. */
  #identified(instance: string, series: string): void {
    const { store } = this.#options;
    for (const other of this.#unread.cameIn(instance, series)) {
      if (store.get(other) === undefined) continue;
      this.#attempt(other, () => store.record(other, { kind: 'identified elsewhere', instance }));
      this.#schedule(other);
    }
  }

  #schedule(series: string, atOnce = false): void {
    const { store, clock } = this.#options;
    this.#timers.cancel(series);
    const record = store.get(series);
    if (this.#closed || !this.#canComplete(record)) return;
    const since = clock.elapsed() - (this.#lastInstance.get(series) ?? clock.elapsed());
    const wait = atOnce ? 0 : Math.max(0, this.#quietPeriodSeconds(record) * 1000 - since);
    this.#timers.set(series, wait, () => void this.#complete(series, !atOnce));
  }

  async #complete(series: string, isPatient: boolean): Promise<void> {
    const { store, lock, log } = this.#options;
    try {
      const notYet = await lock.run(series, async () => {
        const record = store.get(series);
        return this.#canComplete(record) ? this.#completeOrWait(record, isPatient) : undefined;
      });
      if (notYet?.kind === 'wait') this.#wait(series, notYet.words);
      else if (notYet?.kind === 'input') this.#waitUntil(series, notYet.until);
      else if (notYet?.kind === 'retrieve') await this.#retrieve(series, notYet);
    } catch (error) {
      log.error({ series, err: asContourNodeError(error) }, 'a series could not be completed; it is tried again');
      if (this.#closed) return;
      this.#timers.set(series, retries.seriesCompletionSeconds * 1000, () => this.#schedule(series, true));
    }
  }

  async #completeOrWait(record: SeriesRecord, isPatient: boolean): Promise<NotYet | undefined> {
    const { key: series } = record;
    const mayWait = isPatient && !record.assembly.released && this.#patience.isLeft(series);
    if (mayWait && this.#quiet.isStudyArriving(record))
      return { kind: 'wait', words: 'images of its study still arrive on another association' };
    const notYet = await this.#options.complete(series, mayWait);
    if (notYet === undefined || notYet.kind === 'input') {
      this.#lastInstance.delete(series);
      this.#patience.forget(series);
    }
    if (notYet?.kind === 'retrieve') this.#retrievals.begin(series);
    return notYet;
  }

  /** Looks again after a while, and says on the series why it is not complete. */
  #wait(series: string, words: string): void {
    const { store } = this.#options;
    const record = store.get(series);
    if (this.#closed || !this.#canComplete(record)) return;
    const remedy = 'nothing to do yet: it is waited for, for some minutes';
    const why = { ...problem('SERIES_INCOMPLETE', words), remedy };
    if (record.assembly.waits?.message !== words) store.record(series, { kind: 'waits', problem: why });
    this.#timers.set(series, retries.missingImages.everySeconds * 1000, () => void this.#complete(series, true));
  }

  /** What it waits for completes it before. */
  #waitUntil(series: string, until: string): void {
    const milliseconds = Date.parse(until) - this.#options.clock.now();
    if (!this.#closed) this.#timers.set(series, milliseconds, () => void this.#complete(series, false));
  }

  /** What is fetched comes by C-STORE like everything else, so that this must not hold the series' lock. */
  async #retrieve(series: string, notYet: Extract<NotYet, { kind: 'retrieve' }>): Promise<void> {
    const { store, log } = this.#options;
    const retrieved = await this.#retrievals.run(series, notYet, log);
    if (this.#closed || store.get(series) === undefined) return;
    this.#attempt(series, () => store.record(series, retrieved));
    this.#schedule(series);
  }

  /** It has new instances, its sender has nothing to send again, and no open association carries it. */
  #canComplete(record: SeriesRecord | undefined): record is SeriesRecord {
    if (record === undefined || record.assembly.incomplete !== undefined) return false;
    return isAssembling(record) && !this.isCarried(record.key) && !this.#retrievals.isRunning(record.key);
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

  #quietPeriodSeconds({ assembly }: SeriesRecord): number {
    return this.#peer(assembly.peer)?.quietPeriodSeconds ?? this.#options.config().intake.quietPeriodSeconds;
  }

  #peer(name: string | undefined): Peer | undefined {
    return this.#options.config().peers.find((peer) => peer.name === name);
  }
}
