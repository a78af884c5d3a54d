import { resolve } from 'node:path';
import { type Clock, systemClock } from './clock.ts';
import { certificateProblems } from './config/certificate-dates.ts';
import { ConfigInForce } from './config/config-in-force.ts';
import type { LoadedConfig } from './config/load.ts';
import type { ReloadOutcome } from './config/reload.ts';
import { startStorageScp } from './dimse/scp/storage-scp.ts';
import { type HttpServerOptions, startHttpServer } from './http/server.ts';
import { openIntake } from './intake/open-intake.ts';
import { operatorTargets } from './intake/operator-targets.ts';
import { ContourProgress } from './jobs/contour-progress.ts';
import type { ContourQueues } from './jobs/queues.ts';
import type { Log } from './log.ts';
import { startNotifier } from './notify/notifier.ts';
import { identifiersIn, NodeAudit } from './observe/audit/node-audit.ts';
import { createMetrics } from './observe/metrics/metrics.ts';
import { logSeries } from './observe/series-log.ts';
import { RefusedSenders } from './observe/refused-senders.ts';
import { lockDataDirectory } from './store/directory-lock.ts';
import type { SeriesActions, SeriesReader } from './store/series.ts';
import { shownPatient } from './store/shown-patient.ts';
import { Store } from './store/store.ts';

export interface NodeDependencies {
  readonly log: Log;
  /** Closed by its owner, after the node. */
  readonly queues: ContourQueues;
  readonly clock?: Clock;
  /** Serves workers on other machines; the leases are closed by their owner, after the node. */
  readonly remote?: Omit<NonNullable<HttpServerOptions['remote']>, 'metrics'> | undefined;
}

export interface RunningNode {
  readonly dicomPort: number;
  /** Where dicom.tls is configured. */
  readonly dicomTlsPort: number | undefined;
  readonly httpUrl: string;
  readonly series: SeriesReader;
  readonly actions: SeriesActions;
  /** ConfigInForce.reload, and everything that follows from a changed configuration. */
  reload(load: () => Promise<LoadedConfig>): Promise<ReloadOutcome>;
  /** Accepts no new association, ends those that are open, and leaves on disk what is due. */
  close(): Promise<void>;
}

/**
 * Starts the node: everything from the DICOM port to the queues, and the page.
 *
 * @throws ContourNodeError DATA_DIRECTORY_LOCKED, DATA_DIRECTORY, PORT_IN_USE, CONFIG_INVALID
 */
export async function startNode(loaded: LoadedConfig, dependencies: NodeDependencies): Promise<RunningNode> {
  const parts = new AsyncDisposableStack();
  try {
    return await startParts(loaded, dependencies, parts);
  } catch (error) {
    await parts.disposeAsync();
    throw error;
  }
}

/** @param parts takes how each part is closed; they close in the reverse order */
async function startParts(
  loaded: LoadedConfig,
  { log, queues, clock = systemClock, remote }: NodeDependencies,
  parts: AsyncDisposableStack,
): Promise<RunningNode> {
  const dataDirectory = resolve(loaded.config.dataDirectory);
  const configuration = new ConfigInForce(loaded, log);
  const current = () => configuration.current;
  const config = () => configuration.config;

  parts.defer(lockDataDirectory(dataDirectory));
  const store = await Store.open({ dataDirectory, log, now: clock.now });
  parts.defer(() => store.close());

  const audit = new NodeAudit(config(), { now: clock.now, log, identifiers: identifiersIn(store) });
  parts.defer(() => audit.close());
  audit.started(loaded.digest);
  audit.follow(store);
  parts.defer(logSeries(store, log));
  const metrics = createMetrics({
    store,
    queues,
    watermarkBytes: () => config().retention.minimumFreeGigabytes * 1e9,
    unmatched: () => intake.unmatched.list().length,
  });

  const progress = new ContourProgress(queues, clock.now);
  const refusedSenders = new RefusedSenders(metrics.associations, clock.now);
  const intake = await openIntake({
    store,
    queues,
    clock,
    log,
    current,
    onResult: (result) => metrics.series.result(result),
  });
  parts.defer(() => intake.close());
  const { actions, disk, lock, unmatched } = intake;

  const http = await startHttpServer({
    config: () => config().http,
    wholeConfig: config,
    series: store,
    dataDirectory,
    patient: (series) => shownPatient(store, config().peers, series),
    targets: () => operatorTargets(config()),
    node: { aeTitle: config().dicom.aeTitle, dicomPort: config().dicom.port },
    actions,
    queues,
    remote: remote && { ...remote, metrics: metrics.remote },
    progress,
    quality: () => store.quality(),
    unmatched,
    unmatchedDays: () => config().retention.unmatchedDays,
    metrics,
    audit,
    notices: async () => [...(await certificateProblems(config())), ...refusedSenders.problems(config())],
    problems: async () => [configuration.problem ?? [], await disk.problems()].flat(),
    log,
  });
  parts.defer(() => http.close());
  const scp = await startStorageScp({ ...intake.scp, config, observer: refusedSenders, log });
  parts.defer(() => scp.close());
  intake.start();
  const notifier = startNotifier({ store, lock, clock, log, current: config });
  parts.defer(() => notifier.close());
  log.info({ dicom: scp.port, dicomTls: scp.tlsPort, http: http.url, dataDirectory }, 'the node runs');

  return {
    dicomPort: scp.port,
    dicomTlsPort: scp.tlsPort,
    httpUrl: http.url,
    series: store,
    actions,
    async reload(load) {
      const outcome = await configuration.reload(load, async () => {
        await scp.renewCertificates();
        await http.renewCertificate();
      });
      audit.configured(outcome.taken, current().digest);
      if (!outcome.taken) return outcome;
      queues.setDestinations(config().destinations.map(({ name }) => name));
      http.refreshQueues();
      await notifier.renew();
      intake.configured();
      log.info('peers, destinations, routes, users and notifications taken over');
      return outcome;
    },
    close: () => parts.disposeAsync(),
  };
}
