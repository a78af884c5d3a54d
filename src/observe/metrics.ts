import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { QueueCounts } from '../jobs/queues.ts';
import type { SeriesState } from '../store/series.ts';

export interface Metrics {
  readonly contentType: string;
  text(): Promise<string>;
}

interface Sources {
  readonly series: { counts(): Record<SeriesState, number> };
  readonly queues: { counts(): Promise<QueueCounts[]>; problem(): Promise<Error | undefined> };
}

/** Prometheus text: series by state, jobs by queue, Redis, and the process's own. Labels hold no patient data. */
export function createMetrics({ series, queues }: Sources): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const gauges = [
    new Gauge({
      name: 'contour_node_series',
      help: 'Series by state',
      labelNames: ['state'],
      registers: [],
      collect() {
        for (const [state, count] of Object.entries(series.counts())) this.set({ state }, count);
      },
    }),
    new Gauge({
      name: 'contour_node_jobs',
      help: 'Jobs in Redis by queue and state',
      labelNames: ['queue', 'state'],
      registers: [],
      async collect() {
        this.reset();
        for (const { queue, ...counts } of await queues.counts()) {
          for (const [state, count] of Object.entries(counts)) this.set({ queue, state }, count);
        }
      },
    }),
    new Gauge({
      name: 'contour_node_redis_up',
      help: '1 while Redis answers',
      registers: [],
      async collect() {
        this.set((await queues.problem()) === undefined ? 1 : 0);
      },
    }),
  ];
  for (const gauge of gauges) registry.registerMetric(gauge);
  return { contentType: registry.contentType, text: () => registry.metrics() };
}
