import Fastify from 'fastify';
import { ContourNodeError } from '../errors.ts';
import type { ContourQueues } from '../jobs/queues.ts';
import type { Log } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Problem, SeriesActions, SeriesReader } from '../store/series.ts';
import { addAssets } from './assets.ts';
import { answerErrors } from './error-answers.ts';
import { addHealth } from './health.ts';
import { isLoopback, refuseForeignRequests } from './local-requests.ts';
import { addPages, type PageOptions } from './pages.ts';
import { addQueueBoard } from './queue-board.ts';
import { addSeriesApi } from './series-api.ts';
import { addSeriesEvents } from './series-events.ts';

export interface HttpServerOptions extends PageOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly series: SeriesReader;
  readonly actions: SeriesActions;
  readonly queues: ContourQueues;
  readonly metrics: Pick<Metrics, 'contentType' | 'text'>;
  /** What keeps the node from its work, besides Redis and workers, which the server asks for itself. */
  readonly problems: () => Promise<readonly Problem[]>;
  readonly log: Log;
}

export interface HttpServer {
  readonly url: string;
  readonly port: number;
  /** Takes over changed queues (destinations). */
  refreshQueues(): void;
  close(): Promise<void>;
}

/**
 * The node's HTTP side: worklist, JSON API, Bull Board, health, metrics.
 *
 * @throws ContourNodeError CONFIG_INVALID for a host beyond this machine (there are no users yet); PORT_IN_USE
 */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  if (!isLoopback(options.host)) {
    throw new ContourNodeError(
      'CONFIG_INVALID',
      `http.host: ${options.host} is not a loopback address, and there are no users`,
      {
        remedy: 'use 127.0.0.1, and a reverse proxy or ssh -L to reach it from elsewhere',
      },
    );
  }
  const server = Fastify({ forceCloseConnections: true, bodyLimit: 64 * 1024 });
  answerErrors(server, options.log);
  refuseForeignRequests(server);

  const { metrics } = options;
  server.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()));
  addHealth(server, options);
  addSeriesApi(server, options);
  addSeriesEvents(server, options);
  await addAssets(server);
  addPages(server, options);
  const board = addQueueBoard(server, options.queues);

  try {
    await server.listen({ host: options.host, port: options.port });
  } catch (cause) {
    await server.close();
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'EADDRINUSE') {
      throw new ContourNodeError('PORT_IN_USE', `http.port ${options.port} on ${options.host} is in use`, { cause });
    }
    if (code === 'EACCES') {
      throw new ContourNodeError(
        'CONFIG_INVALID',
        `http.port ${options.port} needs privileges that this user has not`,
        { cause },
      );
    }
    throw cause;
  }
  const address = server.server.address();
  const port = address !== null && typeof address === 'object' ? address.port : options.port;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return { url: `http://${host}:${port}`, port, refreshQueues: board.refresh, close: () => server.close() };
}
