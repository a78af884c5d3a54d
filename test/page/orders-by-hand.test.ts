import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { readRtstruct } from '../../src/dicom/rtstruct/read-rtstruct.ts';
import { hashPassword } from '../../src/http/access/password-hash.ts';
import { verifyAudit } from '../../src/observe/audit/verify-audit.ts';
import { type PickyTps, startPickyTps } from '../../worker/demo/picky-tps.ts';
import { afterwards } from '../support/afterwards.ts';
import { eventually } from '../support/eventually.ts';
import { phantomCt } from '../support/phantom-ct.ts';
import { runProgram } from '../support/run-program.ts';
import { startRunningNode } from '../support/running-node.ts';
import { temporaryFolder } from '../support/threshold-bundle.ts';
import { startBrowser } from './browser.ts';

const password = 'correct horse battery';

type StructureSet = ReturnType<typeof readRtstruct>;

async function structureSets(tps: PickyTps, count: number): Promise<StructureSet[]> {
  const files = await eventually(`${tps.aeTitle} has ${count}`, 90, () =>
    tps.imported.length >= count ? tps.imported : undefined,
  );
  assert.equal(files.length, count);
  assert.deepEqual(tps.refused, []);
  return Promise.all(files.map(async ({ path }) => readRtstruct(await readFile(path))));
}

/** Opens the fold, chooses, presses. @returns what the page answers */
async function order(page: Page, bundle: string, destinations: readonly string[]): Promise<string> {
  const form = page.locator('form[data-order-form]');
  if (!(await form.isVisible())) await page.getByText('Other model, other destination, delete').click();
  await form.getByLabel('Model').selectOption(bundle);
  for (const box of await form.getByRole('checkbox').all())
    await box.setChecked(destinations.includes((await box.getAttribute('value')) ?? ''));
  const button = form.getByRole('button', { name: `Contour and send to ${destinations.join(', ')}` });
  await button.click();
  return eventually('the page answers', 30, async () => {
    const words = (await form.locator('[role="alert"]').innerText()) + (await form.locator('output').innerText());
    return (await button.isEnabled()) && words !== '' ? words : undefined;
  });
}

test('from the page: another bundle, another destination; what comes where, who ordered it, and what is refused in words', async (t) => {
  const phantom = await phantomCt(t, 312, { slices: 60, matrix: 128 });
  const folder = await temporaryFolder(t);
  const [clinic, research] = await Promise.all(
    ['CLINIC', 'RESEARCH'].map(async (aeTitle) => {
      const tps = await startPickyTps({ directory: join(folder, aeTitle), aeTitle, ct: phantom.ct });
      afterwards(t, () => tps.close());
      return tps;
    }),
  );
  assert.ok(clinic !== undefined && research !== undefined);
  const node = await startRunningNode(t, {
    http: { users: [{ name: 'mueller', role: 'operator', password: await hashPassword(password) }] },
    peers: [clinic, research].map(({ aeTitle, host, port }) => ({ name: aeTitle.toLowerCase(), aeTitle, host, port })),
    destinations: [
      { name: 'clinic', peer: 'clinic', allow: ['demonstration'] },
      { name: 'research', peer: 'research', allow: ['demonstration', 'research'], roiSuffix: '^R' },
    ],
    recipes: [
      {
        name: 'npc',
        structures: [
          { name: 'PTV', formula: 'margin(GTVp, 5)', type: 'PTV' },
          { name: 'GTVp', from: 'phantom-gtvp/GTVp' },
        ],
      },
    ],
    routes: [{ name: 'all', models: ['phantom-gtvp'], destinations: ['clinic'] }],
  });
  const sent = await runProgram('storescu', ['-aec', 'CONTOUR', '127.0.0.1', `${node.dicomPort}`, ...phantom.files]);
  assert.equal(sent.code, 0, sent.stderr);
  const [first] = await structureSets(clinic, 1);
  const drawnFirst = first?.rois.map(({ name, contours }) => ({ name: name.replace('^AI', ''), contours }));
  assert.ok(drawnFirst?.some(({ name }) => name === 'GTVp'));

  const browser = await startBrowser(t);
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${node.httpPort}/`);
  await page.getByLabel('Name').fill('mueller');
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.locator('.worklist a[href^="/series/"]').click();

  await t.test(
    'another destination: the same contours, under its own names, and nothing more at the first',
    async () => {
      assert.match(await order(page, 'phantom-gtvp', ['research']), /^Ordered/);
      const [there] = await structureSets(research, 1);
      assert.deepEqual(
        there?.rois.map(({ name, contours }) => ({ name: name.replace('^R', ''), contours })),
        drawnFirst,
      );
      await structureSets(clinic, 1);
    },
  );

  await t.test(
    'the same again is refused and says so; so is a bundle that the destination does not allow',
    async () => {
      assert.match(
        await order(page, 'phantom-gtvp', ['research']),
        /STATE_CONFLICT: phantom-gtvp has contoured this series for these destinations already \(send it again\)/,
      );
      assert.match(
        await order(page, 'openkbp-head-neck', ['clinic']),
        /DESTINATION_NOT_ALLOWED: destination clinic does not allow research bundles such as openkbp-head-neck/,
      );
      await page.locator('#head .badge', { hasText: 'delivered' }).waitFor();
      await Promise.all([structureSets(clinic, 1), structureSets(research, 1)]);
    },
  );

  await t.test('another bundle for both: it comes where it may, and the page says where it may not', async () => {
    assert.match(await order(page, 'openkbp-head-neck', ['clinic', 'research']), /^Ordered/);
    const [, drawn] = await structureSets(research, 2);
    const names = drawn?.rois.map(({ name }) => name) ?? [];
    assert.ok(names.length > 1 && names.every((name) => name.endsWith('^R')), names.join(' '));
    assert.ok(!names.includes('GTVp^R'), names.join(' '));
    await structureSets(clinic, 1);
    await page
      .locator('#orders .problem', { hasText: 'destination clinic does not allow research bundles' })
      .first()
      .waitFor();
  });

  await t.test('a recipe: its structures in its order, and a second structure set of its own', async () => {
    assert.match(await order(page, 'npc', ['research']), /^Ordered/);
    const [first, , second] = await structureSets(research, 3);
    assert.deepEqual(
      second?.rois.map(({ name, type }) => [name, type]),
      [
        ['PTV^R', 'PTV'],
        ['GTVp^R', 'GTV'],
      ],
    );
    assert.notEqual(second?.sopInstanceUid, first?.sopInstanceUid);
    assert.match(await order(page, 'npc', ['research']), /STATE_CONFLICT: npc has contoured this series/);
  });

  await node.stop();
  const audit = join(node.dataDirectory, 'audit');
  await verifyAudit(audit);
  const lines = (await readFile(join(audit, 'audit-000001.jsonl'), 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, string>);
  assert.deepEqual(
    lines.flatMap(({ event, user, bundle, recipe, destination }) =>
      event === 'order' ? [[user, bundle ?? `recipe ${recipe}`, destination]] : [],
    ),
    [
      ['mueller', 'phantom-gtvp', 'research'],
      ['mueller', 'openkbp-head-neck', 'clinic, research'],
      ['mueller', 'recipe npc', 'research'],
    ],
    'what was refused is no order',
  );
  assert.deepEqual(
    lines.flatMap(({ event, destination, outcome }) => (event === 'deliver outcome' ? [[destination, outcome]] : [])),
    [
      ['clinic', 'delivered'],
      ['research', 'delivered'],
      ['research', 'delivered'],
      ['research', 'delivered'],
    ],
  );
});
