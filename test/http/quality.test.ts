import assert from 'node:assert/strict';
import { textsIn } from '../../src/http/texts/choose-language.ts';
import { test } from 'node:test';
import { apiTokenHash, newApiToken } from '../../src/http/access/api-token.ts';
import { qualityCsv } from '../../src/http/quality-csv.ts';
import { qualityMain } from '../../src/http/pages/quality-page.ts';
import type { QualityValue } from '../../src/store/quality-values.ts';
import { nodeOverHttp } from './running-http.ts';

function valuesOf(dsc: readonly number[], version = '1.0.0'): QualityValue[] {
  return dsc.map((one, at) => ({
    series: String(at).padStart(16, '0'),
    structureSet: String(at).padStart(16, '1'),
    bundle: { name: 'head, "neck"', version },
    receivedAt: new Date(Date.UTC(2026, 0, at + 1)).toISOString(),
    countedBy: 'approved' as const,
    roi: { name: 'GTVp', state: 'compared' as const, dsc: one, proposedCm3: 10, correctedCm3: 11 },
  }));
}

function pageOf(values: readonly QualityValue[], operator = false): string {
  const unmatched = {
    key: 'abcdefabcdef0001',
    bytes: 1000,
    receivedAt: '2026-11-24T10:00:00.000Z',
    sender: '<TPS>',
    reason: 'several series fit',
    approval: 'APPROVED',
  } as const;
  return qualityMain(textsIn('en'), { metric: 'dsc', values, unmatched: [unmatched], unmatchedDays: 30, operator })
    .text;
}

const steady = Array.from({ length: 20 }, (_, at) => 0.9 + (at % 2) / 100);

test('the page shows a drift once there is a baseline, and says what it measures', () => {
  assert.match(pageOf(valuesOf(steady.slice(1))), /no limits yet: the baseline needs 1 more/);
  assert.match(pageOf(valuesOf(steady)), /as in the baseline/);
  const drifted = pageOf(valuesOf([...steady, 0.7]));
  assert.match(drifted, /changed: DSC/);
  assert.match(drifted, /not the distance from an independent truth/);
  const versions = pageOf([...valuesOf(steady, '1.9.0'), ...valuesOf(steady, '1.10.0')]);
  assert.ok(versions.indexOf('>1.9.0<') < versions.indexOf('>1.10.0<'));
  assert.equal(versions.match(/<svg xmlns/g)?.length, 3, 'a box plot and a run chart for each version');
});

test('each point that breaks a rule is said in words: when, which structure, which rule', () => {
  const signals = (values: readonly number[]): string[] =>
    [...pageOf(valuesOf(values)).matchAll(/<li>(2026-[^<]*)<\/li>/g)].map(([, sentence]) => sentence!);
  assert.deepEqual(signals(steady), []);
  assert.deepEqual(signals([...steady, 0.7]), ['2026-01-21, GTVp: 0.700, beyond a control limit']);
  // Mean 0.905, one standard deviation 0.01 / 1.128: two of them end at 0.887.
  assert.deepEqual(signals([...steady, 0.886, 0.906, 0.885]), [
    '2026-01-23, GTVp: 0.885, two of three beyond two standard deviations on one side',
  ]);
  assert.deepEqual(signals([...steady, 0.9, 0.903, 0.904, 0.906, 0.908, 0.909, 0.907]), [
    '2026-01-26, GTVp: 0.909, sixth or later in a row that rises or falls',
  ]);
  assert.deepEqual(signals([...steady, 0.9, ...Array.from({ length: 8 }, () => 0.906)]), [
    '2026-01-29, GTVp: 0.906, eighth or later in a row on one side of the mean',
  ]);
});

test('names are text, and only an operator is offered to delete', () => {
  const viewer = pageOf([]);
  assert.match(viewer, /&#60;TPS&#62;/);
  assert.doesNotMatch(viewer, /data-unmatched/);
  assert.match(pageOf([], true), /data-unmatched="abcdefabcdef0001"/);
});

test('the CSV has a line for each structure, with what could end a cell quoted', () => {
  const [head, line, ...rest] = qualityCsv(valuesOf([0.9])).split('\r\n');
  assert.deepEqual(rest, ['']);
  assert.equal(
    head,
    'received_at,series,structure_set,bundle,version,counted_by,roi,state,dsc,hd95_mm,surface_dsc_2mm,added_path_length_mm,proposed_cm3,corrected_cm3',
  );
  assert.equal(
    line,
    '2026-01-01T00:00:00.000Z,0000000000000000,1111111111111110,"head, ""neck""",1.0.0,approved,GTVp,compared,0.9,,,,10,11',
  );
});

test('a viewer sees the quality page and changes nothing; without login there is nothing to see', async (t) => {
  const tokens = { viewer: newApiToken(), operator: newApiToken() };
  const http = await nodeOverHttp(t, {
    tokens: (['viewer', 'operator'] as const).map((role) => ({ name: role, role, hash: apiTokenHash(tokens[role]) })),
  });
  const as = (role: keyof typeof tokens) => ({ authorization: `Bearer ${tokens[role]}` });
  for (const path of ['/quality', '/quality?metric=nonsense', '/quality.csv']) {
    assert.equal((await http.get(path, as('viewer'))).status, 200, path);
    assert.equal((await http.get(path)).status, 401, path);
  }
  const some = '0'.repeat(16);
  const changes = [
    `/api/unmatched/${some}/delete`,
    ...['confirm', 'withdraw', 'compare'].map((action) => `/api/series/${some}/structure-sets/${some}/${action}`),
  ];
  for (const path of changes) {
    assert.equal((await http.post(path)).status, 401, path);
    assert.equal((await http.post(path, { headers: as('viewer') })).status, 403, path);
    assert.equal((await http.post(path, { headers: as('operator') })).status, 404, path);
  }
  assert.equal((await http.post('/api/unmatched/..%2fx/delete', { headers: as('operator') })).status, 400);
  const contours = await http.get(`/series/${some}/structure-sets/${some}/${some}/contours.json`, as('viewer'));
  assert.equal(contours.status, 404);
  const metrics = await (await http.get('/metrics', as('viewer'))).text();
  assert.match(metrics, /contour_node_unmatched_structure_sets 0/);
});
