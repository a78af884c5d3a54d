import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BundleManifest, manifestSchemaOf } from '../../src/bundles/manifest.ts';
import { type Bundle, readBundle } from '../../src/bundles/read-bundle.ts';
import { orDiskFull } from '../disk-full.ts';

/**
 * Changes what a bundle says of itself. Network, golden output and their digests stay; bundle.json, and with it the
 * bundle's digest, is another one afterwards.
 * @throws ContourNodeError DISK_FULL
 */
export async function rewriteManifest(
  { directory, manifest }: Bundle,
  change: Partial<Pick<BundleManifest, 'description' | 'applicability' | 'plausibility' | 'training' | 'metrics'>>,
): Promise<Bundle> {
  const path = join(directory, 'bundle.json');
  const draft = `${path}.${process.pid}.tmp`;
  const text = `${JSON.stringify(manifestSchemaOf(manifest).parse({ ...manifest, ...change }), null, 2)}\n`;
  await orDiskFull('no space for bundle.json', 'free space; the bundle is as it was', async () => {
    await writeFile(draft, text);
    await rename(draft, path);
  });
  return readBundle(directory);
}
