import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { ContourQueues } from '../../jobs/queues.ts';
import { diskSpace } from '../../store/disk-space.ts';
import type { Store } from '../../store/store.ts';
import { version } from '../../version.ts';
import { AssociationMetrics } from './association-metrics.ts';
import { CorrectionMetrics } from './correction-metrics.ts';
import { addQueueMetrics } from './queue-metrics.ts';
import { RemoteMetrics } from './remote-metrics.ts';
import { SeriesMetrics } from './series-metrics.ts';

export interface Metrics {
  readonly contentType: string;
  readonly associations: AssociationMetrics;
  readonly series: SeriesMetrics;
  readonly remote: RemoteMetrics;
  text(): Promise<string>;
}

interface Sources {
  readonly store: Store;
  readonly queues: ContourQueues;
  /** Free bytes below which the node takes measures (retention.minimumFreeGigabytes). */
  readonly watermarkBytes: () => number;
  /** Number of structure sets that belong to no series. */
  readonly unmatched: () => number;
}

/**
 * Prometheus text. No label holds patient data or anything that a sender chooses, so that the number of series of
 * numbers is bounded by the configuration.
 */
export function createMetrics({ store, queues, watermarkBytes, unmatched }: Sources): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const build = new Gauge({
    name: 'contour_node_build_info',
    help: 'Always 1; the version is its label',
    labelNames: ['version'],
    registers: [registry],
  });
  build.set({ version }, 1);
  addQueueMetrics(registry, store, queues);
  addDisk(registry, store.dataDirectory, watermarkBytes);
  const corrections = new CorrectionMetrics(registry, unmatched);
  const metrics = {
    contentType: registry.contentType,
    associations: new AssociationMetrics(registry),
    series: new SeriesMetrics(registry, store),
    remote: new RemoteMetrics(registry),
    text: () => registry.metrics(),
  };
  store.onChange((series, change) => {
    if (change.kind !== 'event') return;
    metrics.series.event(series, change.event);
    corrections.event(change.event);
  });
  return metrics;
}

function addDisk(registry: Registry, dataDirectory: string, watermarkBytes: () => number): void {
  const bytes = new Gauge({
    name: 'contour_node_disk_bytes',
    help: "Of the data directory's disk: free, in all, and the watermark below which the node takes measures",
    labelNames: ['what'],
    registers: [registry],
    async collect() {
      const { free, size } = await diskSpace(dataDirectory);
      bytes.set({ what: 'free' }, free);
      bytes.set({ what: 'size' }, size);
      bytes.set({ what: 'watermark' }, watermarkBytes());
    },
  });
}
