import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { configSchema } from '../../src/config/schema.ts';
import { parseDicom } from '../../src/dicom/read-data-set.ts';
import { readRtstruct } from '../../src/dicom/rtstruct/read-rtstruct.ts';
import { loadBundle } from '../../worker/bundles/load-bundle.ts';
import type { BundleDescription } from '../../worker/bundles/write-bundle.ts';
import { contourFolder, type ContourFolderOptions } from '../../worker/contour-folder.ts';
import { type ClinicFile, writeFiles } from '../support/clinic-ct.ts';
import { temporaryFolder, thresholdBundle } from '../support/threshold-bundle.ts';

/** What `contour FOLDER` makes of these files. */
export async function contoured(
  t: TestContext,
  files: readonly ClinicFile[],
  options: Partial<ContourFolderOptions> & { bundle?: Partial<BundleDescription> } = {},
) {
  const folder = await temporaryFolder(t);
  await mkdir(join(folder, 'ct'));
  return contouredPath(t, await writeFiles(join(folder, 'ct'), files), options);
}

/** The same for a folder or file that is there. */
export async function contouredPath(
  t: TestContext,
  path: string,
  options: Partial<ContourFolderOptions> & { bundle?: Partial<BundleDescription> } = {},
) {
  const { directory } = await thresholdBundle(t, options.bundle);
  const choice = { name: 'onnxruntime', device: 'cpu', threads: 1 } as never;
  const loaded = await loadBundle(directory, '', choice);
  const out = join(await temporaryFolder(t), 'rtstruct.dcm');
  try {
    const result = await contourFolder([path], loaded, {
      out,
      encoding: 'implicit',
      config: configSchema.parse({}),
      now: new Date(Date.UTC(2026, 10, 23, 12)),
      ...options,
    });
    const bytes = await readFile(out);
    return {
      ...result,
      out,
      structureSet: readRtstruct(bytes),
      dataSet: parseDicom(bytes),
      codes: result.warnings.map(({ code }) => code),
    };
  } finally {
    await loaded.engine.close();
  }
}
