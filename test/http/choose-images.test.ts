import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { findInstances } from '../../src/dimse/scu/find-instances.ts';
import { storeInstances } from '../../src/dimse/scu/storage-scu.ts';
import { apiTokenHash, newApiToken } from '../../src/http/access/api-token.ts';
import type { OfferedChoice } from '../../src/store/series.ts';
import { ctSliceFile } from '../support/ct-slice.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/threshold-bundle.ts';
import { nodeOverHttp } from './running-http.ts';

const tokens = { viewer: newApiToken(), operator: newApiToken() };

test('the page of a rejected series shows its acquisitions; an operator chooses one, and the audit trail says who', async (t) => {
  const entries = Object.entries(tokens).map(([role, token]) => ({
    name: `${role}-program`,
    role: role as keyof typeof tokens,
    hash: apiTokenHash(token),
  }));
  const http = await nodeOverHttp(t, { tokens: entries });
  const folder = await temporaryFolder(t);
  for (const acquisition of [1, 2]) {
    for (let number = 1; number <= 12; number++) {
      const sopInstanceUid = `1.2.826.9.1.${acquisition}.${number}`;
      const slice = {
        series: '1.2.826.9.1',
        number,
        sopInstanceUid,
        acquisition,
        pixelSeed: acquisition * 100 + number,
      };
      await writeFile(join(folder, `${acquisition}-${number}.dcm`), ctSliceFile(slice));
    }
  }
  const { instances } = await findInstances([folder]);
  const peer = { aeTitle: 'CONTOUR', host: '127.0.0.1', port: http.config.dicom.port };
  await storeInstances(peer, instances, { callingAe: 'SCANNER', timeoutSeconds: 20 });
  const key = await eventually('it is rejected', 20, async () => {
    const [series] = http.node.series.list({ limit: 1 });
    return series?.state === 'rejected' ? series.key : undefined;
  });

  const as = (role: keyof typeof tokens) => ({ authorization: `Bearer ${tokens[role]}` });
  const page = async (role: keyof typeof tokens): Promise<string> =>
    (await http.get(`/series/${key}`, { ...as(role), accept: 'text/html' })).text();
  const answer = await http.get(`/api/series/${key}/choices`, as('viewer'));
  const { choices } = (await answer.json()) as { choices: OfferedChoice[] };
  assert.deepEqual(
    choices.map(({ name, images }) => [name, images]),
    [
      ['Acquisition Number 1', 12],
      ['Acquisition Number 2', 12],
    ],
  );
  const { choice } = choices[1]!;
  assert.ok((await page('operator')).includes(`data-choice="${choice}"`));
  const seen = await page('viewer');
  assert.match(seen, /12 images: Acquisition Number 1/);
  assert.doesNotMatch(seen, /data-choice/);

  const choose = (role: keyof typeof tokens, body: object) =>
    http.post(`/api/series/${key}/choose`, {
      headers: { ...as(role), 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  assert.equal((await choose('viewer', { choice })).status, 403);
  assert.equal((await choose('operator', { choice: 'all' })).status, 400);
  assert.equal((await choose('operator', { choice: '0'.repeat(16) })).status, 409);
  assert.equal(http.node.series.view(key)?.state, 'rejected');
  assert.equal((await choose('operator', { choice })).status, 200);
  const chosen = await eventually('it has a revision', 20, async () => {
    const shown = http.node.series.show(key);
    return shown?.revision === 1 && shown.state === 'unrouted' ? shown : undefined;
  });
  const words = 'Acquisition Number 2 only, 12 images; left out: 12 (Acquisition Number 1)';
  assert.ok(chosen.history.some(({ text }) => text === `operator-program has some of the images contoured: ${words}`));
  assert.doesNotMatch(await page('operator'), /data-choice/);

  const trail = globSync('audit/*', { cwd: http.config.dataDirectory })
    .flatMap((file) => readFileSync(join(http.config.dataDirectory, file), 'utf8').trim().split('\n'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const acted = trail.filter(({ event }) => event === 'choose');
  assert.deepEqual(
    acted.map(({ user, series, choice: text }) => [user, series, text]),
    [['operator-program', key, words]],
  );
});
