import { test } from 'node:test';
import assert from 'node:assert/strict';
import { textsIn } from '../../src/http/texts/choose-language.ts';
import { problem } from '../../src/problem.ts';
import { ratedWarnings } from '../../src/warning.ts';
import { filterOf, worklistMain, type WorklistInput } from '../../src/http/pages/worklist-page.ts';
import { seriesMain } from '../../src/http/pages/series-page.ts';
import { listText, showText } from '../../src/http/series-text.ts';
import { type SeriesDetail, type SeriesPage, seriesStates } from '../../src/store/series.ts';

const series: SeriesDetail = {
  key: 'cb7aa2e66c3e95cf',
  state: 'delivery failed',
  revision: 1,
  images: 90,
  expectedImages: 90,
  callingAe: '<script>AE',
  calledAe: 'CONTOUR',
  address: '10.0.0.5',
  peer: 'scanner',
  route: 'head',
  warnings: [{ code: 'COUNT', text: 'count not confirmed', severity: 'warning' }],
  models: ['openkbp-head-neck'],
  destinations: ['pinnacle'],
  firstReceivedAt: '2026-11-23T18:00:00.000Z',
  lastReceivedAt: '2026-11-23T18:00:09.000Z',
  updatedAt: '2026-11-23T18:01:00.000Z',
  problem: { code: 'STORE_REFUSED', message: 'PINNACLE answered 0xA900', remedy: "see the peer's log" },
  structureSets: [
    {
      structureSet: 'abcdefabcdef0001',
      receivedAt: '2026-11-24T18:00:00.000Z',
      sender: 'pinnacle',
      matchedBy: 'images',
      approval: 'UNAPPROVED',
      confirmed: { by: 'mphys', at: '2026-11-24T19:00:00.000Z' },
      comparisons: [
        {
          order: '48e3c6bfd6ea57a5',
          bundle: { name: 'openkbp-head-neck', version: '0.1.0' },
          state: 'compared',
          tries: 1,
          own: false,
          counts: true,
          rois: [{ name: 'Mandible', state: 'compared', dsc: 0.9251, proposedCm3: 61.3, correctedCm3: 60 }],
          warnings: [],
        },
      ],
    },
  ],
  orders: [
    {
      order: '48e3c6bfd6ea57a5',
      revision: 1,
      bundle: { name: 'openkbp-head-neck', version: '0.1.0' },
      state: 'contoured',
      priority: 'normal',
      tries: 1,
      folder: 'series/cb7aa2e66c3e95cf/revision-1/orders/48e3c6bfd6ea57a5',
      rois: [
        { name: 'Mandible', found: true, delivered: true, volumeCm3: 61.25, slices: 30, contours: 55, components: 1 },
        { name: 'BrainStem', found: false, delivered: false, volumeCm3: 0, slices: 0, contours: 0, components: 0 },
      ],
      timings: [{ stage: 'inference', seconds: 2.14 }],
      warnings: [],
      deliveries: [
        {
          destination: 'pinnacle',
          profile: '0011223344556677',
          state: 'failed',
          tries: 3,
          failedTries: 3,
          status: 0xa900,
          alarmed: false,
          problem: { code: 'STORE_REFUSED', message: 'PINNACLE answered 0xA900', remedy: "see the peer's log" },
        },
      ],
    },
  ],
  stages: [
    { stage: 'receive', from: '2026-11-23T18:00:00.000Z', to: '2026-11-23T18:00:09.000Z' },
    { stage: 'contour', from: '2026-11-23T18:00:10.000Z', to: '2026-11-23T18:03:12.000Z' },
    { stage: 'deliver', from: '2026-11-23T18:03:12.000Z' },
  ],
  history: [{ at: '2026-11-23T18:00:00.000Z', kind: 'association', text: 'images arrive' }],
};

const counts = Object.fromEntries(seriesStates.map((state) => [state, 0])) as SeriesPage['counts'];

function worklist(found: readonly SeriesDetail[], query: Partial<WorklistInput['query']> = {}): string {
  return worklistMain({
    texts: textsIn('en'),
    patients: undefined,
    query: { group: 'all', page: 1, ...query },
    found: { series: found, total: found.length, counts: { ...counts, 'delivery failed': found.length } },
    choices: { senders: ['scanner'], bundles: ['openkbp-head-neck'], destinations: ['pinnacle'] },
    node: { aeTitle: 'CONTOUR', dicomPort: 11112 },
    now: Date.parse('2026-11-23T18:03:42.000Z'),
  })
    .text.replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');
}

test('a row tells state, images, time in each stage, warnings, destinations, and error with code and what to do', () => {
  const page = worklist([series]);
  for (const text of [
    'cb7aa2e66c3e95cf',
    'delivery failed',
    '90 images',
    'receiving 9.0 s',
    'contouring 3 min 2 s',
    'delivery , still running 30 s',
    'count not confirmed',
    'pinnacle failed, 3 tries',
    'STORE_REFUSED What to do: see the peer&#39;s log',
    'Needs attention 1',
    'In progress 0',
  ]) {
    assert.ok(page.includes(text), `${text}\n${page}`);
  }
});

test('what a sender calls itself is text, never markup', () => {
  const { peer: _, ...stranger } = series;
  assert.ok(worklist([stranger]).includes('&#60;script&#62;AE'));
});

test('before the first CT the page says where to send one, and a search without result says that', () => {
  assert.match(worklist([]), /No CT has arrived yet\. Send one by C-STORE to CONTOUR, port 11112/);
  assert.match(worklist([], { search: 'x' }), /No series matches/);
});

test('a series without a route, and one of which nothing goes out, say why and what to do', () => {
  const { problem: _, ...plain } = series;
  assert.match(worklist([{ ...plain, state: 'unrouted' }]), /No route matches this CT.* What to do: add a route/);
  assert.match(worklist([{ ...plain, state: 'nothing found' }]), /no structure set was sent\. What to do: look at/);
});

test('a localiser stands among what is done, with its reason and without an alarm', () => {
  const scout = {
    ...series,
    state: 'nothing to contour' as const,
    problem: problem('SERIES_LOCALISER', 'nothing to contour: localiser'),
  };
  const page = worklist([scout]);
  assert.match(page, /nothing to contour: localiser/);
  assert.doesNotMatch(page, /SERIES_LOCALISER/);
  for (const group of ['all', 'done'] as const)
    assert.ok(filterOf({ group, page: 1 }, 0).states?.includes('nothing to contour'), group);
  assert.ok(!filterOf({ group: 'attention', page: 1 }, 0).states?.includes('nothing to contour'));
});

test('a row shows three warnings and how many more there are; the page of the series shows all', () => {
  const warnings = Array.from({ length: 14 }, (_, n) => ({
    code: 'X',
    text: `warning ${n}.`,
    severity: 'warning' as const,
  }));
  const many = { ...series, warnings };
  const row = worklist([many]);
  assert.match(row, /warning 0\. .*warning 2\. 11 more warnings/);
  assert.ok(!row.includes('warning 3.'));
  const page = seriesMain({
    texts: textsIn('en'),
    identity: 'on request',
    patient: undefined,
    progress: () => undefined,
    series: many,
    now: Date.now(),
    operator: undefined,
    choices: [],
    inputs: [],
  }).text;
  for (const { text } of warnings) assert.ok(page.includes(text), text);
});

test('what somebody has to look at needs attention until then; on its page it stands first, with the button of an operator', () => {
  const [order] = series.orders;
  const network = { bundle: 'b', version: '1.0.0', engine: 'onnxruntime', device: 'cpu', precision: 'int8' };
  const held = {
    ...series,
    state: 'held',
    problem: undefined,
    warnings: ratedWarnings([
      { code: 'LOSSY', text: 'lossy compressed' },
      { code: 'REPEAT', text: 'repeats' },
      { code: 'CUT_SCAN', text: 'Parotid_L: cut' },
    ]),
    orders: [{ ...order!, check: {}, networks: [network], deliveries: [{ ...order!.deliveries[0]!, state: 'held' }] }],
  } as unknown as SeriesDetail;
  assert.match(worklist([held]), /held, check 2 warnings Parotid_L: cut /);
  assert.ok(filterOf({ group: 'attention', page: 1 }, 0).states?.includes('held'));
  assert.ok(filterOf({ group: 'attention', page: 1 }, 0).states?.includes('delivered check'));
  assert.ok(!filterOf({ group: 'done', page: 1 }, 0).states?.includes('delivered check'));
  const page = (shown: SeriesDetail, operator: boolean) =>
    seriesMain({
      texts: textsIn('en'),
      identity: 'on request',
      patient: undefined,
      series: shown,
      now: Date.now(),
      operator: operator ? { bundles: [], recipes: [], destinations: [] } : undefined,
      choices: [],
      inputs: [],
      progress: () => undefined,
    }).text;
  const words = page(held, true)
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');
  assert.match(
    words,
    /until somebody has looked.*check: Parotid_L: cut.*lossy compressed.*repeats.*I have looked: deliver/,
  );
  assert.match(page(held, true), /data-action="acknowledge" data-orders="48e3c6bfd6ea57a5"/);
  assert.doesNotMatch(page(held, false), /acknowledge/);
  const looked = {
    ...held,
    orders: [{ ...held.orders[0]!, check: { acknowledged: { by: 'ann', at: series.updatedAt } } }],
  };
  assert.doesNotMatch(page(looked, true), /data-action="acknowledge"/);
  assert.match(page(looked, true), /Warnings looked at by ann,/);

  const list = listText({ series: [held], counts: { held: 1 } });
  assert.match(list, /held .*check: Parotid_L: cut; warning: lossy compressed$/m);
  assert.match(showText(held), /^ {2}b 1\.0\.0 on onnxruntime, cpu, int8$/m);
  assert.match(showText(held), /check: Parotid_L: cut\n {2}warning: lossy compressed\n {2}notice: repeats/);
});

test('what is to be typed stands apart from the words', () => {
  const problem = { code: 'X', message: 'no', remedy: 'see `contour-node models list`' };
  const page = seriesMain({
    texts: textsIn('en'),
    identity: 'on request',
    patient: undefined,
    progress: () => undefined,
    series: { ...series, problem },
    now: Date.now(),
    operator: undefined,
    choices: [],
    inputs: [],
  }).text;
  assert.match(page, /see <code class="typed">contour-node models list<\/code>/);
});

test('a viewer sees no buttons that change something', () => {
  const failed = { ...series, state: 'failed' } as const;
  const page = (operator: boolean) =>
    seriesMain({
      texts: textsIn('en'),
      identity: 'on request',
      patient: undefined,
      progress: () => undefined,
      series: failed,
      now: Date.now(),
      operator: operator ? { bundles: ['a'], recipes: [], destinations: ['b'] } : undefined,
      choices: [],
      inputs: [],
    }).text;
  assert.match(page(true), /data-action="retry"/);
  assert.doesNotMatch(page(false), /data-action|data-delete|data-order-form/);
});

test('a structure set that came back says how far it is from the proposed one, whether it counts, and who says so', () => {
  const page = seriesMain({
    texts: textsIn('en'),
    identity: 'on request',
    patient: undefined,
    progress: () => undefined,
    series,
    now: Date.now(),
    operator: { bundles: [], recipes: [], destinations: [] },
    choices: [],
    inputs: [],
  }).text;
  for (const text of [
    'From pinnacle,',
    'confirmed by mphys,',
    'Mandible',
    '0.925',
    '61.3',
    'Withdraw the confirmation',
  ])
    assert.ok(page.includes(text), text);
  assert.match(page, /data-also="[^"]*structure-sets/);
});

test('the terminal shows the same', () => {
  const list = listText({ series: [series], counts: { 'delivery failed': 1 } });
  assert.match(list, /cb7aa2e66c3e95cf {2}delivery failed .*90\/90.*STORE_REFUSED: PINNACLE answered 0xA900/);
  const detail = showText(series);
  for (const text of [
    'Mandible: 61.3 cm³ on 30 slices',
    'BrainStem: nothing found',
    'to pinnacle: failed, tries 3',
    'UNAPPROVED, confirmed by mphys 2026-11-24 19:00:00',
    'against openkbp-head-neck 0.1.0: compared, counts',
    'Mandible: DSC 0.925',
    "(see the peer's log)",
    'images arrive',
  ]) {
    assert.ok(detail.includes(text), text);
  }
});
