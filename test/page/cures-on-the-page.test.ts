import { test } from 'node:test';
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SeriesState } from '../../src/store/series.ts';
import { nodeOverHttp } from '../http/running-http.ts';
import { range } from '../intake/intake-harness.ts';
import { ctSliceFile } from '../support/ct-slice.ts';
import { eventually } from '../support/eventually.ts';
import { runProgram } from '../support/run-program.ts';
import { temporaryFolder } from '../support/threshold-bundle.ts';
import { startBrowser } from './browser.ts';

const cut = '1.2.826.9.1';
const gap = '1.2.826.9.2';

test('what an operator is offered fits: the main button is a cure, what is missing is said first, a node that is away too', async (t) => {
  const http = await nodeOverHttp(t);
  const folder = await temporaryFolder(t);
  const send = async (series: string, numbers: readonly number[]): Promise<void> => {
    const files = numbers.map((number) => join(folder, `${series}-${number}.dcm`));
    // The sender says 12 of the first series only: the second one has its gap, and is complete all the same.
    const known = series === cut ? { relatedInstances: 12 } : {};
    for (const [i, number] of numbers.entries()) await writeFile(files[i]!, ctSliceFile({ series, number, ...known }));
    const peer = ['-aec', 'CONTOUR', '127.0.0.1', String(http.config.dicom.port)];
    await runProgram('/usr/bin/storescu', [...peer, ...files]);
  };
  const keyOf = (state: SeriesState): Promise<string> =>
    eventually(state, 30, () => http.node.series.list().find((one) => one.state === state)?.key);
  await send(cut, range(1, 7));
  const incomplete = await keyOf('incomplete');
  await send(
    gap,
    range(1, 12).filter((number) => number !== 6),
  );
  const rejected = await keyOf('rejected');

  const browser = await startBrowser(t);
  const page = await browser.newPage();
  const open = (key: string) => page.goto(`${http.node.httpUrl}/series/${key}`);
  const answer = page.locator('#answer');

  await t.test('no "Contour again" as the main button where only other images can help', async () => {
    await open(rejected);
    await page.locator('#head .problem').waitFor();
    assert.equal(await page.locator('#head button.primary').count(), 0);
  });

  await t.test('an incomplete series is contoured after one question, which says what is missing', async () => {
    await open(incomplete);
    assert.match(await page.locator('#head .stages').innerText(), /waiting for more images/);
    await page.getByRole('button', { name: 'Take as it is' }).click();
    assert.match(await answer.innerText(), /^5 of 12 images are missing: .* the 7 that are here/);
    assert.equal(http.node.series.show(incomplete)?.state, 'incomplete', 'nothing was done yet');
    await page.getByRole('button', { name: 'Contour without the missing ones' }).click();
    await eventually('it is released', 20, () =>
      http.node.series.show(incomplete)?.history.some(({ kind }) => kind === 'released') === true ? true : undefined,
    );
  });

  await t.test('a button that is pressed while the node is away says so', async () => {
    await open(rejected);
    await page.getByText('Other model, other destination, delete').click();
    const remove = page.locator('button[data-delete]');
    await http.node.close();
    await remove.click();
    await remove.click();
    const said = page.locator('details [role="alert"]').last();
    await eventually('it is said', 20, async () => ((await said.innerText()) === '' ? undefined : true));
    assert.match(await said.innerText(), /^API_UNREACHABLE: the node does not answer \(look here again/);
  });
});
