import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import type { CurrentConfig } from '../config/config-in-force.ts';
import type { Config } from '../config/schema.ts';
import { rtStructureSetStorage } from '../dicom/rtstruct/structure-set.ts';
import type { StorageScpOptions } from '../dimse/scp/storage-scp.ts';
import type { JobQueues } from '../jobs/job-queues.ts';
import type { Log } from '../log.ts';
import { pseudonymKey } from '../store/pseudonym-key.ts';
import type { Store } from '../store/store.ts';
import { incomingFolder } from '../work/paths.ts';
import type { WorkResult } from '../work/work-result.ts';
import { CommitmentRequests } from './commitment/commitment-requests.ts';
import { CommitmentResults } from './commitment/commitment-results.ts';
import { StorageCommitments } from './commitment/storage-commitments.ts';
import { SeriesCompletion } from './complete/complete-series.ts';
import { ContourAhead } from './complete/contour-ahead.ts';
import { countAtPeer, type CountInstances } from './complete/count-at-peer.ts';
import { EarlyLooks } from './complete/early-look.ts';
import { retrieveByMove, type RetrieveSeries } from './complete/retrieve-series.ts';
import { SeriesAssembly } from './complete/series-assembly.ts';
import { StructureSetReceiver } from './correction/receive-structure-set.ts';
import { UnmatchedStructureSets } from './correction/unmatched-structure-sets.ts';
import { OperatorActions } from './operator-actions.ts';
import { CtInputs } from './pairing/ct-inputs.ts';
import { InputWatch } from './pairing/input-watch.ts';
import { InstanceReceiver } from './receive/receive-instance.ts';
import { SeriesLock } from './series-lock.ts';
import { Reconciler } from './tries/reconcile.ts';
import { ClockWatch } from './upkeep/clock-watch.ts';
import { DiskWatch } from './upkeep/disk-watch.ts';
import { RetentionRuns } from './upkeep/retention-runs.ts';

export interface IntakeOptions {
  /** Closed by its owner, after the intake. */
  readonly store: Store;
  readonly queues: JobQueues;
  readonly clock: Clock;
  readonly log: Log;
  /** Asked anew whenever it counts, so that a reload takes effect at once. */
  readonly current: () => CurrentConfig;
  /** A worker's result was recorded. */
  readonly onResult?: (result: WorkResult) => void;
  /** Replaces the C-FIND at the peer. */
  readonly countInstances?: CountInstances;
  /** Replaces the C-MOVE. */
  readonly retrieve?: RetrieveSeries;
}

/** Everything between the DICOM port and the queues, composed over one store. */
export interface Intake {
  /** What the storage SCP hands over, and what it asks. */
  readonly scp: Required<
    Pick<StorageScpOptions, 'directory' | 'full' | 'store' | 'commitment' | 'onRefused' | 'onAssociationEnd'>
  >;
  readonly actions: OperatorActions;
  readonly assembly: SeriesAssembly;
  readonly disk: DiskWatch;
  /** Whatever changes a series holds its lock. */
  readonly lock: SeriesLock;
  readonly reconciler: Reconciler;
  readonly unmatched: UnmatchedStructureSets;
  /** Key of the pseudonyms. */
  readonly key: Buffer;
  /** Another configuration is in force. */
  configured(): void;
  /** Begins what goes out by itself: jobs, storage commitment requests, retention. */
  start(): void;
  /** Ends what is under way; what is due stays on disk. To be called after the SCP is closed. */
  close(): Promise<void>;
}

/**
 * Composes the intake and takes up what an earlier process recorded: from then on instances can be received.
 *
 * @throws what the disk throws
 */
export async function openIntake(options: IntakeOptions): Promise<Intake> {
  const { store, queues, clock, log, current } = options;
  const { dataDirectory } = store;
  const config = (): Config => current().config;
  const key = await pseudonymKey(dataDirectory);
  const lock = new SeriesLock();

  const reconciler = new Reconciler({
    store,
    queues,
    lock,
    clock,
    log,
    current,
    onResult: options.onResult ?? (() => {}),
  });
  const countInstances = options.countInstances ?? countAtPeer(() => config().dicom);
  const inputs = new CtInputs({ store, key, current, now: clock.now });
  const completion = new SeriesCompletion({
    store,
    inputs,
    onInput: (series) => void watch.came(series),
    log,
    now: clock.now,
    current,
    countInstances,
    retrieve: options.retrieve ?? retrieveByMove(() => config().dicom),
    onOrders: (series) => reconciler.series(series),
  });
  const ahead = new ContourAhead({ store, queues, lock, log, now: clock.now, current });
  const early = new EarlyLooks({ store, clock, lock, log, current, countInstances, inputs, ahead });
  const assembly = new SeriesAssembly({
    store,
    clock,
    log,
    lock,
    config,
    early,
    complete: (key, isPatient) => completion.complete(key, isPatient),
  });

  const watch = new InputWatch({ store, lock, log, inputs, again: (series) => assembly.again(series) });

  const commitments = new StorageCommitments({ store, lock, key, clock, log, config });
  const commitmentResults = new CommitmentResults({ store, lock, log, config });
  const commitmentRequests = new CommitmentRequests({ store, lock, log, config, clock, results: commitmentResults });

  const unmatched = new UnmatchedStructureSets(dataDirectory, log);
  const actions = new OperatorActions({
    store,
    assembly,
    inputs,
    reconciler,
    commitments,
    lock,
    current,
    log,
  });
  const limits = (): Config['retention'] => config().retention;
  const retention = new RetentionRuns({ store, log, clock, lock, assembly, commitments, unmatched, limits });
  const disk = new DiskWatch({
    dataDirectory,
    clock,
    log,
    lowBytes: () => limits().minimumFreeGigabytes * 1e9,
    reservedBytes: () => config().intake.reservedMegabytes * 1e6,
    onLow: () => retention.run(),
  });
  const clockWatch = new ClockWatch({
    clock,
    log,
    onSetBack: () => void queues.clockSetBack().then(() => reconciler.all()),
  });

  const sync = config().intake.syncToDisk;
  const instances = new InstanceReceiver({ store, assembly, lock, key, log, sync, disk });
  const structureSets = new StructureSetReceiver({
    store,
    unmatched,
    lock,
    key,
    log,
    disk,
    onMatched: (series) => reconciler.series(series),
  });

  const close = async (): Promise<void> => {
    await retention.close();
    clockWatch.close();
    disk.close();
    await commitmentRequests.close();
    await commitments.close();
    watch.close();
    assembly.close();
    ahead.close();
    await reconciler.close();
    await lock.idle();
  };
  try {
    await unmatched.recover();
    // Before anybody can delete a series: some were promised to their sender.
    await commitments.recover();
    assembly.recover();
    watch.start(clock.now());
    await disk.start();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    scp: {
      directory: join(dataDirectory, incomingFolder),
      full: () => disk.full,
      store: (received) =>
        received.sopClassUid === rtStructureSetStorage ? structureSets.store(received) : instances.store(received),
      commitment: { provider: commitments, listener: commitmentResults },
      onRefused: instances.refused,
      onAssociationEnd: (association, how) => assembly.ended(association, how),
    },
    actions,
    assembly,
    disk,
    lock,
    reconciler,
    unmatched,
    key,
    configured() {
      watch.configured();
      reconciler.all();
    },
    start() {
      reconciler.start();
      commitmentRequests.start();
      retention.run();
    },
    close,
  };
}
