import { Counter, Gauge, type Registry } from 'prom-client';
import type { JournalEvent } from '../../store/events.ts';

/** Corrections, and the outcome of their comparisons. */
export class CorrectionMetrics {
  readonly #structureSets: Counter;
  readonly #comparisons: Counter;

  /** @param unmatched number of structure sets that belong to no series */
  constructor(registry: Registry, unmatched: () => number) {
    const registers = [registry];
    this.#structureSets = new Counter({
      name: 'contour_node_structure_sets_total',
      help: 'Structure sets that came back to a series, by approval status',
      labelNames: ['approval'],
      registers,
    });
    this.#comparisons = new Counter({
      name: 'contour_node_comparisons_total',
      help: 'Comparisons of structure sets that came back, by outcome',
      labelNames: ['outcome'],
      registers,
    });
    const gauge: Gauge = new Gauge({
      name: 'contour_node_unmatched_structure_sets',
      help: 'Structure sets that are kept and belong to no series',
      registers,
      collect: (): void => gauge.set(unmatched()),
    });
  }

  event(event: JournalEvent): void {
    if (event.kind === 'structure set') this.#structureSets.inc({ approval: event.approval });
    if (event.kind === 'compared') this.#comparisons.inc({ outcome: event.own ? 'own' : event.status });
    if (event.kind === 'compare try failed' && event.nextTryAt === undefined)
      this.#comparisons.inc({ outcome: 'failed' });
  }
}
