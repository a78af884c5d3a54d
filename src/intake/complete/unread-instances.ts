import type { Arrivals } from './open-associations.ts';

/** Refused instances whose series could not be read, with the series that wait for them; by their keys. */
export class UnreadInstances {
  readonly #waiting = new Map<string, Set<string>>();
  /** By series, the instances that have come since. */
  readonly #sentAgain = new Map<string, ReadonlySet<string>>();

  /**
   * An association of this series has ended: a router spreads what it repeats over several.
   *
   * @param arrivals what it brought of the series; undefined where something of it was lost or could not be read
   * @returns the instances that associations without fault have brought since the last one with a fault
   */
  sentAgain(series: string, arrivals: Arrivals | undefined): ReadonlySet<string> {
    const isClean = arrivals?.refused.size === 0;
    const all = isClean ? (this.#sentAgain.get(series) ?? new Set()).union(arrivals.accepted) : new Set<string>();
    const isWaiting = [...this.#waiting.values()].some((those) => those.has(series));
    if (isWaiting && all.size > 0) this.#sentAgain.set(series, all);
    else this.#sentAgain.delete(series);
    return all;
  }

  /** The instance holds these series until it comes again. */
  hold(instances: readonly string[], series: string): void {
    for (const instance of instances)
      this.#waiting.set(instance, new Set([...(this.#waiting.get(instance) ?? []), series]));
  }

  /** It came again, in this series. @returns the others that it held */
  cameIn(instance: string, series: string): string[] {
    const waiting = this.#waiting.get(instance);
    this.#waiting.delete(instance);
    return [...(waiting ?? [])].filter((other) => other !== series);
  }
}
