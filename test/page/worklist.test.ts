import { test } from 'node:test';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { workerAtQueue } from '../jobs/worker-at-queue.ts';
import { eventually } from '../support/eventually.ts';
import { nodeOverHttp } from '../http/running-http.ts';
import { addImages, writeManySeries } from '../support/many-series.ts';
import { faultsOf, screenSizes, startBrowser } from './browser.ts';

/** Screenshots go here where it is set: they are to be looked at. */
const screenshots = process.env['SCREENSHOTS'];

test('the worklist shows twenty series on 1280 x 800, is cut nowhere, and opens a row; light and dark, English and Chinese', async (t) => {
  const { node, redis, config } = await nodeOverHttp(
    t,
    { showIdentity: 'always' },
    { prepare: (dataDirectory) => writeManySeries(dataDirectory, 60, Date.now()) },
  );
  addImages(config.dataDirectory, node.series.keys(), 1);
  workerAtQueue(t, redis.address);
  await eventually('nothing is wrong', 20, async () =>
    (await fetch(`${node.httpUrl}/health/ready`)).ok ? true : undefined,
  );
  const browser = await startBrowser(t);
  for (const language of ['en', 'zh-CN'] as const) {
    const page = await browser.newPage({ locale: language });
    for (const { name, width, height } of screenSizes) {
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.setViewportSize({ width, height });
        await page.emulateMedia({ colorScheme });
        await page.goto(node.httpUrl);
        const rows = page.locator('.worklist tbody tr:not(.more-row)');
        assert.equal(await rows.count(), 50);
        const wide = await page.evaluate<number>('document.documentElement.scrollWidth');
        assert.ok(wide <= width, `${name}: the page is ${wide} pixels wide`);
        const list = page.locator('#list');
        const cut = await list.evaluate((element) => {
          const { scrollWidth, clientWidth } = element as unknown as { scrollWidth: number; clientWidth: number };
          return scrollWidth - clientWidth;
        });
        assert.equal(cut, 0, `${name}: ${cut} pixels of the list are cut`);
        if (screenshots !== undefined)
          await page.screenshot({ path: join(screenshots, `worklist-${name}-${colorScheme}-${language}.png`) });
        if (name === 'laptop') {
          // On a machine that is busy Redis may be called slow for a moment: the page says so, in a line of its own.
          const visible = await eventually('the page says that nothing is wrong', 60, async () => {
            const { line, seen } = await page.evaluate<{ line: boolean; seen: number }>(`({
              line: document.getElementById('status').offsetHeight > 0,
              seen: [...document.querySelectorAll('.worklist tbody tr:not(.more-row)')]
                .filter((row) => row.getBoundingClientRect().bottom <= innerHeight).length,
            })`);
            return line ? undefined : seen;
          });
          assert.ok(visible >= 20, `${visible} series are visible`);
        }
        const study = page.locator('.column-study').filter({ hasText: '2026-11-03' }).first();
        assert.equal(await study.isVisible(), name === '4k', 'study and CT date stand where there is room');
      }
    }
    assert.deepEqual(await faultsOf(page), []);
    await page.close();
  }

  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.goto(`${node.httpUrl}/?state=rejected`);
  const more = page.getByRole('button', { name: /^More/ }).first();
  const remedy = page.getByText('What to do:').first();
  assert.equal(await remedy.isVisible(), false);
  await more.click();
  await remedy.waitFor();
  assert.equal(await more.getAttribute('aria-expanded'), 'true');
  await page.getByLabel('Sender').selectOption({ index: 1 });
  await page.waitForURL(/sender=/);
  await more.click();
  assert.equal(await remedy.isVisible(), false, 'a refresh in between kept it open, and it closes again');
});
