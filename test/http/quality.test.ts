import assert from 'node:assert/strict';
import { textsIn } from '../../src/http/texts/choose-language.ts';
import { test } from 'node:test';
import { apiTokenHash, newApiToken } from '../../src/http/access/api-token.ts';
import { qualityCsv } from '../../src/http/quality-csv.ts';
import { qualityQuery } from '../../src/http/quality-filter.ts';
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

interface Asked {
  readonly operator?: boolean;
  readonly query?: Record<string, string>;
}

function pageOf(values: readonly QualityValue[], { operator = false, query = {} }: Asked = {}): string {
  const unmatched = {
    key: 'abcdefabcdef0001',
    bytes: 1000,
    receivedAt: '2026-11-24T10:00:00.000Z',
    sender: '<TPS>',
    reason: 'several series fit',
    approval: 'APPROVED',
  } as const;
  const now = Date.UTC(2026, 1, 1);
  const input = { query: qualityQuery(query), values, now, unmatched: [unmatched], unmatchedDays: 30, operator };
  return qualityMain(textsIn('en'), input).text;
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

test('model, sender and period narrow the charts, the table and every link; limits stay those of the whole run', () => {
  const confirmed = { by: 'mphys <a>', at: '2026-01-21T12:00:00.000Z' };
  const values: QualityValue[] = [
    ...valuesOf([...steady, 0.7]).map((value) => ({ ...value, sender: 'tps a', confirmed })),
    ...valuesOf([0.8]).map((value) => ({ ...value, sender: 'tps b', bundle: { name: 'other', version: '1' } })),
  ];
  const all = pageOf(values);
  assert.match(all, /21 structure sets count/);
  assert.match(all, /<h2>other<\/h2>/);
  const page = pageOf(values, { query: { days: '12', model: 'head, "neck"', sender: 'tps a', metric: 'dsc' } });
  assert.doesNotMatch(page, /<h2>other<\/h2>/);
  assert.match(page, /2 structure sets count/);
  assert.equal(page.match(/<circle[^>]*r="[35]"/g)?.length, 2, 'the points of 20 and 21 January');
  assert.match(page, /2026-01-21, GTVp: 0.700, beyond a control limit/);
  const filter = 'days=12&#38;model=head%2C\\+%22neck%22&#38;sender=tps\\+a';
  assert.match(page, new RegExp(`href="/quality\\?metric=hd95&#38;${filter}"`));
  assert.match(page, new RegExp(`href="/quality.csv\\?${filter}"`));
  assert.match(page, /<option value="12" selected>/);
  assert.match(page, /confirmed by mphys &#60;a&#62;,\s*<time datetime="2026-01-21T12/);
  assert.match(pageOf(values, { query: { sender: 'nobody' } }), /No correction that counts matches the filter/);
});

test('an ROI without a proposal has no chart; it is listed with its model and with its correction', () => {
  const [value] = valuesOf([0.9]) as [QualityValue];
  const page = pageOf([value, { ...value, roi: { name: 'GTVn', state: 'only corrected', correctedCm3: 3 } }]);
  assert.doesNotMatch(page, /<h3>GTVn<\/h3>/);
  assert.match(page, /<th scope="row">GTVn<\/th>\s*<td>not proposed<\/td>/);
  assert.match(page, /href="\/series\/0000000000000000#correction-1111111111111110"/);
  assert.match(page, /<td>GTVn<\/td>/);
});

test('the axis of DSC and surface DSC goes from 0 to 1, that of a distance by its values', () => {
  const ticks = (metric: 'dsc' | 'surfaceDsc' | 'hd95', value: number): string[] => {
    const values = valuesOf(steady).map((one) => ({ ...one, roi: { ...one.roi, [metric]: value } }));
    const [box = ''] = /<svg xmlns[\s\S]*?<\/svg>/.exec(pageOf(values, { query: { metric } })) ?? [];
    return [...box.matchAll(/text-anchor="end">([^<]*)</g)].map(([, text]) => text!);
  };
  assert.deepEqual(ticks('dsc', 0.95), ['0', '0.2', '0.4', '0.6', '0.8', '1']);
  assert.deepEqual(ticks('surfaceDsc', 0.97), ['0', '0.2', '0.4', '0.6', '0.8', '1']);
  assert.equal(ticks('hd95', 40)[0], '39.4');
});

test('names are text, and only an operator is offered to delete', () => {
  const viewer = pageOf([]);
  assert.match(viewer, /&#60;TPS&#62;/);
  assert.doesNotMatch(viewer, /data-unmatched/);
  assert.match(pageOf([], { operator: true }), /data-unmatched="abcdefabcdef0001"/);
});

test('the CSV has a line for each structure, with what could end a cell quoted', () => {
  const [head, line, ...rest] = qualityCsv(valuesOf([0.9])).split('\r\n');
  assert.deepEqual(rest, ['']);
  assert.equal(
    head,
    'received_at,series,structure_set,bundle,version,counted_by,roi,state,dsc,hd95_mm,surface_dsc_2mm,added_path_length_mm,proposed_cm3,corrected_cm3,sender,confirmed_by,confirmed_at',
  );
  assert.equal(
    line,
    '2026-01-01T00:00:00.000Z,0000000000000000,1111111111111110,"head, ""neck""",1.0.0,approved,GTVp,compared,0.9,,,,10,11,,,',
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
