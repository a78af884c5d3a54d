import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { z } from 'zod';
import { configSchema } from '../../src/config/schema.ts';
import { readableUids } from '../../src/dicom/readable-uids.ts';
import type { AssociationEnd, AssociationInfo, ReceivedInstance } from '../../src/dimse/association-info.ts';
import type { CommitmentRoles } from '../../src/dimse/commitment/scp/commitment-exchange.ts';
import { type RunningStorageScp, startStorageScp } from '../../src/dimse/scp/storage-scp.ts';
import type { Cleanup } from '../support/cleanup.ts';
import { eventually } from '../support/eventually.ts';

export interface TestScp extends RunningStorageScp {
  /** What was stored, with the place where it is kept now. */
  readonly kept: readonly ReceivedInstance[];
  readonly started: readonly AssociationInfo[];
  readonly ended: readonly { readonly association: AssociationInfo; readonly how: AssociationEnd }[];
  /** Statuses of instances that were refused without asking for them to be kept. */
  readonly refused: readonly number[];
  /** SOP Instance UIDs that could be read from the beginning of their data sets. */
  readonly refusedUids: readonly (string | undefined)[];
  /** Why presentation contexts were refused, where that is told. */
  readonly refusedContexts: readonly string[];
  /** Warnings of the log. */
  readonly warnings: readonly string[];
  /** Waits until so many associations have ended. */
  untilEnded(count: number): Promise<void>;
  /** Names in the folder for incoming instances. */
  incoming(): Promise<string[]>;
  readonly directory: string;
}

export async function temporaryFolder(t: Cleanup): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'contour-node-dimse-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** The real SCP on a free port of this machine; what it receives is kept in a folder by number. */
export async function runningScp(
  t: Cleanup,
  options: {
    dicom?: Partial<z.input<typeof configSchema>['dicom']>;
    peers?: object[];
    routes?: object[];
    sync?: boolean;
    /** Runs before an instance is kept; what it returns is the status. */
    store?: (instance: ReceivedInstance) => Promise<number>;
    commitment?: CommitmentRoles;
  } = {},
): Promise<TestScp> {
  const folder = await temporaryFolder(t);
  const directory = join(folder, 'incoming');
  const config = configSchema.parse({
    // The schema allows no port 0: it is what tests take.
    dicom: { host: '127.0.0.1', shutdownSeconds: 0, ...options.dicom },
    intake: { syncToDisk: options.sync ?? false },
    peers: options.peers ?? [],
    routes: options.routes ?? [],
  });
  config.dicom.port = 0;
  if (config.dicom.tls !== undefined) config.dicom.tls.port = 0;
  const kept: ReceivedInstance[] = [];
  const started: AssociationInfo[] = [];
  const ended: { association: AssociationInfo; how: AssociationEnd }[] = [];
  const warnings: string[] = [];
  const refused: number[] = [];
  const refusedUids: (string | undefined)[] = [];
  const refusedContexts: string[] = [];
  await mkdir(join(folder, 'kept'));
  const scp = await startStorageScp({
    config: () => config,
    directory,
    store: async (instance) => {
      const status = (await options.store?.(instance)) ?? 0;
      if (status !== 0) return status;
      const path = join(folder, 'kept', `${kept.length}.dcm`);
      kept.push({ ...instance, path });
      await rename(instance.path, path);
      return status;
    },
    ...(options.commitment === undefined ? {} : { commitment: options.commitment }),
    onRefused: (_association, { head }, status) => {
      refused.push(status);
      refusedUids.push(readableUids(head).sopInstanceUid);
    },
    onAssociationEnd: (association, how) => ended.push({ association, how }),
    observer: {
      started: (association) => void started.push(association),
      rejected: () => {},
      contextRefused: (reason) => void refusedContexts.push(reason),
      ended: () => {},
      answered: () => {},
    },
    log: { debug: () => {}, info: () => {}, warn: (_fields, message) => void warnings.push(message) },
  });
  t.after(() => scp.close());
  return {
    port: scp.port,
    tlsPort: scp.tlsPort,
    renewCertificates: () => scp.renewCertificates(),
    get associations() {
      return scp.associations;
    },
    close: () => scp.close(),
    kept,
    started,
    ended,
    refused,
    refusedUids,
    refusedContexts,
    warnings,
    directory,
    untilEnded: async (count) => {
      await eventually(`${count} associations ended`, 20, () => (ended.length >= count ? true : undefined));
    },
    incoming: () => readdir(directory),
  };
}
