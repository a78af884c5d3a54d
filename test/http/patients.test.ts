import { test, type TestContext } from 'node:test';
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashPassword } from '../../src/http/access/password-hash.ts';
import { ctSliceFile } from '../support/ct-slice.ts';
import { storeInstances } from '../../src/dimse/scu/storage-scu.ts';
import { findInstances } from '../../src/dimse/scu/find-instances.ts';
import { temporaryFolder } from '../support/threshold-bundle.ts';
import { writeFile } from 'node:fs/promises';
import { nodeOverHttp, type NodeOverHttp } from './running-http.ts';
import { eventually } from '../support/eventually.ts';

/** Sends three slices of each patient; names are written in UTF-8. */
async function sendPatients(t: TestContext, { config }: NodeOverHttp, patients: [name: string, id: string][]) {
  const folder = await temporaryFolder(t);
  for (const [index, [patient, patientId]] of patients.entries()) {
    for (const number of [1, 2, 3]) {
      const slice = { series: `1.2.826.9.${index + 1}`, number, patient, patientId, characterSet: 'ISO_IR 192' };
      await writeFile(join(folder, `${index}-${number}.dcm`), ctSliceFile(slice));
    }
  }
  const { instances } = await findInstances([folder]);
  const peer = { aeTitle: 'CONTOUR', host: '127.0.0.1', port: config.dicom.port };
  await storeInstances(peer, instances, { callingAe: 'SCANNER', timeoutSeconds: 20 });
}

const patients: [string, string][] = [
  ['Wang^XiaoDong=王^小东', '0815'],
  ['Müller^Anna', 'A-77'],
];

function audited(dataDirectory: string): string {
  return globSync('audit/*', { cwd: dataDirectory })
    .map((file) => readFileSync(join(dataDirectory, file), 'utf8'))
    .join('');
}

test('who logs in sees and finds patients by name and ID, Chinese included; the audit trail has it', async (t) => {
  const password = await hashPassword('secret');
  const node = await nodeOverHttp(t, { users: [{ name: 'ann', role: 'viewer', password }] });
  await sendPatients(t, node, patients);
  const login = await fetch(`${node.node.httpUrl}/login`, {
    method: 'POST',
    body: new URLSearchParams({ name: 'ann', password: 'secret' }),
    redirect: 'manual',
  });
  const [cookie = ''] = (login.headers.get('set-cookie') ?? '').split(';');
  const list = async (query = ''): Promise<string> =>
    (await node.get(`/${query}`, { cookie, accept: 'text/html' })).text();
  const both = await eventually('both are there', 20, async () => {
    const page = await list();
    return page.includes('Müller Anna') && page.includes('王 小东') ? page : undefined;
  });
  assert.match(both, /0815/);
  for (const text of ['王', 'xiaodong', '0815']) {
    const page = await list(`?search=${encodeURIComponent(text)}`);
    assert.match(page, /Wang XiaoDong/, text);
    assert.doesNotMatch(page, /Müller/, text);
  }
  const [key] = /\/series\/[0-9a-f]{16}/.exec(await list('?search=77')) ?? [];
  assert.match(await (await node.get(key!, { cookie, accept: 'text/html' })).text(), /<dd>A-77<\/dd>/);
  const trail = audited(node.config.dataDirectory);
  assert.equal(trail.match(/"identity shown"/g)?.length, 2, 'each series once, however often the list is shown');
  assert.match(trail, /"patient searched"/);
  assert.doesNotMatch(trail, /xiaodong/, 'what was typed is not kept');
});

test('without users a patient is shown on request, and never where the configuration says so', async (t) => {
  const open = await nodeOverHttp(t);
  await sendPatients(t, open, patients);
  const page = async (node: NodeOverHttp, path: string): Promise<string> =>
    (await node.get(path, { accept: 'text/html' })).text();
  const key = await eventually('a series is there', 20, () => open.node.series.keys()[0]);
  assert.doesNotMatch(await page(open, '/'), /Wang|Müller/);
  assert.doesNotMatch(await page(open, '/?search=Wang'), /href="\/series/);
  assert.match(await page(open, `/series/${key}`), /data-identity/);

  const closed = await nodeOverHttp(t, { showIdentity: 'never' });
  await sendPatients(t, closed, patients);
  const other = await eventually('a series is there', 20, () => closed.node.series.keys()[0]);
  assert.doesNotMatch(await page(closed, `/series/${other}`), /data-identity|Wang|Müller/);
  const response = await closed.post(`/api/series/${other}/identity`, { headers: { origin: closed.node.httpUrl } });
  assert.equal(response.status, 403);
});
