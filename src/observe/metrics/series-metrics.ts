import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { WorkResult } from '../../work/work-result.ts';
import type { JournalEvent } from '../../store/events.ts';
import type { Store } from '../../store/store.ts';

/** Seconds. */
const stageBuckets = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320];
const batchBuckets = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];
const wayBuckets = [15, 30, 60, 120, 300, 600, 1800, 3600, 4 * 3600, 24 * 3600];
/** Bytes. */
const memoryBuckets = [0.25, 0.5, 1, 1.5, 2, 2.5, 3, 4, 6, 8].map((gigabytes) => gigabytes * 1e9);

/**
 * Series, results and deliveries. A worker writes its times and its memory into the result on disk, so that no worker needs
 * a port for metrics.
 */
export class SeriesMetrics {
  readonly #store: Store;
  readonly #rejected: Counter;
  readonly #stages: Histogram;
  readonly #batches: Histogram;
  readonly #peak: Histogram;
  readonly #results: Counter;
  readonly #deliveries: Counter;
  readonly #commitments: Counter;
  readonly #way: Histogram;

  constructor(registry: Registry, store: Store) {
    this.#store = store;
    const registers = [registry];
    this.#rejected = new Counter({
      name: 'contour_node_rejects_total',
      help: 'Series and images refused, by error code',
      labelNames: ['code'],
      registers,
    });
    this.#stages = new Histogram({
      name: 'contour_node_stage_seconds',
      help: 'Time that a stage of contouring took',
      labelNames: ['stage'],
      buckets: stageBuckets,
      registers,
    });
    this.#batches = new Histogram({
      name: 'contour_node_engine_batch_seconds',
      help: 'Time that the engine took for a batch of slices',
      buckets: batchBuckets,
      registers,
    });
    this.#peak = new Histogram({
      name: 'contour_node_engine_peak_resident_bytes',
      help: 'Largest resident memory of the engine process, up to the end of each job',
      buckets: memoryBuckets,
      registers,
    });
    this.#results = new Counter({
      name: 'contour_node_results_total',
      help: 'Results of workers by status',
      labelNames: ['status'],
      registers,
    });
    this.#deliveries = new Counter({
      name: 'contour_node_delivery_tries_total',
      help: 'Delivery tries that ended, by destination and outcome',
      labelNames: ['destination', 'outcome'],
      registers,
    });
    this.#commitments = new Counter({
      name: 'contour_node_storage_commitment_results_total',
      help: 'Storage commitment results by destination and outcome; missing: none came in time',
      labelNames: ['destination', 'outcome'],
      registers,
    });
    this.#way = new Histogram({
      name: 'contour_node_image_to_delivery_seconds',
      help: 'From the last image to the delivered structure set, where no operator took a hand',
      labelNames: ['destination'],
      buckets: wayBuckets,
      registers,
    });
    addStates(registers, store);
  }

  result({ status, timings, batchSeconds = [], peakResidentMegabytes }: WorkResult): void {
    this.#results.inc({ status });
    for (const { stage, seconds } of timings) this.#stages.observe({ stage }, seconds);
    for (const seconds of batchSeconds) this.#batches.observe(seconds);
    if (peakResidentMegabytes > 0) this.#peak.observe(peakResidentMegabytes * 1e6);
  }

  event(series: string, event: JournalEvent): void {
    if (event.kind === 'rejected' || event.kind === 'refused') this.#rejected.inc({ code: event.problem.code });
    if (event.kind === 'result' && event.status === 'rejected' && event.error !== undefined)
      this.#rejected.inc({ code: event.error.code });
    if (event.kind === 'deliver outcome') this.#delivery(series, event);
    if (event.kind === 'commitment outcome')
      this.#commitments.inc({ destination: event.destination, outcome: event.outcome });
  }

  #delivery(series: string, event: Extract<JournalEvent, { kind: 'deliver outcome' }>): void {
    const { destination, next, alarmed, at } = event;
    this.#deliveries.inc({ destination, outcome: next === 'delivered' && alarmed ? 'alarmed' : outcomes[next] });
    const record = this.#store.get(series);
    const lastImage = record?.images.lastReceivedAt;
    // Where an operator acted, the time from there to a delivery says nothing about the node.
    if (next !== 'delivered' || record?.operatorActed !== false || lastImage === undefined) return;
    this.#way.observe({ destination }, Math.max(0, (Date.parse(at) - Date.parse(lastImage)) / 1000));
  }
}

const outcomes = { delivered: 'delivered', waiting: 'to be retried', failed: 'failed' } as const;

function addStates(registers: Registry[], store: Store): void {
  const series = new Gauge({
    name: 'contour_node_series',
    help: 'Series by state',
    labelNames: ['state'],
    registers,
    collect() {
      for (const [state, count] of Object.entries(store.counts())) series.set({ state }, count);
    },
  });
  const deliveries = new Gauge({
    name: 'contour_node_deliveries',
    help: 'Deliveries by destination and state',
    labelNames: ['destination', 'state'],
    registers,
    collect() {
      deliveries.reset();
      for (const { destination, state, count } of store.countDeliveries())
        deliveries.set({ destination, state }, count);
    },
  });
  const commitments = new Gauge({
    name: 'contour_node_storage_commitments',
    help: 'Structure sets that a destination is asked for storage commitment of, by destination and state',
    labelNames: ['destination', 'state'],
    registers,
    collect() {
      commitments.reset();
      for (const { destination, state, count } of store.countCommitments())
        commitments.set({ destination, state }, count);
    },
  });
}
