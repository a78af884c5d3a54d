import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type BundleManifest, sliceManifestSchema } from '../../src/bundles/manifest.ts';
import { type Config, configSchema } from '../../src/config/schema.ts';
import type { AssociationEnd, AssociationInfo } from '../../src/dimse/association-info.ts';
import type { Clock } from '../../src/clock.ts';
import { ContourNodeError } from '../../src/errors.ts';
import type { CountInstances } from '../../src/intake/complete/count-at-peer.ts';
import type { RetrieveSeries } from '../../src/intake/complete/retrieve-series.ts';
import type { SeriesAssembly } from '../../src/intake/complete/series-assembly.ts';
import type { UnmatchedStructureSets } from '../../src/intake/correction/unmatched-structure-sets.ts';
import { type Intake, openIntake } from '../../src/intake/open-intake.ts';
import type { OperatorActions } from '../../src/intake/operator-actions.ts';
import type { SeriesLock } from '../../src/intake/series-lock.ts';
import type { Reconciler } from '../../src/intake/tries/reconcile.ts';
import type { JobQueues } from '../../src/jobs/job-queues.ts';
import { createLog, type Log } from '../../src/log.ts';
import { pseudonym } from '../../src/pseudonym.ts';
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
  readonly countInstances?: CountInstances;
  readonly retrieve?: RetrieveSeries;
  /** A folder to go on with, after a crash. */
  readonly dataDirectory?: string;
  readonly clock?: ManualClock;
  /** With it orders and deliveries go on; without it Redis is away. */
  readonly queues?: JobQueues;
}

export const quietLog: Log = createLog({ logging: { level: 'error' } }, 'test', { write: () => undefined });

/** Redis does not answer, and never will. */
export const redisAway: JobQueues = {
  addContour: away,
  idleContourSlots: away,
  addContourAhead: away,
  addPictures: away,
  addCompare: away,
  addDeliver: away,
  statusOf: away,
  depth: away,
  remove: away,
  setDestinations: () => {},
  clockSetBack: async () => {},
  onEvent: () => {},
  onReady: () => {},
};

async function away(): Promise<never> {
  throw new ContourNodeError('REDIS_UNAVAILABLE', 'Redis does not answer');
}

/** The intake without network: receiving, assembly, checks, routing, orders on a real folder. */
export class IntakeHarness {
  readonly dataDirectory: string;
  readonly clock: ManualClock;
  readonly store: Store;
  readonly intake: Intake;
  readonly #current: { config: Config };
  #associations = 0;
  #files = 0;

  private constructor(current: { config: Config }, clock: ManualClock, store: Store, intake: Intake) {
    this.dataDirectory = store.dataDirectory;
    this.clock = clock;
    this.#current = current;
    this.store = store;
    this.intake = intake;
  }

  static async open(t: TestContext, options: BenchOptions = {}): Promise<IntakeHarness> {
    const dataDirectory = options.dataDirectory ?? (await mkdtemp(join(tmpdir(), 'contour-node-intake-')));
    const clock = options.clock ?? new ManualClock();
    const current = {
      config: configSchema.parse({
        ...options.config,
        dataDirectory,
        // Whatever disk the tests run on.
        intake: { reservedMegabytes: 0, ...(options.config?.['intake'] as object) },
        retention: { minimumFreeGigabytes: 0, ...(options.config?.['retention'] as object) },
      }),
    };
    const store = await Store.open({ dataDirectory, log: quietLog, now: () => clock.now() });
    const intake = await openIntake({
      store,
      queues: options.queues ?? redisAway,
      clock,
      log: quietLog,
      current: () => ({ ...current, digest: '0'.repeat(64) }),
      countInstances: options.countInstances ?? (async () => undefined),
      ...(options.retrieve !== undefined && { retrieve: options.retrieve }),
    });
    const bench = new IntakeHarness(current, clock, store, intake);
    t.after(async () => {
      await bench.crash();
      await rm(dataDirectory, { recursive: true, force: true });
    });
    if (options.queues !== undefined) intake.start();
    return bench;
  }

  /** Replaced as a whole, as a reload does. */
  get config(): Config {
    return this.#current.config;
  }

  set config(config: Config) {
    this.#current.config = config;
  }

  get key(): Buffer {
    return this.intake.key;
  }

  get lock(): SeriesLock {
    return this.intake.lock;
  }

  get assembly(): SeriesAssembly {
    return this.intake.assembly;
  }

  get reconciler(): Reconciler {
    return this.intake.reconciler;
  }

  get actions(): OperatorActions {
    return this.intake.actions;
  }

  get unmatched(): UnmatchedStructureSets {
    return this.intake.unmatched;
  }

  /** Ends without recording anything; the folder stays. */
  async crash(): Promise<void> {
    await this.intake.close();
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
    const status = await this.intake.scp.store(received);
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
