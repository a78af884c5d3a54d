import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { PNG } from 'pngjs';
import { dicomFile } from '../dicom/generated-ct.ts';
import { afterwards } from '../support/afterwards.ts';
import { clinicCt, clinicSlice, foreignFile, foreignImages, writeFiles } from '../support/clinic-ct.ts';
import { eventually } from '../support/eventually.ts';
import { runProgram } from '../support/run-program.ts';
import { startRunningNode } from '../support/running-node.ts';
import { temporaryFolder, thresholdBundle } from '../support/threshold-bundle.ts';
import { faultsOf, startBrowser } from './browser.ts';

test('the page of a rejected series shows which images disagree as small pictures; without them it is contoured', async (t) => {
  const bundle = await thresholdBundle(t);
  const folder = await temporaryFolder(t);
  const node = await startRunningNode(
    { after: (undo) => afterwards(t, undo) },
    { models: { directory: dirname(bundle.directory) }, routes: [{ name: 'all', models: ['threshold'] }] },
  );
  const red = Buffer.alloc(3 * 32 * 32);
  for (let at = 0; at < red.length; at += 3) red[at] = 255;
  const reportPage = dicomFile({
    ...clinicSlice({}, 7),
    ...foreignImages['a colour report page'],
    '00080018': ['UI', '1.2.3.9.1'],
    '7fe00010': ['OB', red],
  });
  const sagittal = [2, 3, 4, 5, 6, 7].map((number) => foreignFile({}, 'a sagittal reformat', number));
  await writeFiles(folder, [...clinicCt(), { name: 'page.dcm', bytes: reportPage }, ...sagittal]);
  const sent = await runProgram('storescu', ['-aec', 'CONTOUR', '+sd', '127.0.0.1', `${node.dicomPort}`, folder]);
  assert.equal(sent.code, 0, sent.stderr);
  const [series] = await node.settled(1, ['rejected']);
  assert.equal(series?.problem?.code, 'SERIES_MIXED_SIZE');

  const browser = await startBrowser(t);
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.goto(`http://127.0.0.1:${node.httpPort}/series/${series.key}`);
  const table = page.locator('#choices');
  const pictures = await eventually('the pictures are there', 20, async () => {
    const images = await page.evaluate<{ alt: string; src: string; width: number }[]>(
      "[...document.querySelectorAll('#choices img')].map(({ alt, src, naturalWidth: width }) => ({ alt, src, width }))",
    );
    return images.length > 0 && images.every(({ width }) => width > 0) ? images : undefined;
  });
  assert.deepEqual(
    pictures.map(({ alt }) => alt),
    ['the slices', 'the slices', 'the slices', 'colours instead of CT numbers', 'sagittal', 'sagittal', 'sagittal'],
  );
  const pixel = async (src: string, x: number, y: number): Promise<number[]> => {
    const png = PNG.sync.read(Buffer.from(await (await fetch(src)).arrayBuffer()));
    return [...png.data.subarray((y * png.width + x) * 4, (y * png.width + x) * 4 + 3)];
  };
  // The middle slice: air in the corner, -100 HU of the body, 300 HU in the middle of the organ.
  const [, middle, , colour] = pictures;
  assert.deepEqual(await pixel(middle!.src, 0, 0), [0, 0, 0]);
  assert.deepEqual(await pixel(middle!.src, 12, 31), [51, 51, 51]);
  assert.deepEqual(await pixel(middle!.src, 35, 29), [255, 255, 255]);
  assert.deepEqual(await pixel(colour!.src, 9, 9), [255, 0, 0]);
  for (const name of ['0123456789abcdef', '..%2f..%2fjournal', '0123456789abcdef.2-1'])
    assert.equal((await fetch(middle!.src.replace(/[^/]+\.png$/, `${name}.png`))).status, 404);
  assert.deepEqual(await faultsOf(page), []);

  await table.getByRole('button', { name: 'Contour without these' }).click();
  const [contoured] = await node.settled(1, ['contoured']);
  assert.equal(contoured?.images, 31);
});
