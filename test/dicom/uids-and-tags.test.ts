import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { tagOf, vrOf } from '../../src/dicom/dictionary.ts';
import { parseDicom } from '../../src/dicom/read-data-set.ts';
import { fileMetaInformation, implementationClassUid, implementationVersionName } from '../../src/dicom/part10.ts';
import { derivedUid, isUid } from '../../src/dicom/uid.ts';
import { ctSlice } from './generated-ct.ts';

test('derived UIDs are valid, short enough under any root, and the same for the same parts', () => {
  for (const root of ['2.25', '1.2.826.0.1.3680043.8.4', '1.3.6.1.4.1.99999999.123']) {
    for (let i = 0; i < 500; i++) {
      const uid = derivedUid(root, 'series', String(i));
      assert.ok(isUid(uid) && uid.length <= 64 && uid.startsWith(`${root}.`), uid);
      assert.equal(uid, derivedUid(root, Buffer.from('series'), String(i)));
    }
  }
});

test('a UID under 2.25 is a UUID of version 8', () => {
  for (let i = 0; i < 100; i++) {
    const uuid = BigInt(derivedUid('2.25', String(i)).slice(5))
      .toString(16)
      .padStart(32, '0');
    assert.match(uuid, /^.{12}8.{3}[89ab].{15}$/);
  }
});

test('other parts, or the same bytes cut otherwise, are another UID', () => {
  const uids = [['ab', 'c'], ['a', 'bc'], ['abc'], ['abc', ''], ['', 'abc'], []].map((parts) =>
    derivedUid('2.25', ...parts),
  );
  assert.equal(new Set(uids).size, uids.length);
});

test('what is no UID is told apart', () => {
  for (const bad of ['', '1', '1.', '.1', '1..2', '1.2 ', '1.a', `1.${'2'.repeat(63)}`]) assert.ok(!isUid(bad), bad);
  for (const good of ['1.2', '0.0', '1.02', '2.25.0', `1.${'2'.repeat(62)}`]) assert.ok(isUid(good), good);
});

test('the file meta information is read back, with and without a sender', () => {
  const meta = {
    sopClassUid: '1.2.840.10008.5.1.4.1.1.2',
    sopInstanceUid: '1.2.3',
    transferSyntaxUid: '1.2.840.10008.1.2.1',
  };
  for (const sourceAeTitle of ['CT1', 'CT01', undefined]) {
    const bytes = fileMetaInformation({ ...meta, ...(sourceAeTitle !== undefined && { sourceAeTitle }) });
    assert.equal(bytes.readUInt32LE(140), bytes.length - 144);
    assert.deepEqual(parseDicom(bytes).meta, meta);
  }
  assert.ok(isUid(implementationClassUid));
  assert.ok(implementationVersionName.length <= 16);
});

const noDcmftest = spawnSync('dcmftest', ['--version']).error !== undefined && 'dcmftest is not installed';
test('DCMTK takes a file written with it', { skip: noDcmftest }, (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'part10-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'ct.dcm'), ctSlice(0));
  assert.equal(spawnSync('dcmftest', [join(folder, 'ct.dcm')]).status, 0);
  const dump = spawnSync('dcmdump', [join(folder, 'ct.dcm')], { encoding: 'utf8' });
  assert.equal(dump.status, 0);
  assert.match(dump.stdout, /\(0002,0010\) UI =LittleEndianExplicit/);
  assert.doesNotMatch(dump.stderr, /^[WE]:/m);
});

test('attributes are found by keyword and by number', () => {
  for (const name of ['ProtocolName', '00181030', '(0018,1030)', '0018,1030', ' 00181030 '])
    assert.equal(tagOf(name), '00181030');
  assert.equal(tagOf('PixelData'), '7fe00010');
  assert.equal(tagOf('(7FE0,0010)'), '7fe00010');
  for (const name of ['', 'protocolname', 'NoSuchThing', 'constructor', '__proto__', '0018103', '0018103g'])
    assert.equal(tagOf(name), undefined, name);
});

test('the VR of an attribute comes from the dictionary', () => {
  assert.deepEqual(['00100010', '00280010', '00081140', '00280120', '00180000', '00091001'].map(vrOf), [
    'PN',
    'US',
    'SQ',
    'xs',
    'UL',
    undefined,
  ]);
});
