import { test } from 'node:test';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { eventually } from '../support/eventually.ts';
import { nodeOverHttp } from '../http/running-http.ts';
import { faultsOf, startBrowser } from './browser.ts';

const screenshots = process.env['SCREENSHOTS'];

test('Help shows the docs in the language of the page; the code of an error leads to its row, and no link leads nowhere', async (t) => {
  const { node } = await nodeOverHttp(t);
  const browser = await startBrowser(t);
  for (const [locale, help, title] of [
    ['en', 'Help', 'Every morning'],
    ['zh-CN', '帮助', '每天早晨'],
  ] as const) {
    const page = await browser.newPage({ locale, viewport: { width: 1280, height: 800 } });
    await page.goto(node.httpUrl);
    await page.getByRole('link', { name: help, exact: true }).click();
    await page.getByRole('heading', { name: title }).waitFor();
    assert.deepEqual(await faultsOf(page), []);
    if (screenshots !== undefined) await page.screenshot({ path: join(screenshots, `help-${locale}.png`) });

    await page.locator('#status a.code', { hasText: 'WORKER_MISSING' }).click();
    const row = page.locator('tr#WORKER_MISSING:target');
    await row.waitFor();
    await eventually('it is scrolled to', 10, async () => ((await row.boundingBox())?.y ?? 800) < 800 || undefined);
    await page.close();
  }

  const seen = new Set<string>();
  const visit = async (address: string): Promise<void> => {
    const url = new URL(address, node.httpUrl);
    if (url.origin !== node.httpUrl || seen.has(url.pathname) || !url.pathname.startsWith('/help')) return;
    seen.add(url.pathname);
    const response = await fetch(url, { headers: { accept: 'text/html' } });
    assert.equal(response.status, 200, url.pathname);
    const text = response.headers.get('content-type') === 'image/png' ? '' : await response.text();
    await response.body?.cancel().catch(() => undefined);
    for (const [, found] of text.matchAll(/(?:href|src)="([^"]+)"/g)) await visit(found!);
  };
  await visit('/help');
  assert.ok(seen.size > 12, [...seen].join(' '));
  for (const address of ['/help/nothing', '/help/..%2Fpackage', '/help/pictures/..%2F..%2Fpackage.json'])
    assert.equal((await fetch(node.httpUrl + address)).status, 404, address);
});
