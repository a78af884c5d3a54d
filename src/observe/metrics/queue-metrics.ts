import { Gauge, type Registry } from 'prom-client';
import { queueKinds } from '../../jobs/queue-names.ts';
import type { ContourQueues } from '../../jobs/queues.ts';
import type { DueWork } from '../../store/due-work.ts';
import type { Store } from '../../store/store.ts';

/** Jobs on disk and in Redis, and the workers for them. */
export function addQueueMetrics(registry: Registry, store: Store, queues: ContourQueues): void {
  const registers = [registry];
  /** An empty queue has values too, or an alarm about its age would never end. */
  const due = (): DueWork[] => {
    const found = store.dueWork();
    const idle = queues.bullQueues().filter(({ name }) => !found.some(({ queue }) => queue === name));
    return [...found, ...idle.map(({ name }) => ({ queue: name, depth: 0, oldestAt: store.nowIso() }))];
  };
  const depth = new Gauge({
    name: 'contour_node_queue_depth',
    help: 'Jobs that are to be done, as the disk knows them',
    labelNames: ['queue'],
    registers,
    collect() {
      depth.reset();
      for (const { queue, depth: jobs } of due()) depth.set({ queue }, jobs);
    },
  });
  const age = new Gauge({
    name: 'contour_node_queue_age_seconds',
    help: 'For how long the oldest job that is to be done has been waiting',
    labelNames: ['queue'],
    registers,
    collect() {
      age.reset();
      const now = Date.parse(store.nowIso());
      for (const { queue, oldestAt } of due()) age.set({ queue }, Math.max(0, (now - Date.parse(oldestAt)) / 1000));
    },
  });
  const jobs = new Gauge({
    name: 'contour_node_jobs',
    help: 'Jobs in Redis by queue and state',
    labelNames: ['queue', 'state'],
    registers,
    async collect() {
      jobs.reset();
      for (const { queue, ...counts } of await queues.counts()) {
        for (const [state, count] of Object.entries(counts)) jobs.set({ queue, state }, count);
      }
    },
  });
  const redis = new Gauge({
    name: 'contour_node_redis_up',
    help: '1 while Redis answers',
    registers,
    async collect() {
      redis.set((await queues.problem()) === undefined ? 1 : 0);
    },
  });
  addWorkers(registers, queues);
}

function addWorkers(registers: Registry[], queues: ContourQueues): void {
  const workers = new Gauge({
    name: 'contour_node_workers',
    help: 'Workers whose heartbeat is fresh, by what they take',
    labelNames: ['queue'],
    registers,
    async collect() {
      const alive = await queues.workers();
      for (const queue of queueKinds)
        workers.set({ queue }, alive.filter((worker) => worker.queues.includes(queue)).length);
    },
  });
  const memory = new Gauge({
    name: 'contour_node_worker_resident_bytes',
    help: 'Resident memory of all workers, and of their engine processes after their last job',
    labelNames: ['process'],
    registers,
    async collect() {
      const alive = await queues.workers();
      memory.set({ process: 'worker' }, sum(alive.map(({ workerBytes }) => workerBytes)));
      memory.set({ process: 'engine' }, sum(alive.map(({ engineBytes }) => engineBytes)));
    },
  });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
