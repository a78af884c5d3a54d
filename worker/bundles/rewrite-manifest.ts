import { join } from 'node:path';
import { type BundleManifest, manifestSchemaOf } from '../../src/bundles/manifest.ts';
import { type Bundle, readBundle } from '../../src/bundles/read-bundle.ts';
import { writeWhole } from '../../src/work/write-whole.ts';
import { orDiskFull } from '../../src/disk-full.ts';

/**
 * Changes the description in a bundle. Network, golden output and their digests stay as they are; bundle.json changes, and
 * with it the digest of the bundle.
 * @throws ContourNodeError DISK_FULL
 */
export async function rewriteManifest(
  { directory, manifest }: Bundle,
  change: Partial<
    Pick<BundleManifest, 'description' | 'rois' | 'applicability' | 'plausibility' | 'training' | 'metrics'>
  >,
): Promise<Bundle> {
  const path = join(directory, 'bundle.json');
  const text = `${JSON.stringify(manifestSchemaOf(manifest).parse({ ...manifest, ...change }), null, 2)}\n`;
  await orDiskFull('no space for bundle.json', 'free space; the bundle is as it was', () => writeWhole(path, text));
  return readBundle(directory);
}
