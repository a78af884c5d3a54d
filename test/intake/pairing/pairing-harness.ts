import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { mrImageStorage } from '../../../src/dicom/mr-image.ts';
import { spatialRegistrationStorage } from '../../../src/dicom/spatial-registration.ts';
import type { WorkOrder } from '../../../src/work/work-order.ts';
import { orderFile } from '../../../src/work/paths.ts';
import type { CtSlice } from '../../support/ct-slice.ts';
import { ctSliceFile, sopInstanceUidOf } from '../../support/ct-slice.ts';
import { type MrSlice, mrSlice } from '../../support/mr-slice.ts';
import { type RegistrationFile, registrationFile, registrationUidOf } from '../../support/registration-file.ts';
import { IntakeHarness, range, writeBundleManifest } from '../intake-harness.ts';

export const ctSeries = '1.2.826.11.1';
export const mrSeries = '1.2.826.11.2';
export const regSeries = '1.2.826.11.3';
/** Frames of reference of a CT slice and of an MR slice of the tests. */
export const [ctFrame, mrFrame] = ['1.2.3.901', '1.2.3.902'] as const;

/** Row-major: by 0.1 radians about z, then a shift, from the MR to the CT. */
export const mrToCt = [
  Math.cos(0.1),
  -Math.sin(0.1),
  0,
  5,
  Math.sin(0.1),
  Math.cos(0.1),
  0,
  -3,
  0,
  0,
  1,
  8,
  0,
  0,
  0,
  1,
];

/** An intake whose only route contours with a bundle that sees T1 MR with contrast agent. */
export async function pairingBench(
  t: TestContext,
  input: Record<string, unknown> = {},
  route: Record<string, unknown> = {},
): Promise<IntakeHarness> {
  const models = await mkdtemp(join(tmpdir(), 'contour-node-models-'));
  t.after(() => rm(models, { recursive: true, force: true }));
  await writeBundleManifest(models, 'one');
  return IntakeHarness.open(t, {
    config: {
      models: { directory: models },
      routes: [
        {
          name: 'npc',
          models: ['one'],
          inputs: { MR: { match: { seriesDescription: '^T1.*GD', contrastAgent: 'given' }, ...input } },
          ...route,
        },
      ],
    },
  });
}

export async function sendCt(bench: IntakeHarness, changes: Partial<CtSlice> = {}): Promise<void> {
  await bench.sendAll(ctSeries, range(1, 12), 'released', changes);
  await settle(bench);
}

export async function sendMr(
  bench: IntakeHarness,
  changes: Partial<MrSlice> = {},
  numbers: readonly number[] = range(1, 12),
): Promise<void> {
  const association = bench.associate();
  for (const number of numbers) {
    const slice = mrSlice({ series: mrSeries, number, ...changes });
    await bench.sendBytes(association, ctSliceFile(slice), {
      sopClassUid: mrImageStorage,
      sopInstanceUid: sopInstanceUidOf(slice),
    });
  }
  bench.assembly.ended(association, 'released');
  await settle(bench);
}

/** From the MR to the CT, unless the changes say otherwise. */
export async function sendRegistration(bench: IntakeHarness, changes: Partial<RegistrationFile> = {}): Promise<void> {
  const registration = {
    series: regSeries,
    frame: ctFrame,
    items: [{ frame: mrFrame, matrix: mrToCt }],
    ...changes,
  };
  const association = bench.associate();
  await bench.sendBytes(association, registrationFile(registration), {
    sopClassUid: spatialRegistrationStorage,
    sopInstanceUid: registrationUidOf(registration),
  });
  bench.assembly.ended(association, 'released');
  await settle(bench);
}

/** Lets the quiet period pass, and what follows of it for other series. */
export async function settle(bench: IntakeHarness): Promise<void> {
  await bench.pass(21);
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
