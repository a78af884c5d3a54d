import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { tag } from '../../src/dicom/rtstruct/tags.ts';
import { sendCorrected } from '../support/corrected-in-tps.ts';
import { eventually } from '../support/eventually.ts';
import { phantomCt } from '../support/phantom-ct.ts';
import { startNodeWithTps } from '../support/node-with-tps.ts';
import { faultsOf, startBrowser } from './browser.ts';

/** Screenshots go here where it is set: they are to be looked at. */
const screenshots = process.env['SCREENSHOTS'];

async function look(page: Page, name: string): Promise<void> {
  if (screenshots !== undefined) await page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true });
  assert.deepEqual(await faultsOf(page), [], name);
}

test('a structure set that comes back shows red and green over the CT, is confirmed, and changes the quality page', async (t) => {
  const { ct, files } = await phantomCt(t, 402, { matrix: 256 });
  const { node, tps, folder, send } = await startNodeWithTps(t, ct);
  await send(files);
  const [series] = await node.settled(1, ['delivered'], 90);
  const original = await readFile(tps.imported[0]!.path);
  const here = { folder, dicomPort: node.dicomPort };

  const browser = await startBrowser(t);
  const errors: string[] = [];
  const open = async (path: string): Promise<Page> => {
    const page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
    page.on('pageerror', (error) => errors.push(error.message));
    await page.goto(`http://127.0.0.1:${node.httpPort}${path}`);
    return page;
  };
  const quality = await open('/quality');
  await quality.getByText('No correction counts yet.').waitFor();
  await look(quality, 'quality-empty');

  const page = await open(`/series/${series!.key}`);
  await page.locator('[data-viewer][data-ready-ms]').waitFor({ timeout: 20_000 });
  await showTumourAlone(page);
  await eventually('no green line', 10, async () => ((await coloured(page, 'green')) === 0 ? true : undefined));
  await sendCorrected(here, original, { move: { roi: /GTVp/, x: 6, y: 4 }, sopInstanceUid: '1.2.3.4.5.6' });
  const corrections = page.locator('#corrections');
  await corrections.getByText('counts once confirmed').waitFor({ timeout: 60_000 });
  await page.locator('[data-viewer][data-ready-ms]').waitFor({ timeout: 20_000 });
  await showTumourAlone(page);
  await eventually('both contours are drawn', 20, async () =>
    (await coloured(page, 'red')) > 50 && (await coloured(page, 'green')) > 50 ? true : undefined,
  );
  await look(page, 'series-corrected');
  const rois = await corrections.locator('tbody tr').count();
  const cells = await corrections.locator('tbody tr').first().locator('td').allInnerTexts();
  assert.ok(Number(cells[0]) > 0.3 && Number(cells[0]) < 0.95, cells.join(' '));

  await corrections.getByRole('button', { name: 'Confirm' }).click();
  await corrections.getByText('confirmed by local').waitFor();
  await corrections.locator('.badge', { hasText: 'counts' }).waitFor();

  await quality.bringToFront();
  await quality.getByText('1 structure set counts').waitFor({ timeout: 20_000 });
  await quality.locator('.chart svg').nth(1).waitFor();
  assert.equal(await quality.locator('.chart circle').count(), rois, 'one point an ROI');
  const median = async (): Promise<number> => Number(await quality.locator('tbody td').nth(1).innerText());
  const before = await median();
  assert.ok(Math.abs(before - Number(cells[0])) < 0.0011, `${before}`);

  // Corrected once more, and approved: it takes the place of the first.
  const second = { move: { roi: /GTVp/, x: 1 }, sopInstanceUid: '1.2.3.4.5.7', approval: 'APPROVED' };
  await sendCorrected(here, original, second);
  await eventually('the quality page follows', 60, async () => ((await median()) > before ? true : undefined));
  assert.equal(await quality.locator('.chart circle').count(), rois);
  await quality.getByRole('link', { name: 'Added path, mm' }).click();
  await quality.locator('.chart svg[aria-label*="Added path"]').first().waitFor();

  await sendCorrected(here, original, { sopInstanceUid: '1.2.3.4.5.8', values: { [tag.PatientID]: 'SOMEBODY' } });
  await quality.reload();
  await quality.getByText('Its patient is not the patient of the series').waitFor();
  await quality.getByLabel('Model').selectOption('phantom-gtvp');
  await quality.waitForURL(/\/quality\?metric=addedPathLengthMm&model=phantom-gtvp$/);
  await quality.locator('a[href="/quality.csv?model=phantom-gtvp"]').waitFor();
  await look(quality, 'quality');
  await quality.emulateMedia({ colorScheme: 'dark' });
  await look(quality, 'quality-dark');
  const csv = await (await fetch(`http://127.0.0.1:${node.httpPort}/quality.csv`)).text();
  assert.match(csv, /\r\n[^\r\n]+,phantom-gtvp,[\d.]+,approved,GTVp,compared,0\.\d+,/);
  for (const text of [csv, await quality.content()]) assert.doesNotMatch(text, /SOMEBODY|Phantom\^|1\.2\.3\.4\.5/);
  await quality.getByRole('button', { name: 'Delete' }).click();
  await quality.locator('#unmatched').getByText('None.').waitFor();
  assert.match(node.log(), /unmatched structure set deleted/);
  assert.deepEqual(errors, []);
});

async function showTumourAlone(page: Page): Promise<void> {
  for (const roi of await page.locator('[data-roi-list] input').all())
    if (!(await roi.getAttribute('aria-label'))!.startsWith('GTVp')) await roi.uncheck();
}

/** Pixels of the axial plane in this colour. */
async function coloured(page: Page, colour: 'red' | 'green'): Promise<number> {
  return page.locator('[data-axis="axial"] canvas').evaluate((element, wanted) => {
    const canvas = element as unknown as {
      width: number;
      height: number;
      getContext(kind: '2d'): { getImageData(x: number, y: number, w: number, h: number): { data: Uint8Array } };
    };
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    const [strong, weak] = wanted === 'red' ? [0, 1] : [1, 0];
    let count = 0;
    for (let at = 0; at < data.length; at += 4)
      if (data[at + strong]! > 150 && data[at + weak]! < 110 && data[at + 2]! < 140) count++;
    return count;
  }, colour);
}
