import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseDicom } from '../../src/dicom/read-data-set.ts';
import { phantomCt } from '../support/phantom-ct.ts';
import { runProgram } from '../support/run-program.ts';
import { startNodeWithTps } from '../support/node-with-tps.ts';
import { sharedData } from '../support/shared-data.ts';

const specificCharacterSet = '00080005';
const patientName = '00100010';

/** The first bytes of a short element in Explicit VR Little Endian: tag and VR. */
function head(tag: string, vr: string): Buffer {
  const bytes = Buffer.alloc(6);
  bytes.writeUInt16LE(Number.parseInt(tag.slice(0, 4), 16), 0);
  bytes.writeUInt16LE(Number.parseInt(tag.slice(4), 16), 2);
  bytes.write(vr, 4, 'latin1');
  return bytes;
}

function element(tag: string, vr: string, value: Uint8Array): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16LE(value.length);
  return Buffer.concat([head(tag, vr), length, value]);
}

/** A phantom's slice under another name: the bytes are put in, no library has a say in them. */
function renamed(file: Buffer, sets: Uint8Array | undefined, name: Uint8Array): Buffer {
  const imageType = file.indexOf(head('00080008', 'CS'));
  const old = file.indexOf(head(patientName, 'PN'));
  assert.ok(imageType > 0 && old > imageType);
  return Buffer.concat([
    file.subarray(0, imageType),
    sets === undefined ? Buffer.alloc(0) : element(specificCharacterSet, 'CS', sets),
    file.subarray(imageType, old),
    element(patientName, 'PN', name),
    file.subarray(old + 8 + file.readUInt16LE(old + 6)),
  ]);
}

/** Gives the files one Series Instance UID, and each a new SOP Instance UID. */
async function makeSeries(files: readonly string[], uid: string): Promise<void> {
  for (const options of [['-gin'], ['-ma', `SeriesInstanceUID=${uid}`]]) {
    const { code, stderr } = await runProgram('dcmodify', ['-nb', ...options, ...files]);
    assert.equal(code, 0, stderr);
  }
}

const charset = sharedData('charset');

test(
  'names in Chinese and Japanese character sets reach the TPS byte for byte (CS 6)',
  { skip: charset === undefined && '../shared/data is not there' },
  async (t) => {
    assert.ok(charset !== undefined);
    const { files } = await phantomCt(t, 401);
    const { node, tps, folder, send } = await startNodeWithTps(t);

    const sources = (await readdir(charset)).sort();
    assert.equal(sources.length, 4);
    const expected: string[] = [];
    for (const [n, source] of sources.entries()) {
      const example = parseDicom(await readFile(join(charset, source)));
      const [name, sets] = [example.raw(patientName), example.raw(specificCharacterSet)];
      assert.ok(name !== undefined && sets !== undefined);
      expected.push(hex(sets, name));
      for (const file of files) {
        await writeFile(join(folder, basename(file)), renamed(await readFile(file), sets, name));
      }
      const copies = files.map((file) => join(folder, basename(file)));
      await makeSeries(copies, `1.2.826.0.1.3680043.10.99.${n + 1}`);
      await send(copies);
    }
    await node.settled(4, ['delivered'], 120);
    const arrived = tps.imported.map(({ path }) => path);
    const names = await Promise.all(
      arrived.map(async (path) => {
        const structureSet = parseDicom(await readFile(path));
        return hex(structureSet.raw(specificCharacterSet), structureSet.raw(patientName));
      }),
    );
    assert.deepEqual(names.sort(), expected.sort());
  },
);

test('a sender that declares no character set, or the wrong one: its names are read as the peer entry says, the TPS gets its bytes (CS 6)', async (t) => {
  const { files } = await phantomCt(t, 402);
  const { node, tps, folder, send } = await startNodeWithTps(t, undefined, { storescu: { characterSet: 'GB18030' } });
  // 王^小东 in GB18030, of even length (PS3.5 section 7.1.1).
  const name = Buffer.from('Wang^XD=\xcd\xf5^\xd0\xa1\xb6\xab ', 'latin1');
  const declared = [undefined, Buffer.from('ISO_IR 192')];
  for (const [n, sets] of declared.entries()) {
    for (const file of files) await writeFile(join(folder, basename(file)), renamed(await readFile(file), sets, name));
    const copies = files.map((file) => join(folder, basename(file)));
    await makeSeries(copies, `1.2.826.0.1.3680043.10.98.${n + 1}`);
    await send(copies);
  }
  const found = await node.settled(2, ['delivered'], 120);
  for (const { key } of found) {
    const shown = await fetch(`http://127.0.0.1:${node.httpPort}/api/series/${key}/identity`, { method: 'POST' });
    assert.equal(((await shown.json()) as { name: string }).name, 'Wang XD = 王 小东');
  }
  const written = await Promise.all(tps.imported.map(async ({ path }) => parseDicom(await readFile(path))));
  assert.deepEqual(
    written.map((one) => hex(one.raw(specificCharacterSet), one.raw(patientName))).toSorted(),
    declared.map((sets) => hex(sets, name)).toSorted(),
  );
});

function hex(...values: (Uint8Array | undefined)[]): string {
  return values.map((value) => Buffer.from(value ?? []).toString('hex')).join(' ');
}
