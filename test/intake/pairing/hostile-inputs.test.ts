import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mrImageStorage } from '../../../src/dicom/mr-image.ts';
import { ctElements, dicomFile } from '../../dicom/generated-ct.ts';
import { ctSliceFile } from '../../support/ct-slice.ts';
import { mrSlice } from '../../support/mr-slice.ts';
import { identityMatrix, type RegistrationFile, shiftMatrix } from '../../support/registration-file.ts';
import { rle } from '../../support/rle.ts';
import { range } from '../intake-harness.ts';
import {
  ctFrame,
  ctSeries,
  mrFrame,
  mrSeries,
  mrToCt,
  orderOf,
  type PairingBench,
  pairingBench,
  sendCt,
  sendMr,
  sendRegistration,
  settle,
} from './pairing-harness.ts';

/** An image of the MR series that the store lists before twelve others, whatever the key of the pseudonyms. */
function firstListed(bench: PairingBench): number {
  const names = new Map(range(100, 400).map((number) => [bench.keyOf(`${mrSeries}.${number}`), number]));
  return names.get([...names.keys()].toSorted()[0]!)!;
}

test('a localiser in the MR series does not say where the series lies (CS 4.2.4.6)', async (t) => {
  const bench = await pairingBench(t);
  const number = firstListed(bench);
  const localiser = { number, imageType: 'ORIGINAL\\PRIMARY\\LOCALIZER', frame: ctFrame };
  await bench.sendFiles([
    ...range(1, 12).map((slice) => ctSliceFile(mrSlice({ series: mrSeries, number: slice }))),
    ctSliceFile(mrSlice({ series: mrSeries, ...localiser, orientation: [0, 1, 0, 0, 0, -1] })),
  ]);
  await settle(bench);
  await sendCt(bench);
  assert.equal(bench.show(mrSeries).state, 'complete');
  assert.equal(bench.show(ctSeries).problem?.message, 'MR: no registration leads from the CT to it');
  await sendRegistration(bench);
  assert.equal(orderOf(bench)!.inputs![0]!.how, 'registration');
});

test('whose an MR is say all of its slices, not the one that leaves it open (CS 4.2.4.6)', async (t) => {
  const bench = await pairingBench(t);
  const open = firstListed(bench);
  await bench.sendFiles(
    range(1, 12).map((number) =>
      ctSliceFile(
        mrSlice({
          series: mrSeries,
          number,
          frame: ctFrame,
          patient: number === 1 ? '' : 'Roe^Richard',
          ...(number === 1 && { sopInstanceUid: `${mrSeries}.${open}` }),
        }),
      ),
    ),
  );
  await settle(bench);
  await sendCt(bench);
  assert.equal(bench.show(mrSeries).state, 'complete');
  assert.equal(bench.show(ctSeries).problem?.message, 'MR: no MR of the patient has come');
});

test('where a registration moves images within the frame of the CT, that frame does not lead to the MR (CS 4.2.4.6)', async (t) => {
  const moved = shiftMatrix(0, 30, 0);
  const named: RegistrationFile['items'] = [{ images: [`${mrSeries}.3`], matrix: moved }];
  const whole: RegistrationFile['items'] = [{ frame: ctFrame, matrix: moved }];
  const bench = await pairingBench(t);
  await sendMr(bench, { frame: ctFrame });
  // Of something else in that frame.
  await sendRegistration(bench, { items: [{ images: ['1.2.3.4.5'], matrix: moved }] });
  await sendCt(bench);
  assert.equal(bench.show(ctSeries).state, 'queued');
  for (const items of [named, whole]) {
    const doubtful = await pairingBench(t);
    await sendMr(doubtful, { frame: ctFrame });
    await sendRegistration(doubtful, { items });
    await sendCt(doubtful);
    assert.deepEqual(
      [doubtful.show(ctSeries).state, doubtful.show(ctSeries).problem?.message],
      [
        'awaiting input',
        'MR: a registration moves images within their own frame of reference: where it lies is not certain',
      ],
    );
    const key = doubtful.keyOf(ctSeries);
    const [asItIs] = await doubtful.actions.inputChoices(key);
    await doubtful.actions.chooseInput(key, 'MR', asItIs!.choice, { user: 'ann', address: '' });
    await settle(doubtful, 1);
    assert.equal(orderOf(doubtful)!.inputs![0]!.how, 'frame-of-reference');
  }
});

test('what contradicts the MR of a CT that was contoured is said, once, and nobody is sent another one (CS 4.2.4.6)', async (t) => {
  const bench = await pairingBench(t);
  await sendMr(bench);
  await sendRegistration(bench);
  await sendCt(bench);
  // Exported twice more, under other UIDs.
  for (const series of ['1.2.826.11.4', '1.2.826.11.5']) await sendRegistration(bench, { series });
  assert.deepEqual([bench.show(ctSeries).revision, bench.show(ctSeries).warnings], [1, []]);
  const doubts = () => bench.show(ctSeries).warnings.map(({ code, text }) => [code, text]);
  const other = [{ frame: mrFrame, matrix: identityMatrix }];
  for (const series of ['1.2.826.11.6', '1.2.826.11.7']) {
    await sendRegistration(bench, { series, items: other });
    const words = 'since then two registrations disagree by 11.36 mm about where it lies';
    assert.deepEqual(doubts(), [['INPUT_DOUBTFUL', `contoured with MR ${bench.keyOf(mrSeries)}; ${words}`]]);
  }
  assert.deepEqual(
    [bench.show(ctSeries).revision, bench.show(ctSeries).history.filter(({ text }) => /since then/.test(text)).length],
    [1, 1],
  );
  // Somebody chooses, and all is said.
  const offered = await bench.actions.inputChoices(bench.keyOf(ctSeries));
  const chosen = offered.find(({ registrations }) => registrations.includes(bench.keyOf('1.2.826.11.6')))!;
  await bench.actions.chooseInput(bench.keyOf(ctSeries), 'MR', chosen.choice, { user: 'ann', address: '' });
  await settle(bench, 1);
  assert.deepEqual([bench.show(ctSeries).revision, doubts()], [2, []]);
  assert.deepEqual(orderOf(bench)!.inputs![0]!.registrations, [bench.keyOf('1.2.826.11.6')]);
});

test('images of another patient under the series of the MR: it is refused, and the CT that was contoured with it says so (CS 4.2.4.6)', async (t) => {
  const bench = await pairingBench(t, { waitMinutes: 5 });
  await sendMr(bench, { frame: ctFrame });
  await sendCt(bench);
  await sendMr(bench, { frame: ctFrame, patientId: 'P-2', patient: 'Roe^Richard' }, [13]);
  assert.equal(bench.show(mrSeries).problem?.code, 'SERIES_MIXED_IDENTITY');
  assert.deepEqual(
    bench.show(ctSeries).warnings.map(({ text }) => text),
    [`contoured with MR ${bench.keyOf(mrSeries)}; since then it cannot be used: two patients in one series`],
  );
  // A second CT is not held by it for longer than the route says.
  await sendCt(bench, { series: '1.2.826.11.77' });
  await bench.pass(301);
  assert.deepEqual(
    [bench.show('1.2.826.11.77').state, bench.show('1.2.826.11.77').warnings.map(({ code }) => code)],
    ['queued', ['INPUT_MISSING']],
  );
});

/** An MR image in RLE: `damaged` lacks the end of its second segment. */
function compressedMr(number: number, isDamaged: boolean): Buffer {
  const words = Array.from({ length: 16 * 20 }, (_, i) => (i * number) % 4096);
  const pixels = rle(words);
  const elements = ctElements(3 * number, {
    '00080008': ['CS', 'ORIGINAL\\PRIMARY\\M'],
    '00080016': ['UI', mrImageStorage],
    '00080018': ['UI', `${mrSeries}.${number}`],
    '0008103e': ['LO', 'T1 TSE GD'],
    '00080060': ['CS', 'MR'],
    '00100010': ['PN', 'Doe^Jane'],
    '00100020': ['LO', 'P-1'],
    '00100030': ['DA', '19600101'],
    '00100040': ['CS', 'F'],
    '00180010': ['LO', 'Gadobutrol'],
    '0020000d': ['UI', '1.2.3.900'],
    '0020000e': ['UI', mrSeries],
    '00200052': ['UI', ctFrame],
    '7fe00010': undefined,
  });
  const frame = isDamaged ? pixels.subarray(0, pixels.length - 100) : pixels;
  return dicomFile(elements, { syntax: '1.2.840.10008.1.2.5', encapsulated: [frame] });
}

test('a compressed MR that cannot be decoded costs the MR, not the CT (CS 4.2.4.6)', async (t) => {
  const bench = await pairingBench(t, { waitMinutes: 5 });
  const results = await bench.sendFiles(range(1, 12).map((number) => compressedMr(number, number === 7)));
  assert.ok(results.every(({ outcome }) => outcome === 'stored'));
  await settle(bench);
  assert.equal(bench.show(mrSeries).problem?.code, 'PIXEL_DECODING');
  await sendCt(bench);
  assert.match(bench.show(ctSeries).problem?.message ?? '', /^MR: it cannot be used: image 7 of 12: the pixels cannot/);
  await bench.pass(301);
  assert.deepEqual([bench.show(ctSeries).state, orderOf(bench)!.inputs], ['queued', undefined]);

  const whole = await pairingBench(t);
  await whole.sendFiles(range(1, 12).map((number) => compressedMr(number, false)));
  await settle(whole);
  await sendCt(whole);
  assert.equal(orderOf(whole)!.inputs![0]!.series, whole.keyOf(mrSeries));
});

test('a CT that waits follows the configuration: another route, or less patience (CS 4.2.4.6)', async (t) => {
  const bench = await pairingBench(t, { waitMinutes: 60 });
  await sendCt(bench);
  const { config } = bench;
  const wants = (change: object) => ({
    ...config,
    routes: config.routes.map((route) => ({
      ...route,
      inputs: { MR: { ...route.inputs!['MR']!, ...change } },
    })),
  });
  bench.config = wants({ waitMinutes: 2 });
  bench.intake.configured();
  await settle(bench, 0);
  await bench.pass(100);
  // Looked at again, its time does not begin anew.
  await sendRegistration(bench, { frame: '1.2.3.777' });
  assert.equal(bench.show(ctSeries).state, 'queued');
  assert.equal(bench.show(ctSeries).warnings[0]!.code, 'INPUT_MISSING');

  const without = await pairingBench(t);
  await sendCt(without);
  const routes = without.config.routes.map((route) => ({ ...route, inputs: undefined }));
  without.config = { ...without.config, routes };
  without.intake.configured();
  await settle(without, 0);
  assert.deepEqual([without.show(ctSeries).state, without.show(ctSeries).warnings], ['queued', []]);
});

test('two CTs share an MR, and what an operator chose stays chosen when a third MR comes (CS 4.2.4.6)', async (t) => {
  const bench = await pairingBench(t);
  const [second, third, otherCt] = ['1.2.826.11.8', '1.2.826.11.9', '1.2.826.11.77'];
  await sendCt(bench);
  await sendCt(bench, { series: otherCt });
  await sendMr(bench, { frame: ctFrame });
  for (const ct of [ctSeries, otherCt]) assert.equal(bench.show(ct).inputs![0]!.series, bench.keyOf(mrSeries));
  await sendMr(bench, { series: second, frame: ctFrame });
  const key = bench.keyOf(ctSeries);
  const choice = (await bench.actions.inputChoices(key)).find(({ series }) => series === bench.keyOf(second))!;
  await bench.actions.chooseInput(key, 'MR', choice.choice, { user: 'ann', address: '' });
  await settle(bench, 1);
  await sendMr(bench, { series: third, frame: ctFrame, date: '20260103' });
  const shown = bench.show(ctSeries);
  assert.deepEqual([shown.revision, shown.inputs![0]!.series, shown.warnings], [2, bench.keyOf(second), []]);
  assert.deepEqual(
    bench.show(otherCt).warnings.map(({ text }) => text),
    [`contoured with MR ${bench.keyOf(mrSeries)}; since then 3 series fit the route`],
  );
});

test('what a CT waits for is said in words: a registration that is none, an MR that broke off (CS 4.2.4.6)', async (t) => {
  const words = async (changes: Partial<RegistrationFile>): Promise<string | undefined> => {
    const bench = await pairingBench(t);
    await sendMr(bench);
    await sendRegistration(bench, changes);
    await sendCt(bench);
    assert.equal(bench.show(ctSeries).state, 'awaiting input');
    return bench.show(ctSeries).problem?.message;
  };
  const none = 'MR: no registration leads from the CT to it';
  const item = { frame: mrFrame, matrix: mrToCt };
  assert.equal(await words({ patientId: 'P-2' }), none, 'of another patient in the same frames');
  assert.equal(await words({ frame: '1.2.3.777' }), none, 'to a third frame');
  assert.equal(
    await words({ items: [item, { ...item, matrix: identityMatrix }] }),
    'MR: two registrations disagree by 11.36 mm about where it lies',
  );
  for (const [items, why] of [
    [[], 'the registration registers nothing (Registration Sequence is empty)'],
    [[{ ...item, matrix: [Infinity, ...mrToCt.slice(1)] }], 'the matrix of item 1 of 1 is not made of 16 numbers'],
    [[item, { ...item, matrix: [[]] }], 'the matrix of item 2 of 2 is not made of 16 numbers'],
  ] as const)
    assert.equal(await words({ items }), `${none}; one cannot be used: ${why}`);

  const bench = await pairingBench(t);
  const slices = range(1, 5).map((number) => ctSliceFile(mrSlice({ series: mrSeries, number, frame: ctFrame })));
  await bench.sendFiles(slices, 'aborted');
  await settle(bench);
  await sendCt(bench);
  assert.match(bench.show(ctSeries).problem?.message ?? '', /^MR: it cannot be used: an association was aborted/);
  // The sender repeats it: nobody has to do anything else.
  await sendMr(bench, { frame: ctFrame });
  assert.equal(bench.show(ctSeries).state, 'queued');
});

test('an MR that fits two inputs of a route stands for neither, until somebody says for which (CS 4.2.4.6)', async (t) => {
  const bench = await pairingBench(t);
  const routes = bench.config.routes.map((route) => ({
    ...route,
    inputs: { ...route.inputs, T2: { ...route.inputs!['MR']!, match: {} } },
  }));
  bench.config = { ...bench.config, routes };
  await sendMr(bench, { frame: ctFrame });
  await sendCt(bench);
  assert.equal(bench.show(ctSeries).problem?.message, 'MR: the same MR fits T2');
  const key = bench.keyOf(ctSeries);
  const choose = async (input: string, series: string | undefined): Promise<void> => {
    const offered = await bench.actions.inputChoices(key);
    const { choice } = offered.find((one) => one.input === input && one.series === series)!;
    await bench.actions.chooseInput(key, input, choice, { user: 'ann', address: '' });
    await settle(bench, 1);
  };
  await choose('T2', undefined);
  assert.deepEqual(
    orderOf(bench)!.inputs!.map(({ name, series }) => [name, series]),
    [['MR', bench.keyOf(mrSeries)]],
  );
  // A T2 that comes now is one of two that fit.
  await sendMr(bench, { series: '1.2.826.11.8', frame: ctFrame, seriesDescription: 'T2 TSE' });
  assert.equal(bench.show(ctSeries).revision, 1);
});

test('a clock that is set back does not make a CT wait for its MR until that time comes again (CS 4.2.4.6)', async (t) => {
  const bench = await pairingBench(t, { waitMinutes: 60 });
  await sendCt(bench);
  bench.clock.setBack(365 * 86_400);
  await settle(bench, 61 * 60);
  await settle(bench, 61 * 60);
  assert.equal(bench.show(ctSeries).state, 'queued');
});

test('what was interrupted by a crash goes on: an MR in its quiet period (CS 4.2.4.6)', async (t) => {
  const bench = await pairingBench(t);
  await sendCt(bench);
  await bench.sendFiles(
    range(1, 12).map((number) => ctSliceFile(mrSlice({ series: mrSeries, number, frame: ctFrame }))),
  );
  await bench.crash();
  const again = await pairingBench(t, {}, { dataDirectory: bench.dataDirectory, clock: bench.clock });
  await settle(again);
  assert.deepEqual([again.show(ctSeries).state, again.show(ctSeries).inputs?.length], ['queued', 1]);
});
