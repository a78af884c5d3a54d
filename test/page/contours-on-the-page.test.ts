import { test, type TestContext } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Page } from 'playwright-core';
import { PNG } from 'pngjs';
import type { CtGeometry } from '../../src/dicom/ct-geometry.ts';
import { decodeHu } from '../../src/dicom/pixel-data.ts';
import { readCtFolder } from '../../src/dicom/read-ct-folder.ts';
import { readRtstruct } from '../../src/dicom/rtstruct/read-rtstruct.ts';
import { startPickyTps } from '../../worker/demo/picky-tps.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { phantomCt, type PhantomCt } from '../support/phantom-ct.ts';
import { runProgram } from '../support/run-program.ts';
import { startRunningNode } from '../support/running-node.ts';
import { faultsOf, startBrowser } from './browser.ts';

/** Screenshots go here where it is set: they are to be looked at. */
const screenshots = process.env['SCREENSHOTS'];

async function look(page: Page, name: string): Promise<void> {
  if (screenshots !== undefined) await page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true });
}

test('a CT appears by itself, its contours lie where the phantom has them, a failing TPS is understood and sent to again', async (t) => {
  const phantom = await phantomCt(t, 311, { slices: 60, matrix: 256 });
  const tpsPort = await freePort();
  const node = await startRunningNode(t, {
    peers: [{ name: 'tps', aeTitle: 'PINNACLE', host: '127.0.0.1', port: tpsPort }],
    destinations: [{ name: 'tps', peer: 'tps', allow: ['demonstration'], retrySeconds: 600, timeoutSeconds: 5 }],
    routes: [{ name: 'all', models: ['phantom-gtvp'], destinations: ['tps'] }],
  });
  const browser = await startBrowser(t);
  const page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
  const errors: string[] = [];
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  page.on('pageerror', (error) => errors.push(error.message));

  await page.goto(`http://127.0.0.1:${node.httpPort}/`);
  await page.getByText('No CT has arrived yet.').waitFor();
  await look(page, 'worklist-empty');
  assert.deepEqual(await faultsOf(page), []);

  const send = ['-aec', 'CONTOUR', '127.0.0.1', String(node.dicomPort), ...phantom.files];
  const sent = await runProgram('storescu', send);
  assert.equal(sent.code, 0, sent.stderr);
  await page.locator('tbody tr').first().waitFor({ timeout: 30_000 });
  await page.getByRole('button', { name: /^More/ }).click();
  await page.getByText('PEER_UNREACHABLE').first().waitFor({ timeout: 90_000 });
  await page.getByText('check that the peer runs and that host and port are right').first().waitFor();
  await look(page, 'worklist');
  assert.deepEqual(await faultsOf(page), []);

  await page.locator('a.key').click();
  const viewer = page.locator('[data-viewer][data-ready-ms]');
  await viewer.waitFor({ timeout: 20_000 });
  t.diagnostic(`viewer open after ${await viewer.getAttribute('data-ready-ms')} ms`);
  await look(page, 'series');
  // docs/series-page.png of the README.
  if (screenshots !== undefined) {
    await page.setViewportSize({ width: 1100, height: 800 });
    await page.screenshot({ path: join(screenshots, 'series-page.png') });
    await page.setViewportSize({ width: 1400, height: 1000 });
  }
  assert.deepEqual(await faultsOf(page), []);
  await viewerObeys(page);
  await page.getByText('Contact sheet').click();
  const download = page.waitForEvent('download');
  await page.getByText('Download (PNG').click();
  const sheet = PNG.sync.read(await readFile(await (await download).path()));
  assert.match((await download).suggestedFilename(), /^contact-sheet-[0-9a-f]{16}-phantom-gtvp\.png$/);
  const shown = page.getByAltText('Key slices');
  await eventually('the sheet is shown', 20, async () =>
    (await shown.evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth)) === sheet.width
      ? true
      : undefined,
  );
  await look(page, 'series-contact-sheet');
  await page.emulateMedia({ colorScheme: 'dark' });
  assert.deepEqual(await faultsOf(page), []);
  await look(page, 'series-dark');

  const directory = await mkdtemp(join(tmpdir(), 'contour-node-tps-'));
  const tps = await startPickyTps({ directory, ct: phantom.ct, port: tpsPort });
  t.after(async () => {
    await tps.close();
    await rm(directory, { recursive: true });
  });
  await page.getByRole('button', { name: 'Send again' }).click();
  await page.locator('#head .badge', { hasText: 'delivered' }).waitFor({ timeout: 60_000 });
  assert.equal(tps.imported.length, 1);
  assert.deepEqual(tps.refused, []);
  await contoursLieRight(t, page, phantom, await readFile(tps.imported[0]!.path));

  await page.getByRole('button', { name: 'Show patient' }).click();
  await page.locator('#patient dd').first().waitFor();
  assert.match(await page.locator('#patient').innerText(), /Phantom/i);
  assert.match(node.log(), /patient identity shown/);
  assert.doesNotMatch(node.log(), /Phantom\^|Phantom 311/i);

  await page.getByText('Other model, other destination, delete').click();
  await page.getByLabel('Model').selectOption('phantom-gtvp');
  await page.getByRole('button', { name: 'Contour; the result stays here' }).click();
  await page.locator('#orders .order').nth(1).waitFor();
  await eventually('the second order is drawn', 60, async () =>
    (await page.locator('#orders .order .badge', { hasText: 'contoured' }).count()) === 2 ? true : undefined,
  );
  assert.match(await page.locator('#history').innerText(), /an operator has it contoured by phantom-gtvp/);
  assert.equal(tps.imported.length, 1, 'without a destination it stays here');
  await look(page, 'series-by-hand');
  assert.deepEqual(await faultsOf(page), []);

  const { key = '' } = (await node.list())[0] ?? {};
  // As after a worker that died between the structure set and the pictures.
  const orders = await globbed(join(node.dataDirectory, 'series', key), 'review.json');
  assert.equal(orders.length, 2);
  for (const file of orders) await rm(file);
  await page.reload();
  await page.locator('[data-viewer][data-ready-ms]').waitFor({ timeout: 60_000 });
  assert.equal((await globbed(join(node.dataDirectory, 'series', key), 'review.json')).length, 1, 'of the order shown');

  await page.getByText('Other model, other destination, delete').click();
  await page.getByRole('button', { name: 'Delete the series' }).click();
  await page.getByRole('button', { name: 'Really delete?' }).click();
  await page.getByText('No CT has arrived yet.').waitFor();
  await assert.rejects(stat(join(node.dataDirectory, 'series', key)), { code: 'ENOENT' });
  assert.deepEqual(errors, []);
});

async function globbed(folder: string, name: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true });
  return entries.filter((entry) => basename(entry) === name).map((entry) => join(folder, entry));
}

/** Wheel, zoom, ruler, CT number, one plane in the full window, help: as a person with a mouse uses them. */
async function viewerObeys(page: Page): Promise<void> {
  const canvas = page.locator('[data-axis="axial"] canvas');
  const under = page.locator('[data-axis="axial"] [data-under]');
  const box = (await canvas.boundingBox())!;
  const [x, y] = [box.x + box.width * 0.4, box.y + box.height * 0.45];
  const plane = async (): Promise<number> => Number(await canvas.getAttribute('data-plane'));
  const shows = (number: number): Promise<void> =>
    page.locator(`[data-axis="axial"] canvas[data-plane="${number}"]`).waitFor();

  await page.mouse.move(x, y);
  const first = await plane();
  for (const notch of [1, 2, 3]) {
    await page.mouse.wheel(0, 120);
    await shows(first - notch);
  }
  await page.mouse.wheel(0, -120);
  await shows(first - 2);

  await page.mouse.move(x, y);
  const before = await under.textContent();
  assert.match(before ?? '', /^-?\d+, -?\d+, -?\d+ mm: -?\d+ HU$/);
  await page.keyboard.down('Control');
  for (let n = 0; n < 4; n++) await page.mouse.wheel(0, -120);
  await page.keyboard.up('Control');
  await page.mouse.move(x + 1, y);
  await page.mouse.move(x, y);
  assert.equal(await under.textContent(), before, 'zoomed to the pointer, the same place lies under it');
  assert.equal(await plane(), first - 2, 'zooming does not change the slice');

  // 60 pixels across, in mm by what the pointer says at both ends.
  await page.getByLabel('Measure').check();
  const across = async (): Promise<number> => Number((await under.textContent())!.split(',')[0]);
  await page.mouse.move(x, y);
  const from = await across();
  await page.mouse.down();
  await page.mouse.move(x + 60, y, { steps: 4 });
  await page.mouse.up();
  const length = Number((await canvas.getAttribute('data-ruler'))!.replace(' mm', ''));
  assert.ok(Math.abs(length - ((await across()) - from)) <= 1, `${length} mm`);
  assert.ok(length > 5);

  await page.getByLabel('Point', { exact: true }).check();
  await canvas.focus();
  await page.keyboard.press('0');
  await page.keyboard.press('f');
  await page.locator('figure.axial.full').waitFor();
  const viewport = page.viewportSize()!;
  const full = (await page.locator('figure.axial').boundingBox())!;
  assert.deepEqual([full.width, full.height], [viewport.width, viewport.height]);
  await look(page, 'viewer-one-plane');
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('figure.full').count(), 0);

  await page.keyboard.press('?');
  await page.locator('dialog[open]').getByText('zoom to the pointer').waitFor();
  assert.deepEqual(await faultsOf(page), []);
  await look(page, 'viewer-help');
  await page.getByRole('button', { name: 'Close' }).click();

  // Dragging with the right button changes the window.
  const level = page.locator('[data-window]');
  assert.equal(await level.textContent(), '40 / 400 HU');
  await page.mouse.move(x, y);
  await page.mouse.down({ button: 'right' });
  await page.mouse.move(x + 50, y + 10, { steps: 5 });
  await page.mouse.up({ button: 'right' });
  assert.equal(await level.textContent(), '60 / 500 HU');
  await page.getByLabel('Soft tissue').check();
}

/** What the axial canvas shows: the red line's box, and the first and last pixel of the body across its middle. */
interface Shown {
  readonly line: Box | undefined;
  readonly body: { left: number; right: number; front: number };
}

/** The picture's own body gives the scale: line and body have to fit each other as in the phantom. */
async function contoursLieRight(
  t: TestContext,
  page: Page,
  phantom: PhantomCt,
  structureSet: Uint8Array,
): Promise<void> {
  const { series, files } = await readCtFolder([phantom.ct]);
  const { geometry } = series;
  const truth = boxesOf(await readFile(phantom.truth), geometry);
  const boxes = boxesOf(structureSet, geometry);
  const drawn = [...boxes.keys()].toSorted((a, b) => a - b);
  const chosen = [0.3, 0.5, 0.7].map((share) => drawn[Math.floor(drawn.length * share)]!);
  for (const roi of await page.locator('[data-roi-list] input').all()) {
    if (!(await roi.getAttribute('aria-label'))!.startsWith('GTVp')) await roi.uncheck();
  }
  // In this window -500 HU, the skin's edge, is a grey of 70.
  await page.getByLabel('Wide').check();
  for (const slice of chosen) {
    const box = boxes.get(slice)!;
    const path = files.get(series.slices[slice]!.sopInstanceUid)!;
    const body = bodyEdges(
      await decodeHu(await readFile(path), geometry),
      geometry,
      (box.top + box.bottom) / 2,
      (box.left + box.right) / 2,
    );
    const shown = await eventually(`the line in slice ${slice + 1}`, 10, async () => {
      const found = await showSlice(page, slice);
      return found.line === undefined ? undefined : { ...found, line: found.line };
    });
    const scale = (shown.body.right - shown.body.left) / (body.right - body.left);
    const x = (pixel: number): number => body.left + (pixel - shown.body.left) / scale;
    const y = (pixel: number): number => body.front + (pixel - shown.body.front) / scale;
    const off = [
      x(shown.line.left) - box.left,
      x(shown.line.right) - box.right,
      y(shown.line.top) - box.top,
      y(shown.line.bottom) - box.bottom,
    ];
    t.diagnostic(`slice ${slice + 1}: ${off.map((one) => one.toFixed(1)).join(', ')} mm off the structure set`);
    assert.ok(
      off.every((one) => Math.abs(one) < 2.5),
      `slice ${slice + 1}: ${off.join(' ')} mm`,
    );
    const known = truth.get(slice);
    assert.ok(known !== undefined, `the phantom has its tumour in slice ${slice + 1}`);
    for (const side of ['left', 'right', 'top', 'bottom'] as const)
      assert.ok(Math.abs(box[side] - known[side]) < 12, `${side} in slice ${slice + 1}`);
  }
  for (const slice of [drawn[0]! - 6, drawn.at(-1)! + 6].filter((one) => one >= 0 && one < geometry.z.length))
    assert.equal((await showSlice(page, slice)).line, undefined, `no line in slice ${slice + 1}`);
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** The tumour's box in each slice, mm. */
function boxesOf(structureSet: Uint8Array, geometry: CtGeometry): Map<number, Box> {
  const gtv = readRtstruct(structureSet).rois.find(({ name }) => name.startsWith('GTVp'));
  assert.ok(gtv !== undefined);
  const boxes = new Map<number, Box>();
  for (const { points } of gtv.contours) {
    const slice = geometry.z.findIndex((z) => Math.abs(z - points[2]!) < 0.1);
    const xs = points.filter((_, at) => at % 3 === 0);
    const ys = points.filter((_, at) => at % 3 === 1);
    const box = boxes.get(slice);
    boxes.set(slice, {
      left: Math.min(box?.left ?? Infinity, ...xs),
      right: Math.max(box?.right ?? -Infinity, ...xs),
      top: Math.min(box?.top ?? Infinity, ...ys),
      bottom: Math.max(box?.bottom ?? -Infinity, ...ys),
    });
  }
  return boxes;
}

/** mm of the body's sides in the row of the tumour's middle, and of its front in the column. */
function bodyEdges(
  hu: Int16Array,
  geometry: CtGeometry,
  y: number,
  x: number,
): { left: number; right: number; front: number } {
  const { columns, rows, columnSpacing, rowSpacing, originX, originY } = geometry;
  const row = Math.round((y - originY) / rowSpacing);
  const column = Math.round((x - originX) / columnSpacing);
  const isBody = (i: number, j: number): boolean => hu[j * columns + i]! > -500;
  const across = Array.from({ length: columns }, (_, i) => i).filter((i) => isBody(i, row));
  const down = Array.from({ length: rows }, (_, j) => j).find((j) => isBody(column, j))!;
  return {
    left: originX + across[0]! * columnSpacing,
    right: originX + across.at(-1)! * columnSpacing,
    front: originY + down * rowSpacing,
  };
}

/** Turns the axial plane to a slice by its slider and reads the canvas. */
async function showSlice(page: Page, slice: number): Promise<Shown> {
  await page.locator('[data-axis="axial"] input').fill(String(slice));
  await page.locator(`[data-axis="axial"] canvas[data-plane="${slice}"]`).waitFor();
  return page.locator('[data-axis="axial"] canvas').evaluate((element) => {
    const canvas = element as unknown as {
      width: number;
      height: number;
      getContext(kind: '2d'): { getImageData(x: number, y: number, w: number, h: number): { data: Uint8Array } };
    };
    const { width, height } = canvas;
    const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
    const red: [number, number][] = [];
    // The lines of the crosshair are blue.
    const isBright = (x: number, y: number): boolean => data[(y * width + x) * 4]! > 70;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const at = (y * width + x) * 4;
        if (data[at]! > 150 && data[at + 1]! < 110 && data[at + 2]! < 110) red.push([x, y]);
      }
    }
    if (red.length === 0) return { line: undefined, body: { left: 0, right: 1, front: 0 } };
    const xs = red.map(([x]) => x);
    const ys = red.map(([, y]) => y);
    const line = { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
    const row = Math.round((line.top + line.bottom) / 2);
    const column = Math.round((line.left + line.right) / 2);
    // Not the letters of the sides at the edges of the picture.
    const across = Array.from({ length: width - 60 }, (_, n) => n + 30).filter((x) => isBright(x, row));
    const front = Array.from({ length: height - 60 }, (_, n) => n + 30).find((y) => isBright(column, y)) ?? 0;
    return { line, body: { left: across[0]!, right: across.at(-1)!, front } };
  });
}
