import type { AssociationEnd, AssociationInfo } from '../../dimse/association-info.ts';
import { asContourNodeError, ContourNodeError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { uncheckedInstances } from '../../store/assembly.ts';
import { problem } from '../../problem.ts';
import type { Problem } from '../../problem.ts';
import { isAssembling } from '../../store/series-state.ts';
import type { Store } from '../../store/store.ts';
import type { Clock } from '../../clock.ts';
import type { SeriesLock } from '../series-lock.ts';

export interface AssemblyOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** Seconds without an image after which a series of this peer is complete. */
  readonly quietPeriodSeconds: (peer: string | undefined) => number;
  /** Whether a series of this peer is complete as soon as its association is released. */
  readonly completeOnRelease: (peer: string | undefined) => boolean;
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

/** A failed step (a full disk) is tried again after so many milliseconds. */
const retryAfter = 30_000;

/**
 * Decides when a series is complete: after a quiet period, while no open association carries it, and only when the
 * sender has nothing to repeat. What an association brought that was aborted or lost, and what was refused, counts as
 * incomplete until an association that ends well has brought it again: part of a series is never taken for all of it.
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
      const record = store.get(series)!;
      const { callingAe, associations } = record.assembly;
      const lost = callingAe === '' && isAssembling(record) ? ['unknown'] : associations;
      const toRepeat = [...new Set([...record.assembly.toRepeat, ...uncheckedInstances(record.images)])];
      for (const association of lost) {
        const missing = isAssembling(record) ? toRepeat : [];
        store.record(series, {
          kind: 'association ended',
          association,
          how: 'lost',
          images: 0,
          unconfirmed: missing,
          ...(missing.length > 0 && { problem: interrupted('lost', missing.length) }),
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
    if (series === undefined || store.get(series) === undefined) {
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
      this.#schedule(series, how === 'released' && this.#options.completeOnRelease(association.peer?.name));
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
    const record = store.get(series);
    const toRepeat = new Set(record?.assembly.toRepeat);
    for (const instance of arrived.accepted) {
      if (how === 'released') toRepeat.delete(instance);
      else toRepeat.add(instance);
    }
    for (const instance of missing.keys()) toRepeat.add(instance);
    // All that it brought was there before, and has been checked.
    if (record === undefined || !isAssembling(record)) toRepeat.clear();
    store.record(series, {
      kind: 'association ended',
      association,
      how,
      images: arrived.accepted.size,
      unconfirmed: [...toRepeat].toSorted(),
      ...(toRepeat.size > 0 && { problem: reason(how, missing, record?.assembly.incomplete, toRepeat.size) }),
    });
  }

  /** What the end of an association bears upon. Refused without a trace of a series, an instance may belong to any open one of its sender. */
  #concerned(association: AssociationInfo, { arrivals, unknown }: OpenAssociation): Map<string, Arrivals> {
    if (arrivals.size > 0 || unknown.size === 0) return arrivals;
    const { store } = this.#options;
    const ofSender = store.keys().filter((series) => {
      const record = store.get(series)!;
      const { callingAe, address } = record.assembly;
      return isAssembling(record) && callingAe === association.callingAe && address === association.address;
    });
    return new Map(ofSender.map((series) => [series, { accepted: new Set(), refused: new Map() }]));
  }

  #schedule(series: string, atOnce = false): void {
    const { store, clock, quietPeriodSeconds } = this.#options;
    this.#cancel(series);
    const peer = store.get(series)?.assembly.peer;
    if (this.#closed || !this.#isToComplete(series)) return;
    const since = clock.elapsed() - (this.#lastImage.get(series) ?? clock.elapsed());
    const wait = atOnce ? 0 : Math.max(0, quietPeriodSeconds(peer) * 1000 - since);
    this.#timers.set(
      series,
      clock.after(wait, () => void this.#complete(series)),
    );
  }

  /** It has images that are not checked, nothing of them is missing, and no association carries it. */
  #isToComplete(series: string): boolean {
    const record = this.#options.store.get(series);
    if (record === undefined || record.assembly.incomplete !== undefined) return false;
    return isAssembling(record) && !this.isCarried(series);
  }

  async #complete(series: string): Promise<void> {
    this.#timers.delete(series);
    const { clock, complete, lock, log } = this.#options;
    try {
      await lock.run(series, async () => {
        if (!this.#isToComplete(series)) return;
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
