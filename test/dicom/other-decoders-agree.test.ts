import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readCtInstance } from '../../src/dicom/ct-instance.ts';
import { sharedData } from '../support/shared-data.ts';

const folder = sharedData('codecs');
const work = mkdtempSync(join(tmpdir(), 'other-decoders-'));
after(() => rmSync(work, { recursive: true }));

/** DCMTK and GDCM have decoders of their own; each writes the pixels uncompressed. */
for (const [uid, command, ...args] of [
  ['1.2.840.10008.1.2.5', 'dcmdrle'],
  ['1.2.840.10008.1.2.4.51', 'dcmdjpeg'],
  ['1.2.840.10008.1.2.4.57', 'dcmdjpeg'],
  ['1.2.840.10008.1.2.4.70', 'dcmdjpeg'],
  ['1.2.840.10008.1.2.4.80', 'dcmdjpls'],
  ['1.2.840.10008.1.2.4.81', 'dcmdjpls'],
  ['1.2.840.10008.1.2.4.90', 'gdcmconv', '--raw'],
  ['1.2.840.10008.1.2.4.91', 'gdcmconv', '--raw'],
] as const) {
  const absent = spawnSync(command, ['--version']).error !== undefined;
  const skip = folder === undefined ? '../shared/data/codecs is absent' : absent && `${command} is not installed`;
  test(`${command} decodes ${uid} to the same stored values, lossy or not`, { skip }, async () => {
    const file = join(
      folder!,
      readdirSync(folder!).find((name) => name.endsWith(`-${uid}.dcm`))!,
    );
    const output = join(work, `${uid}.dcm`);
    const run = spawnSync(command, [...args, file, output], { encoding: 'utf8' });
    assert.equal(run.status, 0, run.stderr);
    const [ours, theirs] = await Promise.all([file, output].map((path) => readCtInstance(readFileSync(path))));
    assert.equal(ours!.pixelSha256, theirs!.pixelSha256);
  });
}
