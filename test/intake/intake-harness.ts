import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type BundleManifest, sliceManifestSchema } from '../../src/bundles/manifest.ts';
import { type Config, configSchema } from '../../src/config/schema.ts';
import { rtStructureSetStorage } from '../../src/dicom/rtstruct/structure-set.ts';
import type { AssociationEnd, AssociationInfo } from '../../src/dimse/association-info.ts';
import type { Clock } from '../../src/clock.ts';
import { type CountImages, type CurrentConfig, SeriesCompletion } from '../../src/intake/complete/complete-series.ts';
import type { JobQueues } from '../../src/jobs/job-queues.ts';
import { DiskWatch } from '../../src/intake/upkeep/disk-watch.ts';
import { OperatorActions } from '../../src/intake/operator-actions.ts';
import { InstanceReceiver } from '../../src/intake/receive/receive-instance.ts';
import { StructureSetReceiver } from '../../src/intake/correction/receive-structure-set.ts';
import { UnmatchedStructureSets } from '../../src/intake/correction/unmatched-structure-sets.ts';
import { Reconciler } from '../../src/intake/tries/reconcile.ts';
import { SeriesAssembly } from '../../src/intake/complete/series-assembly.ts';
import { SeriesLock } from '../../src/intake/series-lock.ts';
import { createLog, type Log } from '../../src/log.ts';
import { pseudonym } from '../../src/pseudonym.ts';
import { pseudonymKey } from '../../src/store/pseudonym-key.ts';
import { Store } from '../../src/store/store.ts';
import { type CtSlice, ctSliceFile, sopInstanceUidOf } from '../support/ct-slice.ts';

/** A clock that stands still until it is told to go on. */
export class ManualClock implements Clock {
  #elapsed = 0;
  /** Time of day when nothing had elapsed. */
  #start = Date.now();
  #timers: { at: number; call: () => void }[] = [];

  readonly now = (): number => this.#start + this.#elapsed;

  readonly elapsed = (): number => this.#elapsed;

  after(milliseconds: number, call: () => void): () => void {
    const timer = { at: this.#elapsed + milliseconds, call };
    this.#timers.push(timer);
    return () => (this.#timers = this.#timers.filter((other) => other !== timer));
  }

  /** Lets so many seconds pass; what falls due is called in its order. */
  pass(seconds: number): void {
    const end = this.#elapsed + seconds * 1000;
    for (;;) {
      const next = this.#timers.filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((other) => other !== next);
      this.#elapsed = Math.max(this.#elapsed, next.at);
      next.call();
    }
    this.#elapsed = end;
  }

  /** Somebody sets the time of day back. */
  setBack(seconds: number): void {
    this.#start -= seconds * 1000;
  }
}

export interface BenchOptions {
  readonly config?: Record<string, unknown>;
  readonly countImages?: CountImages;
  readonly reservedBytes?: number;
  /** A folder to go on with, after a crash. */
  readonly dataDirectory?: string;
  readonly clock?: ManualClock;
  /** With it orders and deliveries go on: reconciler and operator's actions. */
  readonly queues?: JobQueues;
}

export const quietLog: Log = createLog({ logging: { level: 'error' } }, 'test', { write: () => undefined });

/** The intake without network and queues: receiving, assembly, checks, routing, orders on a real folder. */
export class IntakeBench {
  readonly dataDirectory: string;
  readonly clock: ManualClock;
  config: Config;
  readonly store: Store;
  readonly lock = new SeriesLock();
  readonly assembly: SeriesAssembly;
  readonly receiver: InstanceReceiver;
  readonly unmatched: UnmatchedStructureSets;
  readonly structureSets: StructureSetReceiver;
  readonly key: Buffer;
  readonly reconciler: Reconciler | undefined;
  readonly actions: OperatorActions | undefined;
  #associations = 0;
  #files = 0;

  private constructor(options: BenchOptions, dataDirectory: string, clock: ManualClock, store: Store, key: Buffer) {
    this.dataDirectory = dataDirectory;
    this.clock = clock;
    this.store = store;
    this.key = key;
    this.config = configSchema.parse({ dataDirectory, ...options.config });
    const current = (): CurrentConfig => ({ config: this.config, digest: '0'.repeat(64) });
    const completion = new SeriesCompletion({
      store,
      log: quietLog,
      now: () => clock.now(),
      current,
      countImages: options.countImages ?? (async () => undefined),
      onOrders: (series) => this.reconciler?.series(series),
    });
    const peer = (name: string | undefined) => this.config.peers.find((candidate) => candidate.name === name);
    this.assembly = new SeriesAssembly({
      store,
      clock,
      lock: this.lock,
      log: quietLog,
      quietPeriodSeconds: (name) => peer(name)?.quietPeriodSeconds ?? this.config.intake.quietPeriodSeconds,
      completeOnRelease: (name) => peer(name)?.completeOnRelease ?? false,
      complete: (series) => completion.complete(series),
    });
    const { assembly, lock } = this;
    const disk = new DiskWatch({
      dataDirectory,
      clock,
      log: quietLog,
      lowBytes: () => 0,
      reservedBytes: () => options.reservedBytes ?? 0,
    });
    this.unmatched = new UnmatchedStructureSets(dataDirectory, quietLog);
    this.structureSets = new StructureSetReceiver({
      store,
      unmatched: this.unmatched,
      lock,
      key,
      log: quietLog,
      disk,
      onMatched: (series) => this.reconciler?.series(series),
    });
    this.receiver = new InstanceReceiver({
      store,
      assembly,
      lock,
      key,
      log: quietLog,
      sync: true,
      disk,
    });
    if (options.queues === undefined) return;
    this.reconciler = new Reconciler({
      store,
      lock,
      clock,
      current,
      log: quietLog,
      queues: options.queues,
      onResult: () => undefined,
    });
    this.actions = new OperatorActions({
      completion,
      store,
      assembly,
      lock,
      current,
      log: quietLog,
      reconciler: this.reconciler,
      commitments: { holds: () => false },
    });
  }

  static async open(t: TestContext, options: BenchOptions = {}): Promise<IntakeBench> {
    const dataDirectory = options.dataDirectory ?? (await mkdtemp(join(tmpdir(), 'contour-node-intake-')));
    const clock = options.clock ?? new ManualClock();
    const key = await pseudonymKey(dataDirectory);
    const store = await Store.open({ dataDirectory, log: quietLog, now: () => clock.now() });
    const bench = new IntakeBench(options, dataDirectory, clock, store, key);
    t.after(async () => {
      await bench.crash();
      await rm(dataDirectory, { recursive: true, force: true });
    });
    await bench.unmatched.recover();
    bench.assembly.recover();
    bench.reconciler?.start();
    return bench;
  }

  /** Ends without a word to anybody; the folder stays. */
  async crash(): Promise<void> {
    this.assembly.close();
    await this.reconciler?.close();
    await this.lock.idle();
    try {
      this.store.close();
    } catch {
      // It was closed before.
    }
  }

  associate(changes: Partial<AssociationInfo> = {}): AssociationInfo {
    return {
      id: `a${++this.#associations}`,
      callingAe: 'SCANNER',
      calledAe: 'CONTOUR',
      address: '127.0.0.1',
      ...changes,
    };
  }

  /** Hands one slice over as the SCP does. @returns the DIMSE status */
  async send(
    association: AssociationInfo,
    slice: CtSlice,
    command: { sopClassUid?: string; sopInstanceUid?: string } = {},
  ): Promise<number> {
    return this.sendBytes(association, ctSliceFile(slice), { sopInstanceUid: sopInstanceUidOf(slice), ...command });
  }

  async sendBytes(
    association: AssociationInfo,
    bytes: Uint8Array,
    command: { sopClassUid?: string; sopInstanceUid: string },
  ): Promise<number> {
    const folder = join(this.dataDirectory, 'incoming');
    await mkdir(folder, { recursive: true });
    const path = join(folder, `${++this.#files}.part`);
    await writeFile(path, bytes);
    const received = {
      path,
      sopClassUid: '1.2.840.10008.5.1.4.1.1.2',
      transferSyntaxUid: '1.2.840.10008.1.2',
      bytes: bytes.length,
      flushed: Promise.resolve(),
      association,
      ...command,
    };
    const receiver = received.sopClassUid === rtStructureSetStorage ? this.structureSets : this.receiver;
    const status = await receiver.store(received);
    await rm(path, { force: true });
    return status;
  }

  /** One association with these slices of a series. @returns the statuses that are not 0 */
  async sendAll(
    series: string,
    numbers: Iterable<number>,
    how: AssociationEnd = 'released',
    changes: Partial<CtSlice> = {},
  ): Promise<number[]> {
    const association = this.associate();
    const statuses: number[] = [];
    for (const number of numbers) statuses.push(await this.send(association, { series, number, ...changes }));
    this.assembly.ended(association, how);
    return statuses.filter((status) => status !== 0);
  }

  /** Lets the time pass, and waits for what it sets off. */
  async pass(seconds: number): Promise<void> {
    this.clock.pass(seconds);
    await this.lock.idle();
  }

  keyOf(uid: string): string {
    return pseudonym(this.key, uid);
  }

  show(series: string) {
    const shown = this.store.show(this.keyOf(series));
    if (shown === undefined) throw new Error('the series is not known');
    return shown;
  }
}

/** first, first + 1, … last */
export function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

/** `NAME/bundle.json` of a model that nobody can run. @returns the manifest */
export async function writeBundleManifest(
  models: string,
  name: string,
  changes: Record<string, unknown> = {},
): Promise<BundleManifest> {
  const sha256 = '0'.repeat(64);
  const tensor = { path: 'tensor.bin', sha256, shape: [1] };
  const manifest = sliceManifestSchema.parse({
    formatVersion: 1,
    name,
    version: '1.2.3',
    description: 'for tests',
    architecture: { family: 'imported' },
    input: {
      spacingMm: 2,
      sliceSpacingMm: null,
      size: [64, 64],
      centre: 'body',
      neighbours: 0,
      windows: [{ low: -100, high: 300 }],
    },
    output: { activation: 'probability' },
    rois: [{ name: 'GTVp', interpretedType: 'GTV', colour: [255, 0, 0] }],
    intendedUse: 'clinical',
    applicability: { sliceSpacingMm: [1, 5] },
    licence: 'none',
    files: { model: { path: 'model.onnx', sha256 }, golden: { input: tensor, output: tensor } },
    ...changes,
  });
  await mkdir(join(models, name), { recursive: true });
  await writeFile(join(models, name, 'bundle.json'), JSON.stringify(manifest));
  return manifest;
}
