import assert from 'node:assert/strict';
import { chmod, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseDicom } from '../../../src/dicom/read-data-set.ts';
import { ctImageStorage } from '../../../src/dicom/ct-instance.ts';
import { rtStructureSetStorage } from '../../../src/dicom/rtstruct/structure-set.ts';
import { ctSliceFile, transferSyntaxes } from '../../support/ct-slice.ts';
import { sharedData } from '../../support/shared-data.ts';
import { IntakeHarness, range } from '../intake-harness.ts';

const a = '1.2.826.2.1';

async function kept(bench: IntakeHarness, series: string): Promise<string[]> {
  return (await readdir(join(bench.dataDirectory, 'series', bench.keyOf(series), 'instances'))).toSorted();
}

test('an image that is answered with 0x0000 lies in its series as it came (CS 4.2.4.1)', async (t) => {
  const bench = await IntakeHarness.open(t);
  const slice = { series: a, number: 1 };
  assert.equal(await bench.send(bench.associate(), slice), 0x0000);
  const [file] = await kept(bench, a);
  assert.equal(file, `${bench.keyOf(`${a}.1`)}.dcm`);
  assert.deepEqual(
    await readFile(join(bench.dataDirectory, 'series', bench.keyOf(a), 'instances', file)),
    ctSliceFile(slice),
  );
  assert.deepEqual(await readdir(join(bench.dataDirectory, 'incoming')), []);
});

test('SOP class and instance UID have to be those of the command: 0xA900 (CS 4.2.4.1)', async (t) => {
  const bench = await IntakeHarness.open(t);
  const association = bench.associate();
  assert.equal(await bench.send(association, { series: a, number: 1 }, { sopInstanceUid: '1.2.3.4' }), 0xa900);
  assert.equal(
    await bench.send(association, { series: a, number: 1, sopClassUid: '1.2.840.10008.5.1.4.1.1.4' }),
    0xa900,
  );
  assert.deepEqual(
    bench.store.list().map(({ key, images }) => ({ key, images })),
    [{ key: bench.keyOf(a), images: 0 }],
  );
});

test('what cannot be parsed is refused with 0xC000, wherever it ends (CS 4.2.4.1)', async (t) => {
  const bench = await IntakeHarness.open(t);
  const association = bench.associate();
  const whole = ctSliceFile({ series: a, number: 1 });
  for (const bytes of [0, 100, 132, 400, whole.length - 600, whole.length - 1]) {
    assert.equal(
      await bench.sendBytes(association, whole.subarray(0, bytes), { sopInstanceUid: `${a}.1` }),
      0xc000,
      `${bytes} bytes`,
    );
  }
  assert.deepEqual(
    bench.store.list().map(({ key, images }) => ({ key, images })),
    [{ key: bench.keyOf(a), images: 0 }],
  );
});

test('the same image again is absorbed, in whatever encoding it comes (CS 4.2.4.1)', async (t) => {
  const bench = await IntakeHarness.open(t);
  const association = bench.associate();
  for (const encoding of ['implicit', 'explicit', 'deflated', 'implicit'] as const) {
    const slice = { series: a, number: 1, encoding };
    assert.equal(
      await bench.sendBytes(association, ctSliceFile(slice), { sopInstanceUid: `${a}.1` }),
      0x0000,
      transferSyntaxes[encoding],
    );
  }
  assert.equal((await kept(bench, a)).length, 1);
});

test('a compressed image and its uncompressed original are the same image', async (t) => {
  const codecs = sharedData('codecs');
  if (codecs === undefined) return t.skip('../shared/data/codecs is not there');
  const bench = await IntakeHarness.open(t);
  const association = bench.associate();
  const names = [
    'CTImage.dcm',
    ...(await readdir(codecs)).filter((name) => /RLE|JPEG2000Lossless|JPEGLSLossless/i.test(name)),
  ];
  assert.ok(names.length > 1);
  const uids = new Set<string>();
  for (const name of names) {
    const bytes: Buffer = await readFile(join(codecs, name));
    const uid = parseDicom(bytes).string('00080018')!;
    uids.add(uid);
    assert.equal(await bench.sendBytes(association, bytes, { sopInstanceUid: uid }), 0x0000, name);
  }
  const [series] = bench.store.list();
  const files = await readdir(join(bench.dataDirectory, 'series', series!.key, 'instances'));
  assert.equal(new Set(files.map((file) => file.slice(0, 16))).size, uids.size);
});

test('other pixels under a known UID are refused with 0xC001, and the first ones stay (CS 4.2.4.1)', async (t) => {
  const bench = await IntakeHarness.open(t);
  await bench.sendAll(a, range(1, 12));
  await bench.pass(21);
  assert.deepEqual(await bench.sendAll(a, [4], 'released', { pixelSeed: 99 }), [0xc001]);
  const [file] = (await kept(bench, a)).filter((name) => name.startsWith(bench.keyOf(`${a}.4`)));
  assert.deepEqual(
    await readFile(join(bench.dataDirectory, 'series', bench.keyOf(a), 'instances', file!)),
    ctSliceFile({ series: a, number: 4 }),
  );
  await bench.pass(60);
  const shown = bench.show(a);
  assert.deepEqual([shown.revision, shown.state], [1, 'unrouted']);
  assert.ok(shown.history.some(({ code }) => code === 'SERIES_PIXELS_DIFFER'));
});

test('a full disk is answered with 0xA700, and the series waits for the repeat (CS 4.2.4.1)', async (t) => {
  const bench = await IntakeHarness.open(t);
  const first = bench.associate();
  for (const number of range(1, 11)) await bench.send(first, { series: a, number });
  bench.assembly.ended(first, 'released');
  await bench.crash();

  const full = await IntakeHarness.open(t, {
    dataDirectory: bench.dataDirectory,
    clock: bench.clock,
    config: { intake: { reservedMegabytes: 1e9 } },
  });
  const second = full.associate();
  assert.equal(await full.send(second, { series: a, number: 12 }), 0xa700);
  full.assembly.ended(second, 'released');
  await full.pass(3600);
  assert.equal(full.show(a).state, 'incomplete');
  await full.crash();

  const again = await IntakeHarness.open(t, { dataDirectory: bench.dataDirectory, clock: bench.clock });
  assert.deepEqual(await again.sendAll(a, range(1, 12)), []);
  await again.pass(21);
  assert.deepEqual([again.show(a).state, again.show(a).images], ['unrouted', 12]);
});

test('what the SCP refuses by itself keeps its series from being taken for whole, and no other', async (t) => {
  const bench = await IntakeHarness.open(t);
  const other = '1.2.826.2.2';
  await bench.sendAll(a, range(1, 11));
  await bench.sendAll(other, range(1, 12));
  const association = bench.associate();
  const head = ctSliceFile({ series: a, number: 12 }).subarray(0, 600);
  const refuse = (sopClassUid: string, sopInstanceUid: string): void =>
    bench.intake.scp.onRefused(association, { sopClassUid, sopInstanceUid, head }, 0xa700);
  refuse(rtStructureSetStorage, '1.2.3');
  refuse(ctImageStorage, `${a}.12`);
  bench.assembly.ended(association, 'released');
  await bench.pass(3600);
  assert.deepEqual([bench.show(a).state, bench.show(a).problem?.code], ['incomplete', 'SERIES_INCOMPLETE']);
  assert.equal(bench.show(other).state, 'unrouted');
  await bench.sendAll(a, [12]);
  await bench.pass(21);
  assert.equal(bench.show(a).state, 'unrouted');
});

test('a folder that cannot be written is answered with 0xA700 and nothing is lost', async (t) => {
  if (process.getuid?.() === 0) return t.skip('root may write everywhere');
  const bench = await IntakeHarness.open(t);
  await chmod(join(bench.dataDirectory, 'series'), 0o500);
  assert.equal(await bench.send(bench.associate(), { series: a, number: 1 }), 0xa700);
  await chmod(join(bench.dataDirectory, 'series'), 0o700);
  assert.equal(await bench.send(bench.associate(), { series: a, number: 1 }), 0x0000);
});

test('strange UIDs never become a path', async (t) => {
  const bench = await IntakeHarness.open(t);
  const association = bench.associate();
  for (const series of [
    '../../etc/passwd',
    '1.2/../3',
    '1.2.3 4',
    '1.2;rm',
    '',
    '1..2',
    '9.9.9',
    '1.2.3.04',
    '1'.repeat(65),
  ]) {
    const status = await bench.send(association, { series, number: 1, sopInstanceUid: `${a}.1` });
    assert.ok(status === 0x0000 || status === 0xc000, series);
  }
  for (const entry of await readdir(join(bench.dataDirectory, 'series'))) assert.match(entry, /^[0-9a-f]{16}$/);
});

test('two associations with the same image at the same time keep it once', async (t) => {
  const bench = await IntakeHarness.open(t);
  const associations = range(1, 6).map(() => bench.associate());
  const statuses = await Promise.all(
    associations.map((association) => bench.send(association, { series: a, number: 1 })),
  );
  assert.deepEqual(new Set(statuses), new Set([0]));
  assert.equal((await kept(bench, a)).length, 1);
});
