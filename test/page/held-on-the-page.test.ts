import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hashPassword } from '../../src/http/access/password-hash.ts';
import { verifyAudit } from '../../src/observe/audit/verify-audit.ts';
import { eventually } from '../support/eventually.ts';
import { startNodeWithTps } from '../support/node-with-tps.ts';
import { phantomCt } from '../support/phantom-ct.ts';
import { faultsOf, startBrowser } from './browser.ts';

const password = 'correct horse battery';
/** Screenshots go here where it is set: they are to be looked at. */
const screenshots = process.env['SCREENSHOTS'];

test('a cut CT needs attention, amber, with its warnings on top; “I have looked: deliver” sends it and is audited with the name', async (t) => {
  const { files } = await phantomCt(t, 1, { slices: 60, matrix: 256 });
  const { node, tps, send } = await startNodeWithTps(t, undefined, {
    route: { hold: 'check' },
    http: { users: [{ name: 'mueller', role: 'operator', password: await hashPassword(password) }] },
  });
  await send(files.slice(files.length / 2));

  const browser = await startBrowser(t);
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  const look = async (name: string): Promise<void> => {
    if (screenshots !== undefined) await page.screenshot({ path: join(screenshots, `${name}.png`) });
  };
  await page.goto(`http://127.0.0.1:${node.httpPort}/?group=attention`);
  await page.getByLabel('Name').fill('mueller');
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.goto(`http://127.0.0.1:${node.httpPort}/?group=attention`);

  const row = page.locator('.worklist tr.attention');
  await row.locator('.badge', { hasText: 'held, check' }).waitFor({ timeout: 90_000 });
  assert.match(await row.innerText(), /the scan ends inside it/);
  assert.equal(await page.locator('.groups a.attention .count').innerText(), '1');
  assert.deepEqual(await faultsOf(page), []);
  await look('held-worklist');

  await row.locator('a[href^="/series/"]').click();
  const warnings = page.locator('#head .warnings li');
  await warnings.first().waitFor();
  const classes = await Promise.all((await warnings.all()).map((one) => one.getAttribute('class')));
  const gravest = ['check', 'warning', 'notice'];
  assert.equal(classes[0], 'check');
  assert.deepEqual(
    classes,
    classes.toSorted((a, b) => gravest.indexOf(a ?? '') - gravest.indexOf(b ?? '')),
  );
  assert.match(await page.locator('#head').innerText(), /check: Parotid_R: the scan ends inside it at the feet end/);
  assert.match(await page.locator('#orders').innerText(), /held until somebody has looked/);
  assert.deepEqual(await faultsOf(page), []);
  await look('held-series');
  assert.deepEqual(tps.received, []);

  await page.getByRole('button', { name: 'I have looked: deliver' }).click();
  await page.locator('#head .badge.good', { hasText: 'delivered' }).waitFor({ timeout: 30_000 });
  assert.equal(tps.imported.length, 1);
  assert.match(await page.locator('#head').innerText(), /Warnings looked at by mueller/);
  assert.equal(await page.getByRole('button', { name: 'I have looked' }).count(), 0);
  assert.match(await page.locator('#history').innerText(), /mueller has looked at the warnings/);
  await look('held-looked-at');

  await page.goto(`http://127.0.0.1:${node.httpPort}/?group=attention`);
  await page.getByText('No series matches.').waitFor();
  await page.goto(`http://127.0.0.1:${node.httpPort}/?group=done`);
  await page.locator('.worklist .badge', { hasText: 'delivered' }).waitFor();

  const audit = await eventually('the trail has it', 10, async () => {
    const text = await readFile(join(node.dataDirectory, 'audit', 'audit-000001.jsonl'), 'utf8');
    const lines = text.trimEnd().split('\n');
    const found = lines.map((line) => JSON.parse(line) as Record<string, string>);
    return found.filter(({ event }) => event === 'acknowledge');
  });
  assert.deepEqual(
    audit.map(({ user }) => user),
    ['mueller'],
  );
  await node.stop();
  await verifyAudit(join(node.dataDirectory, 'audit'));
});
