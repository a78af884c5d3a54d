import { PassThrough } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { ContourProgress } from '../jobs/contour-progress.ts';
import type { JobQueues } from '../jobs/job-queues.ts';
import { contourQueue, seriesOfJob } from '../jobs/queue-names.ts';
import type { SeriesReader } from '../store/series.ts';
import type { NodeStatus } from './node-status.ts';

/** Milliseconds within which changes are told together. */
const gather = 300;
/** Milliseconds after which a proxy or browser that hears nothing could give up. */
const heartbeat = 20_000;
/** Keys told one by one; of more a page looks at everything. */
const most = 200;

export interface SeriesEventsOptions {
  readonly series: SeriesReader;
  readonly queues: Pick<JobQueues, 'onEvent'>;
  readonly progress: Pick<ContourProgress, 'onChange'>;
  readonly status: Pick<NodeStatus, 'onChange'>;
}

/**
 * `/events`: server-sent events (HTML, section 9.2). `event: series` carries the keys of the series that changed, or
 * whose contouring went on, as JSON, an empty list for more than fit. `event: status`: something else is wrong with the
 * node than before. A page asks for itself again; nothing else is told here.
 */
export function addSeriesEvents(
  server: FastifyInstance,
  { series, queues, progress, status }: SeriesEventsOptions,
): void {
  const listeners = new Set<PassThrough>();
  const changed = new Set<string>();
  let timer: NodeJS.Timeout | undefined;

  const tell = (): void => {
    timer = undefined;
    const keys = changed.size > most ? [] : [...changed];
    changed.clear();
    write(`event: series\ndata: ${JSON.stringify(keys)}\n\n`);
  };
  // A listener that does not read is told nothing more than it has in its buffer: it will be asked to look at everything.
  const write = (text: string): void => {
    for (const stream of listeners) {
      if (stream.writableNeedDrain) stream.destroy();
      else stream.write(text);
    }
  };
  const note = (key: string): void => {
    if (listeners.size === 0) return;
    changed.add(key);
    timer ??= setTimeout(tell, gather);
  };
  const forget = [
    series.onChange(note),
    progress.onChange(note),
    status.onChange(() => write('event: status\ndata: {}\n\n')),
  ];
  // The pictures of an order come after its result; the store knows nothing of them.
  queues.onEvent(({ kind, queue, jobId }) => {
    if (kind === 'completed' && queue === contourQueue) note(seriesOfJob(jobId));
  });
  const beat = setInterval(() => write(': \n\n'), heartbeat);
  server.addHook('onClose', async () => {
    for (const end of forget) end();
    clearInterval(beat);
    clearTimeout(timer);
    for (const stream of listeners) stream.destroy();
  });

  server.get('/events', { config: { role: 'viewer' } }, async (request, reply) => {
    const stream = new PassThrough();
    listeners.add(stream);
    stream.on('close', () => listeners.delete(stream));
    request.raw.on('close', () => stream.destroy());
    stream.write('retry: 2000\nevent: series\ndata: []\n\n');
    return reply
      .type('text/event-stream')
      .headers({ 'cache-control': 'no-store', 'x-accel-buffering': 'no' })
      .send(stream);
  });
}
