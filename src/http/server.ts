import { Server as TlsServer } from 'node:tls';
import Fastify from 'fastify';
import { isLoopback } from '../config/address-range.ts';
import type { HttpConfig } from '../config/http-schema.ts';
import { tlsCredentials } from '../config/tls-files.ts';
import { ContourNodeError } from '../errors.ts';
import type { ContourProgress } from '../jobs/contour-progress.ts';
import type { ContourQueues } from '../jobs/queues.ts';
import type { NodeAudit } from '../observe/audit/node-audit.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../observe/metrics/metrics.ts';
import type { SeriesActions, SeriesReader } from '../store/series.ts';
import type { Problem } from '../problem.ts';
import { addAccess } from './access/access.ts';
import { hasNoUsers } from './access/identify.ts';
import { addAssets } from './assets.ts';
import { answerErrors } from './error-answers.ts';
import { addHealth } from './health.ts';
import { addHelp } from './help.ts';
import { addImagePictures } from './image-pictures.ts';
import { addLanguage } from './language.ts';
import { NodeStatus } from './node-status.ts';
import { addOpenApi } from './openapi/add-openapi.ts';
import { addPictures, type PicturesOptions } from './pictures.ts';
import { addPages, type PageOptions } from './pages.ts';
import { addPlans, type PlansOptions } from './plans.ts';
import { Patients } from './patients.ts';
import { addQueueBoard } from './queue-board.ts';
import { addQuality, type QualityOptions } from './quality.ts';
import { addRemote, type RemoteRoutesOptions } from './remote/remote-routes.ts';
import { addSeriesApi, type SeriesApiOptions } from './series-api.ts';
import { addSeriesEvents } from './series-events.ts';

export interface HttpServerOptions
  extends PageOptions, PlansOptions, PicturesOptions, SeriesApiOptions, QualityOptions {
  /** Asked anew for every request, so that changed users count at once. Host, port and proxy count at start. */
  readonly config: () => HttpConfig;
  readonly series: SeriesReader;
  readonly actions: SeriesActions;
  readonly queues: ContourQueues;
  readonly progress: Pick<ContourProgress, 'of' | 'onChange'>;
  readonly metrics: Pick<Metrics, 'contentType' | 'text'>;
  /** Serves workers on other machines; none: there are no routes for them. */
  readonly remote?: Pick<RemoteRoutesOptions, 'leases' | 'orders' | 'metrics'> | undefined;
  /** What is wrong with the node, besides Redis and workers, which the server asks for itself. */
  readonly problems: () => Promise<readonly Problem[]>;
  /** What somebody else has to mend. */
  readonly notices: () => Promise<readonly Problem[]>;
  readonly audit: NodeAudit;
  readonly log: Log;
}

export interface HttpServer {
  readonly url: string;
  readonly port: number;
  /** Takes over changed queues (destinations). */
  refreshQueues(): void;
  /** Reads the TLS files anew. @throws ContourNodeError TLS_FILES; the old ones stay in force */
  renewCertificate(): Promise<void>;
  close(): Promise<void>;
}

/**
 * The node's HTTP side: worklist, JSON API, Bull Board, health, metrics.
 *
 * @throws ContourNodeError CONFIG_INVALID for a host beyond this machine while no login is needed; PORT_IN_USE
 */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { host, port, proxy, tls, certificates } = options.config();
  if (!isLoopback(host) && hasNoUsers(options.config())) {
    throw new ContourNodeError(
      'CONFIG_INVALID',
      `http.host: ${host} is not a loopback address, and there are no users`,
      {
        remedy: 'use 127.0.0.1, or configure users (`contour-node user --help`)',
      },
    );
  }
  const server = Fastify({
    ...(tls === undefined
      ? {}
      : // Who shows no certificate, or one that nobody knows, may still have a token or a login.
        { https: { ...(await tlsCredentials(tls)), requestCert: certificates.length > 0, rejectUnauthorized: false } }),
    forceCloseConnections: true,
    bodyLimit: 64 * 1024,
    trustProxy: proxy.addresses.length === 0 ? false : proxy.addresses,
  });
  answerErrors(server, options.log);
  const { log, audit } = options;
  await addAccess(server, {
    config: options.config,
    onLogin: (login) => {
      audit.login(login);
      if (!login.succeeded) log.warn({ address: login.address }, 'login failed');
    },
    onLogout: (logout) => audit.loggedOut(logout),
  });

  await addOpenApi(server);

  const { metrics } = options;
  server.get('/metrics', { config: { role: 'monitor' } }, async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.text()),
  );
  const status = new NodeStatus(options);
  server.decorate('nodeStatus', status);
  server.addHook('onClose', async () => status.close());
  addHealth(server, status);
  const patients = new Patients(options);
  server.addHook('onClose', async () => patients.close());
  addSeriesApi(server, options, patients);
  addSeriesEvents(server, { ...options, status });
  await addAssets(server);
  addLanguage(server);
  addHelp(server);
  addPages(server, { ...options, patients });
  addPlans(server, options);
  addQuality(server, options);
  addPictures(server, options);
  addImagePictures(server, options);
  if (options.remote !== undefined) {
    const timeoutMinutes = () => options.wholeConfig().worker.timeoutMinutes;
    await addRemote(server, { ...options, ...options.remote, timeoutMinutes });
  }
  const board = addQueueBoard(server, options.queues);

  try {
    await server.listen({ host, port });
  } catch (cause) {
    await server.close();
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'EADDRINUSE') {
      throw new ContourNodeError('PORT_IN_USE', `http.port ${port} on ${host} is in use`, { cause });
    }
    if (code === 'EACCES') {
      throw new ContourNodeError('CONFIG_INVALID', `http.port ${port} needs privileges that this user has not`, {
        cause,
      });
    }
    throw cause;
  }
  const address = server.server.address();
  const bound = address !== null && typeof address === 'object' ? address.port : port;
  const name = host.includes(':') ? `[${host}]` : host;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${name}:${bound}`,
    port: bound,
    refreshQueues: board.refresh,
    async renewCertificate() {
      if (tls !== undefined && server.server instanceof TlsServer)
        server.server.setSecureContext(await tlsCredentials(tls));
    },
    close: () => server.close(),
  };
}
