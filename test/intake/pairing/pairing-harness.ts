import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Config } from '../../../src/config/schema.ts';
import type { AssociationEnd } from '../../../src/dimse/association-info.ts';
import { startStorageScp } from '../../../src/dimse/scp/storage-scp.ts';
import { findInstances } from '../../../src/dimse/scu/find-instances.ts';
import { storeInstances, type StoreResult } from '../../../src/dimse/scu/storage-scu.ts';
import { orderFile } from '../../../src/work/paths.ts';
import type { WorkOrder } from '../../../src/work/work-order.ts';
import { type CtSlice, ctSliceFile } from '../../support/ct-slice.ts';
import { type MrSlice, mrSlice } from '../../support/mr-slice.ts';
import { type RegistrationFile, registrationFile } from '../../support/registration-file.ts';
import { type BenchOptions, IntakeHarness, quietLog, range, writeBundleManifest } from '../intake-harness.ts';

export const ctSeries = '1.2.826.11.1';
export const mrSeries = '1.2.826.11.2';
export const regSeries = '1.2.826.11.3';
/** Frames of reference of a CT slice and of an MR slice of the tests. */
export const [ctFrame, mrFrame] = ['1.2.3.901', '1.2.3.902'] as const;

const [cos, sin] = [Math.cos(0.1), Math.sin(0.1)];
/** Row-major: by 0.1 radians about z, then a shift, from the MR to the CT. */
export const mrToCt = [cos, -sin, 0, 5, sin, cos, 0, -3, 0, 0, 1, 8, 0, 0, 0, 1];

/** An intake behind its real storage SCP. */
export type PairingBench = IntakeHarness & {
  /**
   * Sends files on one association by C-STORE, and waits until it has ended.
   *
   * @param how what the intake is told of its end
   */
  sendFiles(files: readonly Buffer[], how?: AssociationEnd): Promise<StoreResult[]>;
};

/** An intake whose only route contours with a bundle that sees T1 MR with contrast agent. */
export async function pairingBench(
  t: TestContext,
  input: Record<string, unknown> = {},
  options: BenchOptions = {},
): Promise<PairingBench> {
  const models = await mkdtemp(join(tmpdir(), 'contour-node-models-'));
  t.after(() => rm(models, { recursive: true, force: true }));
  await writeBundleManifest(models, 'one');
  const match = { seriesDescription: '^T1.*GD', contrastAgent: 'given' };
  const route = { name: 'npc', models: ['one'], inputs: { MR: { match, ...input } } };
  const config = { models: { directory: models }, routes: [route] };
  return withScp(t, await IntakeHarness.open(t, { config, ...options }));
}

async function withScp(t: TestContext, bench: IntakeHarness): Promise<PairingBench> {
  const folder = await mkdtemp(join(tmpdir(), 'contour-node-sent-'));
  const config: Config = { ...bench.config, dicom: { ...bench.config.dicom, host: '127.0.0.1', port: 0 } };
  let ended: () => void = () => {};
  let told: AssociationEnd | undefined;
  const { scp } = bench.intake;
  const running = await startStorageScp({
    ...scp,
    config: () => config,
    log: quietLog,
    onAssociationEnd: (association, how) => {
      scp.onAssociationEnd(association, told ?? how);
      ended();
    },
  });
  t.after(async () => {
    await running.close();
    await rm(folder, { recursive: true, force: true });
  });
  let number = 0;
  const sendFiles = async (files: readonly Buffer[], how?: AssociationEnd): Promise<StoreResult[]> => {
    told = how;
    const place = join(folder, String(++number));
    await mkdir(place);
    for (const [index, file] of files.entries())
      await writeFile(join(place, `${String(index).padStart(3, '0')}.dcm`), file);
    const { instances } = await findInstances([place]);
    const end = new Promise<void>((resolve) => (ended = resolve));
    const peer = { aeTitle: 'CONTOUR', host: '127.0.0.1', port: running.port };
    const results = await storeInstances(peer, instances, { callingAe: 'SCANNER', timeoutSeconds: 20 });
    await end;
    return results;
  };
  return Object.assign(bench, { sendFiles });
}

export async function sendCt(bench: PairingBench, changes: Partial<CtSlice> = {}): Promise<void> {
  await bench.sendFiles(range(1, 12).map((number) => ctSliceFile({ series: ctSeries, number, ...changes })));
  await settle(bench);
}

export async function sendMr(
  bench: PairingBench,
  changes: Partial<MrSlice> = {},
  numbers: readonly number[] = range(1, 12),
): Promise<void> {
  await bench.sendFiles(numbers.map((number) => ctSliceFile(mrSlice({ series: mrSeries, number, ...changes }))));
  await settle(bench);
}

/** From the MR to the CT, unless the changes say otherwise. */
export async function sendRegistration(bench: PairingBench, changes: Partial<RegistrationFile> = {}): Promise<void> {
  const usual = { series: regSeries, frame: ctFrame, items: [{ frame: mrFrame, matrix: mrToCt }] };
  await bench.sendFiles([registrationFile({ ...usual, ...changes })]);
  await settle(bench);
}

/** Lets the quiet period pass, and what follows of it for other series. */
export async function settle(bench: IntakeHarness, seconds = 21): Promise<void> {
  await bench.pass(seconds);
  for (let round = 0; round < 3; round++) {
    await new Promise((resolve) => setImmediate(resolve));
    await bench.pass(0);
  }
}

/** The newest order of the CT as it lies on the disk. */
export function orderOf(bench: IntakeHarness): WorkOrder | undefined {
  const [order] = bench.show(ctSeries).orders;
  if (order === undefined) return undefined;
  return JSON.parse(readFileSync(join(bench.dataDirectory, order.folder, orderFile), 'utf8')) as WorkOrder;
}
