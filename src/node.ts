import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { LoadedConfig } from './config/load.ts';
import { needRestart, takeOver } from './config/reload.ts';
import type { Config, Peer } from './config/schema.ts';
import { configuredPeer } from './dimse/scu/configured-peer.ts';
import { rtStructureSetStorage } from './dicom/rtstruct/structure-set.ts';
import { countSeriesInstances } from './dimse/scu/count-series-instances.ts';
import { startStorageScp } from './dimse/scp/storage-scp.ts';
import { asContourNodeError } from './errors.ts';
import { startHttpServer } from './http/server.ts';
import { type Clock, systemClock } from './clock.ts';
import { ClockWatch } from './intake/upkeep/clock-watch.ts';
import { CommitmentRequests } from './intake/commitment/commitment-requests.ts';
import { CommitmentResults } from './intake/commitment/commitment-results.ts';
import { type CurrentConfig, SeriesCompletion } from './intake/complete/complete-series.ts';
import { DiskWatch } from './intake/upkeep/disk-watch.ts';
import { operatorTargets } from './intake/operator-targets.ts';
import { OperatorActions } from './intake/operator-actions.ts';
import { InstanceReceiver } from './intake/receive/receive-instance.ts';
import { Reconciler } from './intake/tries/reconcile.ts';
import { RetentionRuns } from './intake/upkeep/retention-runs.ts';
import { SeriesAssembly } from './intake/complete/series-assembly.ts';
import { SeriesLock } from './intake/series-lock.ts';
import { StorageCommitments } from './intake/commitment/storage-commitments.ts';
import { StructureSetReceiver } from './intake/correction/receive-structure-set.ts';
import { UnmatchedStructureSets } from './intake/correction/unmatched-structure-sets.ts';
import type { ContourQueues } from './jobs/queues.ts';
import { NodeAudit } from './observe/audit/node-audit.ts';
import type { Log } from './log.ts';
import { startNotifier } from './notify/notifier.ts';
import { createMetrics } from './observe/metrics/metrics.ts';
import { lockDataDirectory } from './store/directory-lock.ts';
import { incomingFolder } from './work/paths.ts';
import { problemFrom } from './problem.ts';
import { pseudonymKey } from './store/pseudonym-key.ts';
import type { SeriesActions, SeriesReader } from './store/series.ts';
import type { Problem } from './problem.ts';
import { Store } from './store/store.ts';

export interface NodeDependencies {
  readonly log: Log;
  /** Closed by whoever opened them, after the node. */
  readonly queues: ContourQueues;
  readonly clock?: Clock;
}

export interface RunningNode {
  readonly dicomPort: number;
  /** Where dicom.tls is configured. */
  readonly dicomTlsPort: number | undefined;
  readonly httpUrl: string;
  readonly series: SeriesReader;
  readonly actions: SeriesActions;
  /**
   * Takes over peers, destinations, routes, users and notifications of another configuration, all of them or, where it
   * cannot be loaded, none.
   *
   * @returns whether it was taken
   */
  reload(load: () => Promise<LoadedConfig>): Promise<boolean>;
  /** No new association; those that stand are ended; what is due stays on disk. */
  close(): Promise<void>;
}

/**
 * Starts the node: everything from the DICOM port to the queues, and the page.
 *
 * @throws ContourNodeError DATA_DIRECTORY_LOCKED, DATA_DIRECTORY, PORT_IN_USE, CONFIG_INVALID
 */
export async function startNode(loaded: LoadedConfig, dependencies: NodeDependencies): Promise<RunningNode> {
  const undo: (() => Promise<void> | void)[] = [];
  try {
    return await compose(loaded, dependencies, undo);
  } catch (error) {
    for (const step of undo.toReversed()) await step();
    throw error;
  }
}

async function compose(
  loaded: LoadedConfig,
  dependencies: NodeDependencies,
  undo: (() => Promise<void> | void)[],
): Promise<RunningNode> {
  const { log, queues, clock = systemClock } = dependencies;
  const dataDirectory = resolve(loaded.config.dataDirectory);
  let current: CurrentConfig = loaded;
  let reloadProblem: Problem | undefined;

  undo.push(lockDataDirectory(dataDirectory));
  const key = await pseudonymKey(dataDirectory);
  const store = await Store.open({ dataDirectory, log, now: clock.now });
  undo.push(() => store.close());

  const audit = new NodeAudit(current.config, {
    now: clock.now,
    log,
    identifiers: (series) => {
      const image = store.images(series)[0]?.image;
      return image && { patientId: image.identity.patientId, seriesInstanceUid: image.seriesInstanceUid };
    },
  });
  undo.push(() => audit.close());
  audit.started(loaded.digest);
  store.onChange((series, change) => {
    if (change.kind === 'event') audit.happened(series, change.event);
    if (change.kind === 'removed') audit.deleted(series, change.by);
  });

  const watermarkBytes = (): number => current.config.retention.minimumFreeGigabytes * 1e9;
  const unmatched = new UnmatchedStructureSets(dataDirectory, log);
  await unmatched.recover();
  const metrics = createMetrics({
    store,
    queues,
    watermarkBytes,
    unmatched: () => unmatched.list().length,
  });
  const lock = new SeriesLock();
  const reconciler = new Reconciler({
    store,
    queues,
    lock,
    clock,
    log,
    current: () => current,
    onResult: (result) => metrics.series.result(result),
  });
  const completion = new SeriesCompletion({
    store,
    log,
    now: clock.now,
    current: () => current,
    countImages: (sender, series) => askCount(current.config, sender, series),
    onOrders: (series) => reconciler.series(series),
  });
  const peer = (name: string | undefined) => current.config.peers.find((candidate) => candidate.name === name);
  const assembly = new SeriesAssembly({
    store,
    clock,
    log,
    lock,
    quietPeriodSeconds: (name) => peer(name)?.quietPeriodSeconds ?? current.config.intake.quietPeriodSeconds,
    completeOnRelease: (name) => peer(name)?.completeOnRelease ?? false,
    complete: (series) => completion.complete(series),
  });
  undo.push(async () => {
    assembly.close();
    await reconciler.close();
    await lock.idle();
  });
  const commitments = new StorageCommitments({ store, lock, key, clock, log, config: () => current.config });
  await commitments.recover();
  undo.push(() => commitments.close());
  const commitmentOptions = { store, lock, log, config: () => current.config };
  const commitmentResults = new CommitmentResults(commitmentOptions);
  const commitmentRequests = new CommitmentRequests({ ...commitmentOptions, clock, results: commitmentResults });
  undo.push(() => commitmentRequests.close());
  const actions = new OperatorActions({
    store,
    assembly,
    completion,
    reconciler,
    commitments,
    lock,
    current: () => current,
    log,
  });

  const retention = new RetentionRuns({
    store,
    log,
    clock,
    lock,
    assembly,
    commitments,
    unmatched,
    limits: () => current.config.retention,
  });
  const disk = new DiskWatch({
    dataDirectory,
    clock,
    log,
    lowBytes: watermarkBytes,
    reservedBytes: () => current.config.intake.reservedMegabytes * 1e6,
    onLow: () => retention.run(),
  });
  const receiver = new InstanceReceiver({
    store,
    assembly,
    lock,
    key,
    log,
    sync: current.config.intake.syncToDisk,
    disk,
  });

  const structureSets = new StructureSetReceiver({
    store,
    unmatched,
    lock,
    key,
    log,
    disk,
    onMatched: (series) => reconciler.series(series),
  });

  const http = await startHttpServer({
    config: () => current.config.http,
    series: store,
    dataDirectory,
    identity: (series) => store.images(series)[0]?.image.identity,
    targets: () => operatorTargets(current.config),
    node: { aeTitle: current.config.dicom.aeTitle, dicomPort: current.config.dicom.port },
    actions,
    queues,
    quality: () => store.quality(),
    unmatched,
    unmatchedDays: () => current.config.retention.unmatchedDays,
    metrics,
    audit,
    problems: async () => [...(reloadProblem === undefined ? [] : [reloadProblem]), ...(await disk.problems())],
    log,
  });
  undo.push(() => http.close());

  assembly.recover();
  await disk.start();
  undo.push(() => disk.close());
  const scp = await startStorageScp({
    config: () => current.config,
    directory: join(dataDirectory, incomingFolder),
    full: () => disk.full,
    store: metrics.associations.counting((received) =>
      received.sopClassUid === rtStructureSetStorage ? structureSets.store(received) : receiver.store(received),
    ),
    commitment: { provider: commitments, listener: commitmentResults },
    onRefused: (association, named, status) => {
      metrics.associations.refused(association, status);
      receiver.refused(association, named, status);
    },
    onRejected: (reason) => metrics.associations.rejected(reason),
    onAssociationStart: () => metrics.associations.started(),
    onAssociationEnd: (association, how) => {
      metrics.associations.ended(association, how);
      assembly.ended(association, how);
    },
    log,
  });
  undo.push(() => scp.close());
  reconciler.start();
  commitmentRequests.start();
  const clockWatch = new ClockWatch({
    clock,
    log,
    onSetBack: () => void queues.clockSetBack().then(() => reconciler.all()),
  });
  undo.push(() => clockWatch.close());
  const notifier = startNotifier({ store, lock, clock, log, current: () => current.config });
  undo.push(() => notifier.close());
  retention.run();
  undo.push(() => retention.close());
  log.info({ dicom: scp.port, dicomTls: scp.tlsPort, http: http.url, dataDirectory }, 'the node runs');

  return {
    dicomPort: scp.port,
    dicomTlsPort: scp.tlsPort,
    httpUrl: http.url,
    series: store,
    actions,
    async reload(load) {
      try {
        const next = await load();
        await scp.renewCertificates();
        await http.renewCertificate();
        const config = takeOver(current.config, next.config);
        for (const name of needRestart(config, next.config)) log.warn(`${name}: changed; it takes a restart to count`);
        current = { config, digest: createHash('sha256').update(JSON.stringify(config)).digest('hex') };
        reloadProblem = undefined;
        audit.configured(true, current.digest);
      } catch (error) {
        reloadProblem = problemFrom(error);
        audit.configured(false, current.digest);
        log.error(
          { err: asContourNodeError(error) },
          'the configuration was not taken; the old peers and routes stay in force',
        );
        return false;
      }
      queues.setDestinations(current.config.destinations.map(({ name }) => name));
      http.refreshQueues();
      await notifier.renew();
      reconciler.all();
      log.info('peers, destinations, routes, users and notifications taken over');
      return true;
    },
    async close() {
      for (const step of undo.splice(0).toReversed()) await step();
    },
  };
}

const countTimeoutSeconds = 20;

/** 0 images is no answer: a console that has sent them knows them, or does not say. */
async function askCount(
  { dicom }: Config,
  sender: Peer,
  series: { studyInstanceUid: string; seriesInstanceUid: string },
): Promise<number | undefined> {
  const address = configuredPeer(sender, dicom);
  if (address === undefined) return undefined;
  const options = { callingAe: dicom.aeTitle, timeoutSeconds: countTimeoutSeconds };
  const images = await countSeriesInstances(address, series, options);
  return images === 0 ? undefined : images;
}
