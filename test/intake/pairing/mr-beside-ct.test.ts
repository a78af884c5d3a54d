import assert from 'node:assert/strict';
import { test } from 'node:test';
import { transformed } from '../../../src/dicom/affine.ts';
import { imagesIn } from '../../../src/dicom/ct-instance.ts';
import { checkCtSeries } from '../../../src/dicom/ct-series.ts';
import { writeRevision } from '../../../src/intake/complete/write-revision.ts';
import { enhancedMrImageStorage } from '../../../src/dimse/presentation-context.ts';
import { ctSliceFile } from '../../support/ct-slice.ts';
import { mrSlice } from '../../support/mr-slice.ts';
import { shiftMatrix } from '../../support/registration-file.ts';
import { type IntakeHarness, range } from '../intake-harness.ts';
import {
  ctFrame,
  ctSeries,
  mrFrame,
  mrSeries,
  mrToCt,
  orderOf,
  pairingBench,
  regSeries,
  sendCt,
  sendMr,
  sendRegistration,
  settle,
} from './pairing-harness.ts';

/** Where the order says that a point of the CT lies in the MR. */
function inMr(bench: IntakeHarness, point: readonly [number, number, number]): number[] {
  const matrix = orderOf(bench)?.inputs?.[0]?.fromCt;
  assert.ok(matrix !== undefined, 'there is no MR in the order');
  return transformed(matrix, point).map((value) => Math.round(value * 1e4) / 1e4 + 0);
}

function assertPaired(bench: IntakeHarness): void {
  // A point of the MR, by hand where it lies in the CT.
  const [x, y, z] = [40, -20, 30];
  const [c, s] = [Math.cos(0.1), Math.sin(0.1)];
  assert.deepEqual(inMr(bench, [x * c - y * s + 5, x * s + y * c - 3, z + 8]), [x, y, z]);
  const [input] = orderOf(bench)!.inputs!;
  assert.deepEqual(
    [input!.name, input!.series, input!.revision, input!.how, input!.registrations, input!.date],
    ['MR', bench.keyOf(mrSeries), 1, 'registration', [bench.keyOf(regSeries)], '20260102'],
  );
}

test('CT first, then MR, the registration last: the CT waits, and is contoured with both when they are there (CS 4.2.4.6)', async (t) => {
  const bench = await pairingBench(t);
  await sendCt(bench);
  assert.deepEqual(
    [bench.show(ctSeries).state, bench.show(ctSeries).problem?.message, bench.show(ctSeries).revision],
    ['awaiting input', 'MR: no MR of the patient has come', 0],
  );
  await sendMr(bench);
  assert.equal(bench.show(mrSeries).state, 'complete');
  assert.equal(bench.show(ctSeries).problem?.message, 'MR: no registration leads from the CT to it');
  await sendRegistration(bench);
  assert.equal(bench.show(regSeries).state, 'complete');
  assert.deepEqual([bench.show(ctSeries).state, bench.show(ctSeries).revision], ['queued', 1]);
  assertPaired(bench);
  assert.deepEqual(bench.show(ctSeries).warnings, []);
});

test('MR and registration first: the CT does not wait (CS 4.2.4.6)', async (t) => {
  const bench = await pairingBench(t);
  await sendRegistration(bench);
  await sendMr(bench);
  await sendCt(bench);
  assert.equal(bench.show(ctSeries).state, 'queued');
  assertPaired(bench);
  // By itself neither is contoured.
  assert.deepEqual([bench.show(mrSeries).orders, bench.show(regSeries).orders], [[], []]);
});

test('an MR that never comes: after waitMinutes the CT is contoured alone, and says so (CS 4.2.4.6)', async (t) => {
  const bench = await pairingBench(t, { waitMinutes: 60 });
  await sendCt(bench);
  await bench.pass(59 * 60);
  assert.equal(bench.show(ctSeries).state, 'awaiting input');
  await bench.pass(61);
  const { state, warnings } = bench.show(ctSeries);
  assert.equal(state, 'queued');
  assert.deepEqual(warnings, [
    { code: 'INPUT_MISSING', text: 'contoured without MR: no MR of the patient has come', severity: 'warning' },
  ]);
  assert.equal(orderOf(bench)!.inputs, undefined);
});

test('where the MR is required the CT is rejected after waitMinutes, and contoured as soon as the MR comes (CS 4.2.4.6)', async (t) => {
  const bench = await pairingBench(t, { required: true, waitMinutes: 10 });
  await sendCt(bench);
  await bench.pass(601);
  assert.deepEqual(
    [bench.show(ctSeries).state, bench.show(ctSeries).problem?.code],
    ['rejected', 'SERIES_INPUT_MISSING'],
  );
  await sendMr(bench, { frame: ctFrame });
  assert.equal(bench.show(ctSeries).state, 'queued');
  assert.equal(orderOf(bench)!.inputs?.[0]?.how, 'frame-of-reference');
});

test('a late MR makes a new revision with another order, and the first one is its predecessor by number (CS 4.2.4.6)', async (t) => {
  const bench = await pairingBench(t, { waitMinutes: 0 });
  await sendCt(bench);
  const alone = orderOf(bench)!;
  assert.equal(alone.inputs, undefined);
  await sendMr(bench, { frame: ctFrame });
  const shown = bench.show(ctSeries);
  assert.deepEqual([shown.revision, shown.state, shown.images], [2, 'queued', 12]);
  const both = orderOf(bench)!;
  assert.deepEqual([both.revision, both.inputs?.length], [2, 1]);
  assert.deepEqual(shown.warnings, []);
  // The order of the CT alone was not contoured yet.
  assert.equal(shown.orders.find(({ revision }) => revision === 1)?.state, 'superseded');
  // The same MR once more changes nothing.
  await sendMr(bench, { frame: ctFrame });
  assert.equal(bench.show(ctSeries).revision, 2);
});

test('a registration that comes again with another matrix makes a new revision of MR and CT (CS 4.2.4.6)', async (t) => {
  const bench = await pairingBench(t);
  await sendMr(bench);
  await sendRegistration(bench);
  await sendCt(bench);
  await sendRegistration(bench, { items: [{ frame: mrFrame, matrix: shiftMatrix(1, 2, 3) }] });
  assert.equal(bench.show(regSeries).revision, 2);
  assert.equal(bench.show(ctSeries).revision, 2);
  assert.deepEqual(inMr(bench, [11, 12, 13]), [10, 10, 10]);
});

test('a registration that is turned round, from the CT to the MR, is taken the other way (CS 4.2.4.6)', async (t) => {
  const bench = await pairingBench(t);
  await sendMr(bench);
  // The registration's own frame is that of the MR: its matrix takes a point of the CT there.
  await sendRegistration(bench, { frame: mrFrame, items: [{ frame: ctFrame, matrix: shiftMatrix(10, 20, 30) }] });
  await sendCt(bench);
  assert.deepEqual(inMr(bench, [1, 2, 3]), [11, 22, 33]);
});

test('a chain over a third frame of reference leads to the MR (CS 4.2.4.6)', async (t) => {
  const bench = await pairingBench(t);
  await sendMr(bench);
  const third = '1.2.3.999';
  await sendRegistration(bench, { frame: third, items: [{ frame: ctFrame, matrix: shiftMatrix(1, 0, 0) }] });
  await sendRegistration(bench, {
    series: '1.2.826.11.4',
    frame: third,
    items: [{ frame: mrFrame, matrix: shiftMatrix(0, 5, 0) }],
  });
  await sendCt(bench);
  assert.deepEqual(inMr(bench, [0, 0, 0]), [1, -5, 0]);
  assert.deepEqual(orderOf(bench)!.inputs![0]!.registrations, [bench.keyOf(regSeries), bench.keyOf('1.2.826.11.4')]);
});

test('a registration of images without a frame of reference is one of their frame (CS 4.2.4.6)', async (t) => {
  const bench = await pairingBench(t);
  await sendMr(bench);
  await sendRegistration(bench, { items: [{ images: [`${mrSeries}.3`], matrix: shiftMatrix(1, 2, 3) }] });
  await sendCt(bench);
  assert.deepEqual(inMr(bench, [1, 2, 3]), [0, 0, 0]);
});

test('a sheared matrix is refused in words; the CT waits, says why, and goes on alone (CS 4.2.4.6)', async (t) => {
  const bench = await pairingBench(t, { waitMinutes: 5 });
  await sendMr(bench);
  const sheared = [1, 0.1, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
  await sendRegistration(bench, { items: [{ frame: mrFrame, matrix: sheared }] });
  const { state, problem } = bench.show(regSeries);
  assert.deepEqual([state, problem?.code], ['rejected', 'SERIES_REGISTRATION']);
  assert.equal(problem?.message, 'the matrix of item 1 of 1 shears the image, although its type is RIGID');
  await sendCt(bench);
  assert.match(bench.show(ctSeries).problem?.message ?? '', /no registration leads .* one cannot be used: the matrix/);
  await bench.pass(301);
  assert.deepEqual([bench.show(ctSeries).state, orderOf(bench)!.inputs], ['queued', undefined]);
});

test('an MR of another patient, of another visit or of another sequence is not taken (CS 4.2.4.6)', async (t) => {
  const words = async (changes: Parameters<typeof sendMr>[1]): Promise<string | undefined> => {
    const bench = await pairingBench(t);
    await sendMr(bench, { frame: ctFrame, ...changes });
    await sendCt(bench);
    assert.equal(bench.show(ctSeries).state, 'awaiting input');
    return bench.show(ctSeries).problem?.message;
  };
  assert.equal(await words({ patientId: 'P-2' }), 'MR: no MR of the patient has come');
  assert.equal(await words({ patient: 'Roe^Richard' }), 'MR: no MR of the patient has come');
  assert.equal(
    await words({ study: '1.2.3.800', date: '20251102' }),
    'MR: that of another visit was taken 61 days from the CT, the route takes 30',
  );
  assert.equal(
    await words({ seriesDescription: 'T2 TSE TRA' }),
    'MR: none of 1 MR series of the patient fits the route',
  );
  assert.equal(await words({ contrastAgent: '' }), 'MR: none of 1 MR series of the patient fits the route');
  assert.match(
    (await words({ imageType: 'DERIVED\\SECONDARY\\PROJECTION IMAGE' })) ?? '',
    /^MR: it cannot be used: all images are projections/,
  );
});

test('an MR of another study is taken where it was made within the days of the route (CS 4.2.4.6)', async (t) => {
  const bench = await pairingBench(t);
  await sendMr(bench, { frame: ctFrame, study: '1.2.3.800', date: '20251220' });
  await sendCt(bench);
  assert.equal(bench.show(ctSeries).state, 'queued');
  assert.equal(orderOf(bench)!.inputs?.[0]?.date, '20251220');
});

test('two MR series are not decided between: somebody chooses, or the CT goes on alone and asks to be looked at (CS 4.2.4.6)', async (t) => {
  const bench = await pairingBench(t);
  const second = '1.2.826.11.9';
  await sendMr(bench, { frame: ctFrame });
  await sendMr(bench, { series: second, frame: ctFrame, date: '20260103' });
  await sendCt(bench);
  assert.deepEqual(
    [bench.show(ctSeries).state, bench.show(ctSeries).problem?.code, bench.show(ctSeries).problem?.message],
    ['awaiting input', 'SERIES_INPUT_AMBIGUOUS', 'MR: 2 series fit the route'],
  );
  const key = bench.keyOf(ctSeries);
  const offered = await bench.actions.inputChoices(key);
  assert.deepEqual(
    offered.map(({ input, series, used }) => [input, series, used]),
    [
      ['MR', bench.keyOf(second), false],
      ['MR', bench.keyOf(mrSeries), false],
      ['MR', undefined, false],
    ],
  );
  await bench.actions.chooseInput(key, 'MR', offered[1]!.choice, { user: 'ann', address: '' });
  await bench.pass(1);
  assert.equal(bench.show(ctSeries).state, 'queued');
  assert.equal(orderOf(bench)!.inputs![0]!.series, bench.keyOf(mrSeries));

  const alone = await pairingBench(t, { waitMinutes: 1 });
  await sendMr(alone, { frame: ctFrame });
  await sendMr(alone, { series: second, frame: ctFrame });
  await sendCt(alone);
  await alone.pass(61);
  assert.deepEqual(
    alone.show(ctSeries).warnings.map(({ code, severity, text }) => [code, severity, text]),
    [['INPUT_AMBIGUOUS', 'check', 'contoured without MR: 2 series fit the route']],
  );

  const newest = await pairingBench(t, { several: 'newest' });
  await sendMr(newest, { frame: ctFrame });
  await sendMr(newest, { series: second, frame: ctFrame, date: '20260103' });
  await sendCt(newest);
  assert.equal(orderOf(newest)!.inputs![0]!.series, newest.keyOf(second));
});

test('while a second MR arrives nothing is decided; where it breaks off the CT goes on with the first (CS 4.2.4.6)', async (t) => {
  const slices = (last: number) =>
    range(1, last).map((number) => ctSliceFile(mrSlice({ series: '1.2.826.11.9', number, frame: ctFrame })));
  const bench = await pairingBench(t);
  await sendMr(bench, { frame: ctFrame });
  await bench.sendFiles(range(1, 12).map((number) => ctSliceFile({ series: ctSeries, number })));
  await settle(bench, 10);
  await bench.sendFiles(slices(12));
  await settle(bench, 12);
  assert.equal(bench.show(ctSeries).problem?.message, 'MR: another MR or registration of the patient still arrives');
  await settle(bench);
  assert.equal(bench.show(ctSeries).problem?.message, 'MR: 2 series fit the route');

  const broken = await pairingBench(t);
  await sendMr(broken, { frame: ctFrame });
  await broken.sendFiles(range(1, 12).map((number) => ctSliceFile({ series: ctSeries, number })));
  await settle(broken, 10);
  await broken.sendFiles(slices(5), 'aborted');
  await settle(broken, 12);
  assert.equal(broken.show('1.2.826.11.9').state, 'incomplete');
  assert.equal(broken.show(ctSeries).state, 'queued');
  assert.equal(orderOf(broken)!.inputs![0]!.series, broken.keyOf(mrSeries));
});

test('two registrations that disagree are not decided between; two that agree are one (CS 4.2.4.6)', async (t) => {
  const bench = await pairingBench(t);
  await sendMr(bench);
  await sendRegistration(bench);
  await sendRegistration(bench, {
    series: '1.2.826.11.4',
    items: [{ frame: mrFrame, matrix: [...mrToCt.slice(0, 3), 8.5, ...mrToCt.slice(4)] }],
  });
  await sendCt(bench);
  assert.equal(bench.show(ctSeries).problem?.message, 'MR: two registrations disagree by 3.5 mm about where it lies');
  const agreeing = await pairingBench(t);
  await sendMr(agreeing);
  await sendRegistration(agreeing);
  await sendRegistration(agreeing, {
    series: '1.2.826.11.4',
    items: [{ frame: mrFrame, matrix: [...mrToCt.slice(0, 3), 5.4, ...mrToCt.slice(4)] }],
  });
  await sendCt(agreeing);
  assert.equal(agreeing.show(ctSeries).state, 'queued');
});

test('an operator has the CT contoured alone, or without the MR that it was contoured with (CS 4.2.4.6)', async (t) => {
  const bench = await pairingBench(t);
  await sendCt(bench);
  const key = bench.keyOf(ctSeries);
  const [alone] = await bench.actions.inputChoices(key);
  await bench.actions.chooseInput(key, 'MR', alone!.choice, { user: 'ann', address: '' });
  await bench.pass(1);
  assert.deepEqual([bench.show(ctSeries).state, orderOf(bench)!.inputs], ['queued', undefined]);
  assert.deepEqual(
    bench.show(ctSeries).warnings.map(({ text }) => text),
    ['an operator chose the CT without MR'],
  );
  // What comes later does not overrule that.
  await sendMr(bench, { frame: ctFrame });
  assert.equal(bench.show(ctSeries).revision, 1);
});

test('an MR is never contoured by itself, nor deleted while a CT is contoured with it (CS 4.2.4.6)', async (t) => {
  const bench = await pairingBench(t);
  await sendMr(bench, { frame: ctFrame });
  const mr = bench.keyOf(mrSeries);
  await assert.rejects(bench.actions.order(mr, { bundle: 'one' }, []), /never contoured by itself/);
  await sendCt(bench);
  const ann = { user: 'ann', address: '' };
  await assert.rejects(bench.actions.delete(mr, ann), /a CT that is being contoured or sent is seen with it/);
  await sendMr(bench, { series: '1.2.826.11.9', patientId: 'P-2' });
  await bench.actions.delete(bench.keyOf('1.2.826.11.9'), ann);
});

test('the structure set of a CT depends on what is seen beside it: another MR, or way to it, is another UID (CS 4.2.4.6)', async (t) => {
  const bench = await pairingBench(t, { waitMinutes: 0 });
  await sendCt(bench);
  const key = bench.keyOf(ctSeries);
  const images = bench.store.images(key);
  const checked = checkCtSeries(imagesIn(images));
  const image = { name: 'MR', series: '0123456789abcdef', revision: 1, fromCt: mrToCt, how: 'registration' } as const;
  const content = async (number: number, inputs: Parameters<typeof writeRevision>[0]['inputs']): Promise<string> => {
    const { dataDirectory } = bench;
    const written = await writeRevision({
      dataDirectory,
      series: key,
      newest: number,
      images,
      checked,
      warnings: [],
      inputs,
      now: 0,
    });
    return written.contentSha256;
  };
  const digests = [
    await content(11, []),
    await content(12, [{ ...image, fromCt: [...mrToCt] }]),
    await content(13, [{ ...image, fromCt: shiftMatrix(1, 2, 3) }]),
    await content(14, [{ ...image, revision: 2, fromCt: [...mrToCt] }]),
  ];
  assert.equal(new Set(digests).size, 4);
  assert.equal(await content(12, [{ ...image, fromCt: [...mrToCt] }]), digests[1], 'the same is written once');
});

test('without a registration a route may have the worker register, beginning where the middles of the scans meet (CS 4.2.4.6)', async (t) => {
  const bench = await pairingBench(t, { register: 'rigid' });
  await sendMr(bench, { position: [84, -16] });
  await sendCt(bench);
  const [input] = orderOf(bench)!.inputs!;
  assert.equal(input!.how, 'rigid');
  assert.deepEqual(inMr(bench, [0, 0, 0]), [100, 0, 0]);
  // A registration that comes later is better.
  await sendRegistration(bench);
  assert.equal(orderOf(bench)!.inputs![0]!.how, 'registration');
});

test('after a crash a CT goes on waiting as long as it was to wait, and its MR is still found (CS 4.2.4.6)', async (t) => {
  const bench = await pairingBench(t, { waitMinutes: 30 });
  await sendCt(bench);
  await bench.pass(20 * 60);
  const until = bench.store.get(bench.keyOf(ctSeries))!.awaits!.until;
  await bench.crash();
  const again = await pairingBench(t, { waitMinutes: 30 }, { dataDirectory: bench.dataDirectory, clock: bench.clock });
  await again.pass(60);
  assert.deepEqual(
    [again.show(ctSeries).state, again.store.get(again.keyOf(ctSeries))!.awaits!.until],
    ['awaiting input', until],
  );
  await sendMr(again, { frame: ctFrame });
  assert.equal(again.show(ctSeries).state, 'queued');
});

test('a slice of the MR that comes late, on another association, makes a new revision of it, which the CT follows (CS 4.2.4.6)', async (t) => {
  const bench = await pairingBench(t);
  await sendCt(bench);
  await sendMr(bench, { frame: ctFrame });
  assert.equal(orderOf(bench)!.inputs![0]!.revision, 1);
  await sendMr(bench, { frame: ctFrame }, [13]);
  assert.equal(bench.show(mrSeries).revision, 2);
  assert.deepEqual([bench.show(ctSeries).revision, orderOf(bench)!.inputs![0]!.revision], [2, 2]);
});

test('what helps a CT is taken where a route wants it, and refused at the association in words where it cannot be used (CS 4.2.4.6)', async (t) => {
  const bench = await pairingBench(t);
  const enhanced = mrSlice({ series: mrSeries, number: 1, sopClassUid: enhancedMrImageStorage });
  const [refused] = await bench.sendFiles([ctSliceFile(enhanced)]);
  assert.deepEqual([refused!.outcome, refused!.code], ['refused', 'PRESENTATION_CONTEXT_REFUSED']);
  const [taken] = await bench.sendFiles([ctSliceFile(mrSlice({ series: mrSeries, number: 1 }))]);
  assert.equal(taken!.outcome, 'stored');
});
