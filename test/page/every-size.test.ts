import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sendCorrected } from '../support/corrected-in-tps.ts';
import { eventually } from '../support/eventually.ts';
import { phantomCt } from '../support/phantom-ct.ts';
import { startNodeWithTps } from '../support/node-with-tps.ts';
import { faultsOf, screenSizes, startBrowser } from './browser.ts';

/** Screenshots go here where it is set: they are to be looked at. */
const screenshots = process.env['SCREENSHOTS'];

test('the pages of a series, of quality and of health are cut nowhere, light and dark, English and Chinese', async (t) => {
  const { ct, files } = await phantomCt(t, 403, { matrix: 256 });
  const { node, tps, folder, send } = await startNodeWithTps(t, ct);
  await send(files);
  const [series] = await node.settled(1, ['delivered'], 90);
  const edit = { move: { roi: /GTVp/, x: 4 }, sopInstanceUid: '1.2.3.4.5.9', approval: 'APPROVED' };
  await sendCorrected({ folder, dicomPort: node.dicomPort }, await readFile(tps.imported[0]!.path), edit);
  await eventually('the correction counts', 90, async () =>
    (await node.show(series!.key)).structureSets.some(({ comparisons }) => comparisons.some(({ counts }) => counts))
      ? true
      : undefined,
  );
  const pages = { series: `/series/${series!.key}`, quality: '/quality', health: '/health/ready' };

  const browser = await startBrowser(t);
  for (const locale of ['en', 'zh-CN'] as const) {
    const page = await browser.newPage({ locale });
    for (const [title, path] of Object.entries(pages)) {
      await page.goto(`http://127.0.0.1:${node.httpPort}${path}`);
      if (title === 'series') await page.locator('[data-viewer][data-ready-ms]').waitFor({ timeout: 20_000 });
      for (const { name, width, height } of screenSizes) {
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.setViewportSize({ width, height });
          await page.emulateMedia({ colorScheme });
          const wide = await page.evaluate<number>('document.documentElement.scrollWidth');
          const where = `${title} ${name} ${locale}`;
          assert.ok(wide <= width, `${where}: the page is ${wide} pixels wide`);
          if (screenshots !== undefined)
            await page.screenshot({ path: join(screenshots, `${title}-${name}-${colorScheme}-${locale}.png`) });
        }
      }
      assert.deepEqual(await faultsOf(page), [], `${title} ${locale}`);
    }
    // Of what the node itself says nothing is left in English but the lines beside the Chinese ones.
    if (locale === 'zh-CN') {
      await page.goto(`http://127.0.0.1:${node.httpPort}${pages.series}`);
      const lines = await page.locator('#history li > span').allInnerTexts();
      assert.ok(lines.length > 5);
      for (const line of lines) assert.match(line, /\p{Script=Han}/u);
    }
    await page.close();
  }
});
