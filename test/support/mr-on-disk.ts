import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { withPixels } from '../../src/dicom/ct-instance.ts';
import { mrHeaderOf } from '../../src/dicom/mr-image.ts';
import { parseDicom } from '../../src/dicom/read-data-set.ts';
import type { InputImage } from '../../src/work/input-image.ts';
import type { RevisionManifest } from '../../src/work/revision-manifest.ts';

/** The part of an order's input that names an MR series of the store. */
export type MrOnDisk = Pick<InputImage, 'series' | 'revision'>;

/** What the node leaves in the data directory of an MR series. */
export async function mrOnDisk(dataDirectory: string, files: readonly string[]): Promise<MrOnDisk> {
  const named = { series: 'fedcba9876543210', revision: 1 };
  const folder = join(dataDirectory, 'series', named.series);
  await mkdir(join(folder, 'instances'), { recursive: true });
  await mkdir(join(folder, 'revision-1'));
  const slices: RevisionManifest['slices'] = [];
  for (const path of files) {
    await copyFile(path, join(folder, 'instances', basename(path)));
    const file = parseDicom(await readFile(path));
    const { sopInstanceUid, pixelSha256, headerSha256 } = await withPixels(mrHeaderOf(file), file);
    slices.push({ file: `instances/${basename(path)}`, sopInstanceUid, z: slices.length, pixelSha256, headerSha256 });
  }
  const manifest: RevisionManifest = {
    formatVersion: 1,
    ...named,
    date: '20260102',
    time: '030405',
    slices,
    leftOut: [],
    warnings: [],
    contentSha256: '0'.repeat(64),
  };
  await writeFile(join(folder, 'revision-1', 'manifest.json'), JSON.stringify(manifest));
  return named;
}
