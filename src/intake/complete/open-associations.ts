import type { Problem } from '../../problem.ts';

/** What one association has brought for one series, by the keys of the instances. */
export interface Arrivals {
  readonly accepted: Set<string>;
  readonly refused: Map<string, Problem>;
}

/** What one association has brought. */
export interface AssociationArrivals {
  readonly bySeries: Map<string, Arrivals>;
  /** Refused instances whose series could not be read. */
  readonly refused: Map<string, Problem>;
}

/** The open associations that have brought instances, by their ids. */
export class OpenAssociations {
  readonly #associations = new Map<string, AssociationArrivals>();

  /** An open association has brought instances of this series. */
  carry(series: string): boolean {
    return [...this.#associations.values()].some(({ bySeries }) => bySeries.has(series));
  }

  /** Whether this association has brought instances of this series. */
  carries(association: string, series: string): boolean {
    return this.#associations.get(association)?.bySeries.has(series) ?? false;
  }

  /** Makes an entry where there is none. */
  arrivals(association: string, series: string): Arrivals {
    const { bySeries } = this.#of(association);
    let arrivals = bySeries.get(series);
    if (arrivals === undefined) bySeries.set(series, (arrivals = emptyArrivals()));
    return arrivals;
  }

  /** What was refused and then accepted need not be sent again. */
  accepted(association: string, series: string, instance: string): void {
    this.#of(association).refused.delete(instance);
    const arrivals = this.arrivals(association, series);
    arrivals.accepted.add(instance);
    arrivals.refused.delete(instance);
  }

  /** @param series undefined where it is unknown */
  refused(association: string, series: string | undefined, instance: string, why: Problem): void {
    if (series === undefined) this.#of(association).refused.set(instance, why);
    else this.arrivals(association, series).refused.set(instance, why);
  }

  /** @returns what the association has brought, if anything */
  end(association: string): AssociationArrivals | undefined {
    const arrivals = this.#associations.get(association);
    this.#associations.delete(association);
    return arrivals;
  }

  #of(association: string): AssociationArrivals {
    let arrivals = this.#associations.get(association);
    if (arrivals === undefined)
      this.#associations.set(association, (arrivals = { bySeries: new Map(), refused: new Map() }));
    return arrivals;
  }
}

function emptyArrivals(): Arrivals {
  return { accepted: new Set(), refused: new Map() };
}
