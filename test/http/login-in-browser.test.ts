import { test } from 'node:test';
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';
import { hashPassword } from '../../src/http/access/password-hash.ts';
import { afterwards } from '../support/afterwards.ts';
import { eventually } from '../support/eventually.ts';
import { nodeOverHttp } from './running-http.ts';

test('in a browser: log in, act on a series, look at the queues, log out; nothing is asked of other hosts', async (t) => {
  const password = 'correct horse battery';
  const http = await nodeOverHttp(t, {
    users: [{ name: 'mueller', role: 'operator', password: await hashPassword(password) }],
  });
  await http.send(1);
  const key = await eventually(
    'the series is unrouted',
    30,
    () => http.node.series.list({ limit: 1 }).find(({ state }) => state === 'unrouted')?.key,
  );
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  afterwards(t, () => browser.close());
  const page = await browser.newPage();
  const errors: string[] = [];
  const foreign: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== http.node.httpUrl && !request.url().startsWith('data:'))
      foreign.push(request.url());
  });

  await page.goto(`${http.node.httpUrl}/`);
  assert.match(page.url(), /\/login\?to=/);
  await page.getByLabel('Name').fill('mueller');
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
  // Who logs in sees the patient.
  const patient = page.locator(`a[href="/series/${key}"]`);
  assert.match(await patient.innerText(), /Phantom/);
  await patient.click();
  await page.getByRole('button', { name: 'Contour again' }).click();
  await eventually('the retry is in the history', 20, () =>
    http.node.series.show(key)?.history.some(({ kind }) => kind === 'retry') === true ? true : undefined,
  );
  assert.equal(errors.join('\n'), '');

  await page.goto(`${http.node.httpUrl}/queues`);
  await page.getByText('deliver-pinnacle').first().waitFor();
  // What the policy of the page blocks is an error here, not a request.
  assert.deepEqual([...foreign, ...errors], []);
  if (process.env['SCREENSHOTS'] !== undefined)
    await page.screenshot({ path: `${process.env['SCREENSHOTS']}/queues.png` });
  await page.getByRole('link', { name: 'Back to the worklist' }).click();
  await page.waitForURL(`${http.node.httpUrl}/`);
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByLabel('Password').waitFor();
  assert.equal((await page.request.get(`${http.node.httpUrl}/api/series`)).status(), 401);
});
