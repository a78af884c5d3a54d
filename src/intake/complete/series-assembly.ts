import type { Config, Peer } from '../../config/schema.ts';
import type { AssociationEnd, AssociationInfo } from '../../dimse/association-info.ts';
import { asContourNodeError, ContourNodeError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { assemblyState, newInstances } from '../../store/assembly-state.ts';
import { problem } from '../../problem.ts';
import type { Problem } from '../../problem.ts';
import { retries } from '../../retries.ts';
import type { Store } from '../../store/store.ts';
import type { Clock } from '../../clock.ts';
import type { SeriesLock } from '../series-lock.ts';

export interface AssemblyOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly config: () => Pick<Config, 'peers' | 'intake'>;
  readonly lock: SeriesLock;
  /** Makes a revision of a series that is complete, or holds it; called with the series' lock. */
  readonly complete: (series: string) => Promise<void>;
}

/** What one association brought for one series. */
interface Arrivals {
  readonly accepted: Set<string>;
  readonly refused: Map<string, Problem>;
}

interface OpenAssociation {
  readonly arrivals: Map<string, Arrivals>;
  /** Refused instances of which nobody knows to which series they belong. */
  readonly unknown: Map<string, Problem>;
}

const retryAfter = retries.seriesCompletionSeconds * 1000;

/**
 * Decides when a series is complete: after a quiet period, while no open association carries it, and only when the
 * sender has nothing to repeat. What an association brought that was aborted or lost, and what was refused, counts as
 * unconfirmed until an association that ends well has brought it again: part of a series is never taken for all of it.
 */
export class SeriesAssembly {
  readonly #options: AssemblyOptions;
  readonly #associations = new Map<string, OpenAssociation>();
  /** When its last image came, by the clock that nobody sets. */
  readonly #lastImage = new Map<string, number>();
  readonly #timers = new Map<string, () => void>();
  /** Ends of associations that the journal would not take, the oldest first. */
  readonly #unsettled = new Map<string, { steps: (() => void)[]; cancel: () => void }>();
  #closed = false;

  constructor(options: AssemblyOptions) {
    this.#options = options;
  }

  /** After a start: associations that stood when the node ended are lost; what was complete goes on. */
  recover(): void {
    const { store } = this.#options;
    for (const series of store.keys()) {
      const state = assemblyState(store.tables, series)!;
      const lost = state.callingAe === '' && state.open ? ['unknown'] : state.openAssociations;
      for (const association of lost) {
        const unconfirmed = state.open
          ? [...new Set([...state.unconfirmed, ...newInstances(store.tables, series)])]
          : [];
        store.record(series, {
          kind: 'association ended',
          association,
          how: 'lost',
          images: 0,
          unconfirmed,
          ...(unconfirmed.length > 0 && { problem: interrupted('lost', unconfirmed.length) }),
        });
      }
      this.#schedule(series);
    }
  }

  /**
   * An association brings an image of this series. To be called before the image is kept.
   *
   * @throws what the store throws
   */
  carries(association: AssociationInfo, series: string): void {
    const { arrivals } = this.#open(association);
    if (arrivals.has(series)) return;
    this.#settleLeft(series);
    const { id, callingAe, calledAe, address, peer } = association;
    this.#options.store.record(series, {
      kind: 'association',
      association: id,
      callingAe,
      calledAe,
      address,
      ...(peer !== undefined && { peer: peer.name }),
    });
    arrivals.set(series, { accepted: new Set(), refused: new Map() });
    this.#cancel(series);
  }

  /** An image is kept, or was known already. */
  accepted(association: AssociationInfo, series: string, instance: string): void {
    const open = this.#open(association);
    open.unknown.delete(instance);
    const arrived = open.arrivals.get(series);
    arrived?.accepted.add(instance);
    arrived?.refused.delete(instance);
    this.#lastImage.set(series, this.#options.clock.elapsed());
  }

  /** @param what.series undefined where the instance did not tell */
  refused(
    association: AssociationInfo,
    what: { series: string | undefined; instance: string; problem: Problem },
  ): void {
    const { store } = this.#options;
    const open = this.#open(association);
    const { series, instance, problem: why } = what;
    if (series === undefined || assemblyState(store.tables, series) === undefined) {
      open.unknown.set(instance, why);
      return;
    }
    let arrived = open.arrivals.get(series);
    if (arrived === undefined) open.arrivals.set(series, (arrived = { accepted: new Set(), refused: new Map() }));
    arrived.refused.set(instance, why);
    this.#cancel(series);
    this.#attempt(series, () => store.record(series, { kind: 'refused', instance, problem: why }));
  }

  ended(association: AssociationInfo, how: AssociationEnd): void {
    const open = this.#associations.get(association.id);
    this.#associations.delete(association.id);
    for (const [series, arrived] of open === undefined ? [] : this.#concerned(association, open)) {
      const missing = new Map([...arrived.refused, ...(open?.unknown ?? [])]);
      this.#settleLeft(series, () => this.#settle(series, association.id, how, arrived, missing));
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
    const state = assemblyState(store.tables, series);
    if (state?.held === undefined || !state.open)
      throw new ContourNodeError('STATE_CONFLICT', `series ${series} is not incomplete`);
    if (this.isCarried(series)) throw new ContourNodeError('STATE_CONFLICT', `series ${series} is being received`);
    store.record(series, { kind: 'released' });
    this.#schedule(series, true);
  }

  /** Looks at the series again, as soon as nothing holds it. */
  again(series: string): void {
    this.#schedule(series, true);
  }

  /** An open association has brought images for it. */
  isCarried(series: string): boolean {
    return [...this.#associations.values()].some(({ arrivals }) => arrivals.has(series));
  }

  close(): void {
    this.#closed = true;
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
    for (const { cancel } of this.#unsettled.values()) cancel();
  }

  /**
   * Records the ends of associations in their order, `last` after those that are left. One that is not recorded would count
   * as lost after a restart, and the series as incomplete.
   */
  #settleLeft(series: string, last?: () => void): void {
    const left = this.#unsettled.get(series);
    const steps = [...(left?.steps ?? []), ...(last === undefined ? [] : [last])];
    if (steps.length === 0) return;
    left?.cancel();
    this.#unsettled.delete(series);
    while (steps[0] !== undefined && this.#attempt(series, steps[0])) steps.shift();
    if (steps.length === 0) return;
    const cancel = this.#options.clock.after(retryAfter, () => this.#settleLeft(series));
    this.#unsettled.set(series, { steps, cancel });
  }

  /** What the sender has to repeat after one of its associations ended. */
  #settle(
    series: string,
    association: string,
    how: AssociationEnd,
    arrived: Arrivals,
    missing: ReadonlyMap<string, Problem>,
  ): void {
    const { store } = this.#options;
    const state = assemblyState(store.tables, series);
    const unconfirmed = new Set(state?.unconfirmed);
    for (const instance of arrived.accepted) {
      if (how === 'released') unconfirmed.delete(instance);
      else unconfirmed.add(instance);
    }
    for (const instance of missing.keys()) unconfirmed.add(instance);
    // All that it brought was there before, and has been looked at.
    if (state?.open !== true) unconfirmed.clear();
    store.record(series, {
      kind: 'association ended',
      association,
      how,
      images: arrived.accepted.size,
      unconfirmed: [...unconfirmed].toSorted(),
      ...(unconfirmed.size > 0 && { problem: reason(how, missing, state?.held, unconfirmed.size) }),
    });
  }

  /** What the end of an association bears upon. Refused without a trace of a series, an instance may belong to any open one of its sender. */
  #concerned(association: AssociationInfo, { arrivals, unknown }: OpenAssociation): Map<string, Arrivals> {
    if (arrivals.size > 0 || unknown.size === 0) return arrivals;
    const { store } = this.#options;
    const ofSender = store.keys().filter((series) => {
      const state = assemblyState(store.tables, series);
      return state?.open === true && state.callingAe === association.callingAe && state.address === association.address;
    });
    return new Map(ofSender.map((series) => [series, { accepted: new Set(), refused: new Map() }]));
  }

  #schedule(series: string, atOnce = false): void {
    const { store, clock, config } = this.#options;
    this.#cancel(series);
    const state = assemblyState(store.tables, series);
    if (this.#closed || state === undefined || !state.open || state.held !== undefined || this.isCarried(series))
      return;
    const quietPeriodSeconds = this.#peer(state.peer)?.quietPeriodSeconds ?? config().intake.quietPeriodSeconds;
    const since = clock.elapsed() - (this.#lastImage.get(series) ?? clock.elapsed());
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
        const state = assemblyState(store.tables, series);
        if (state?.open !== true || state.held !== undefined || this.isCarried(series)) return;
        await complete(series);
        this.#lastImage.delete(series);
      });
    } catch (error) {
      log.error(
        { series, err: asContourNodeError(error) },
        'a complete series could not be taken further; it is tried again',
      );
      if (!this.#closed)
        this.#timers.set(
          series,
          clock.after(retryAfter, () => this.#schedule(series, true)),
        );
    }
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

  #open({ id }: AssociationInfo): OpenAssociation {
    let open = this.#associations.get(id);
    if (open === undefined) this.#associations.set(id, (open = { arrivals: new Map(), unknown: new Map() }));
    return open;
  }

  #peer(name: string | undefined): Peer | undefined {
    return this.#options.config().peers.find((peer) => peer.name === name);
  }

  #cancel(series: string): void {
    this.#timers.get(series)?.();
    this.#timers.delete(series);
  }
}

function interrupted(how: 'aborted' | 'lost', images: number): Problem {
  return problem('SERIES_INCOMPLETE', `an association was ${how}: ${images} images wait for the sender's repeat`);
}

function reason(
  how: AssociationEnd,
  missing: ReadonlyMap<string, Problem>,
  before: Problem | undefined,
  images: number,
): Problem {
  if (how !== 'released') return interrupted(how, images);
  const [refused] = missing.values();
  if (refused !== undefined)
    return problem('SERIES_INCOMPLETE', `${missing.size} images were refused: ${refused.message}`);
  return before ?? problem('SERIES_INCOMPLETE', `${images} images wait for the sender's repeat`);
}
