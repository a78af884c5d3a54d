import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { transformed } from '../../src/dicom/affine.ts';
import { indexArchive } from '../../worker/archive/index-archive.ts';
import { type PairedModality, pairedModalities, readModalities } from '../../worker/archive/modality-series.ts';
import { ctSliceFile } from '../support/ct-slice.ts';
import { type MrSlice, mrSlice } from '../support/mr-slice.ts';
import { type RegistrationFile, registrationFile, shiftMatrix } from '../support/registration-file.ts';
import { temporaryFolder } from '../support/threshold-bundle.ts';

const [ct, mr] = ['1.2.826.11.1', '1.2.826.11.2'] as const;
const [ctFrame, mrFrame] = ['1.2.3.901', '1.2.3.902'] as const;
const numbers = [1, 2, 3, 4];

interface Archive {
  readonly mr?: (number: number) => Partial<MrSlice>;
  readonly registrations?: readonly Partial<RegistrationFile>[];
}

/** CT, MR and registrations of one patient in one folder. @returns the MR that leads from the CT there */
async function paired(
  t: TestContext,
  { mr: changes = () => ({}), registrations = [] }: Archive,
): Promise<PairedModality[]> {
  const folder = await temporaryFolder(t);
  await mkdir(folder, { recursive: true });
  for (const number of numbers) {
    await writeFile(join(folder, `ct-${number}.dcm`), ctSliceFile({ series: ct, number }));
    await writeFile(join(folder, `mr-${number}.dcm`), ctSliceFile(mrSlice({ series: mr, number, ...changes(number) })));
  }
  for (const [index, one] of registrations.entries()) {
    const usual = {
      series: `1.2.826.11.3.${index}`,
      frame: ctFrame,
      items: [{ frame: mrFrame, matrix: shiftMatrix(1, 2, 3) }],
    };
    await writeFile(join(folder, `reg-${index}.dcm`), registrationFile({ ...usual, ...one }));
  }
  const index = await indexArchive([folder]);
  return pairedModalities(index.series[0]!, index.modalities, index.registrations);
}

const inMr = ([found]: readonly PairedModality[]) => found && transformed(found.fromCt, [11, 12, 13]);
const moved = (x: number) => ({ items: [{ frame: mrFrame, matrix: shiftMatrix(x, 2, 3) }] });

test('an item of a registration that names images alone stands for their frame of reference', async (t) => {
  const found = await paired(t, {
    registrations: [{ items: [{ images: [`${mr}.2`], matrix: shiftMatrix(1, 2, 3) }] }],
  });
  assert.deepEqual(inMr(found), [10, 10, 10]);
});

test('registrations that differ by up to 1 mm in the CT are one, as in the intake; beyond, none is taken', async (t) => {
  assert.deepEqual(inMr(await paired(t, { registrations: [{}, moved(1.9)] })), [10, 10, 10]);
  await assert.rejects(paired(t, { registrations: [{}, moved(2.5)] }), {
    code: 'SERIES_REGISTRATION',
    message: 'registrations of the MR differ by 1.5 mm',
  });
});

test('where a registration moves the MR within the frame of the CT, that frame does not lead to it', async (t) => {
  const inFrame = () => ({ frame: ctFrame });
  assert.deepEqual(inMr(await paired(t, { mr: inFrame })), [11, 12, 13]);
  const matrix = shiftMatrix(0, 30, 0);
  for (const item of [
    { images: [`${mr}.1`], matrix },
    { frame: ctFrame, matrix },
  ])
    await assert.rejects(paired(t, { mr: inFrame, registrations: [{ items: [item] }] }), {
      code: 'SERIES_REGISTRATION',
      message: /moves CT or MR within its own frame/,
    });
  const elsewhere = { items: [{ images: ['1.2.3.4.5'], matrix }] };
  assert.deepEqual(inMr(await paired(t, { mr: inFrame, registrations: [elsewhere] })), [11, 12, 13]);
});

test('an MR with the Patient ID of the CT and another name is refused, one without a frame of reference not found', async (t) => {
  const named = (number: number) => ({ frame: ctFrame, patient: number === 1 ? '' : 'Roe^Richard' });
  await assert.rejects(paired(t, { mr: named }), {
    code: 'SERIES_MIXED_IDENTITY',
    message: "CT and MR have one Patient ID and differ in Patient's Name",
  });
  assert.deepEqual(await paired(t, { mr: () => ({ frame: '' }) }), []);
  // A registration of somebody else leads nowhere.
  assert.deepEqual(await paired(t, { registrations: [{ patient: 'Roe^Richard' }] }), []);
});

test('a localiser in the series of the MR does not say where it lies', async (t) => {
  const localiser = { imageType: 'ORIGINAL\\PRIMARY\\LOCALIZER', frame: ctFrame };
  const found = await paired(t, { mr: (number) => (number === 1 ? localiser : {}), registrations: [{}] });
  assert.deepEqual(inMr(found), [10, 10, 10]);
  const wanted = [{ name: 'MR', modality: 'MR', normalisation: 'z-score', mayBeMissing: true }] as never;
  const [read] = await readModalities(wanted, found);
  assert.equal(read!.image.size[2], 3);
});
