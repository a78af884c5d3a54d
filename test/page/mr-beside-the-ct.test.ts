import assert from 'node:assert/strict';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { pictureAxes, pictureIndexFile, pictureIndexSchema, picturePlanesFile } from '../../src/work/picture-files.ts';
import { range } from '../intake/intake-harness.ts';
import { afterwards } from '../support/afterwards.ts';
import { brightInMrBundle } from '../support/bright-in-mr.ts';
import { clinicCt, clinicSlice, writeFiles } from '../support/clinic-ct.ts';
import { ctSliceFile } from '../support/ct-slice.ts';
import { eventually } from '../support/eventually.ts';
import { mrSlice } from '../support/mr-slice.ts';
import { identityMatrix, registrationFile } from '../support/registration-file.ts';
import { runProgram } from '../support/run-program.ts';
import { startRunningNode } from '../support/running-node.ts';
import { temporaryFolder } from '../support/threshold-bundle.ts';
import { faultsOf, startBrowser } from './browser.ts';

/** Patient, study and frame of the CT of the test. */
const of = (tag: string): string => String(clinicSlice({}, 0)[tag]?.[1]);

/** The mean of what the axial plane shows, with contours and lines. */
async function brightness(page: Page): Promise<number> {
  return page.evaluate<number>(`(() => {
    const canvas = document.querySelector('[data-axis="axial"] canvas');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let sum = 0;
    for (let i = 0; i < data.length; i += 4) sum += data[i];
    return sum / (data.length / 4);
  })()`);
}

test('the page of a CT offers two MR series, names the one that is in use with age and registration, and blends it', async (t) => {
  const bundle = await brightInMrBundle(t);
  const folder = await temporaryFolder(t);
  const node = await startRunningNode(
    { after: (undo) => afterwards(t, undo) },
    {
      models: { directory: dirname(bundle.directory) },
      routes: [{ name: 'all', models: ['bright-in-mr'], inputs: { MR: { match: { seriesDescription: '^t1' } } } }],
    },
  );
  const identity = {
    patient: of('00100010'),
    patientId: of('00100020'),
    study: of('0020000d'),
    more: [
      ['00100030', 'DA', of('00100030')],
      ['00100040', 'CS', of('00100040')],
    ] as const,
  };
  const [first, second] = ['1.2.826.12.1', '1.2.826.12.2'] as const;
  const mr = (series: string, date: string, frame: string) =>
    range(1, 12).map((number) => ({
      name: `${series}.${number}.dcm`,
      bytes: ctSliceFile(mrSlice({ series, number, date, frame, seriesDescription: 'T1 GD tra', ...identity })),
    }));
  const registration = registrationFile({
    series: '1.2.826.12.3',
    frame: of('00200052'),
    patient: identity.patient,
    patientId: identity.patientId,
    birthDate: of('00100030'),
    sex: of('00100040'),
    items: [{ frame: '1.2.3.902', matrix: identityMatrix }],
  });
  await writeFiles(folder, [
    ...clinicCt(),
    ...mr(first, '20260101', of('00200052')),
    ...mr(second, '20260102', '1.2.3.902'),
    { name: 'reg.dcm', bytes: registration },
  ]);
  const sent = await runProgram('storescu', ['-aec', 'CONTOUR', '+sd', '127.0.0.1', `${node.dicomPort}`, folder]);
  assert.equal(sent.code, 0, sent.stderr);
  const ct = await eventually('both are offered', 25, async () => {
    const waiting = (await node.list()).find(({ state }) => state === 'awaiting input');
    return waiting?.problem?.message === 'MR: 2 series fit the route' ? waiting : undefined;
  });

  const browser = await startBrowser(t);
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.goto(`http://127.0.0.1:${node.httpPort}/series/${ct.key}`);
  const rows = page.locator('#inputs tbody tr');
  assert.equal(await rows.count(), 3);
  assert.match(await rows.nth(0).innerText(), /MR: T1 GD tra\s+2026-01-02.*registration [0-9a-f]{16}/s);
  assert.match(await rows.nth(1).innerText(), /2026-01-01.*same frame of reference/s);
  assert.match(await rows.nth(2).innerText(), /MR: the CT alone/);
  assert.deepEqual(await faultsOf(page), []);
  await rows.nth(0).getByRole('button', { name: 'Contour with this one' }).click();
  await eventually('it is contoured', 60, async () =>
    /contoured|nothing found/.test((await node.show(ct.key)).state) ? true : undefined,
  );
  const shown = await node.show(ct.key);
  assert.equal(shown.inputs?.[0]?.how, 'registration');
  await page.reload();
  assert.match(await rows.nth(0).innerText(), /in use/);
  await rows.nth(0).getByRole('link', { name: 'T1 GD tra' }).click();
  await page.getByRole('heading', { name: /^MR /, level: 1 }).waitFor();
  await page.goBack();

  // As a worker writes them for a bundle that sees MR: here with the grey values of the CT.
  const order = join(node.dataDirectory, shown.orders[0]!.folder);
  const indexPath = join(order, pictureIndexFile);
  const text = await eventually('the pictures are there', 30, () => readFile(indexPath, 'utf8').catch(() => undefined));
  const index = pictureIndexSchema.parse(JSON.parse(text));
  for (const axis of pictureAxes)
    await copyFile(join(order, picturePlanesFile(axis)), join(order, picturePlanesFile(axis, 'MR')));
  const { axial, coronal, sagittal } = index.planes;
  const chunks = { axial: axial.chunks, coronal: coronal.chunks, sagittal: sagittal.chunks };
  await writeFile(indexPath, JSON.stringify({ ...index, overlays: [{ name: 'MR', chunks }] }));
  await page.reload();
  await page.locator('[data-viewer][data-ready-ms]').waitFor({ timeout: 60_000 });
  const alone = await brightness(page);
  const blend = page.locator('[data-blend]');
  assert.match(await blend.innerText(), /Beside the CT MR/i);
  await blend.getByLabel('Share').fill('1');
  const mixed = await eventually('the MR is shown', 10, async () => {
    const now = await brightness(page);
    return Math.abs(now - alone) > 0.5 ? now : undefined;
  });
  await blend.getByLabel('checkerboard').check();
  await eventually('squares of both are shown', 10, async () => {
    const now = await brightness(page);
    return now !== alone && now !== mixed ? true : undefined;
  });
  await blend.getByLabel('the CT alone').check();
  await eventually('the CT is back', 10, async () => ((await brightness(page)) === alone ? true : undefined));
  assert.deepEqual(await faultsOf(page), []);
});
