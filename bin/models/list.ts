import { join } from 'node:path';
import { int8Of } from '../../src/bundles/manifest.ts';
import { listBundles, readBundle } from '../../src/bundles/read-bundle.ts';
import type { Config } from '../../src/config/schema.ts';
import { asContourNodeError } from '../../src/errors.ts';
import type { ModelsOptions } from './options.ts';

export async function list({ models }: Config, values: ModelsOptions): Promise<void> {
  const found: object[] = [];
  for (const folder of await listBundles(models.directory)) {
    try {
      const { manifest, digest } = await readBundle(join(models.directory, folder));
      const { name, version, intendedUse, description } = manifest;
      const rois = manifest.rois.map((roi) => roi.name);
      const precisions = int8Of(manifest) === undefined ? ['float32'] : ['float32', 'int8'];
      found.push({ folder, name, version, intendedUse, description, rois, precisions, digest });
      if (!values.json)
        console.log(`${folder.padEnd(24)} ${version.padEnd(8)} ${intendedUse.padEnd(14)} ${rois.join(', ')}${precisions.length > 1 ? ' (also int8)' : ''}`);
    } catch (error) {
      const { code, message } = asContourNodeError(error);
      found.push({ folder, error: { code, message } });
      if (!values.json) console.log(`${folder.padEnd(24)} ${code}: ${message}`);
    }
  }
  if (values.json) console.log(JSON.stringify(found, undefined, 2));
  else if (found.length === 0) console.log(`no bundle in ${models.directory}`);
}
