import { join } from 'node:path';
import { type Bundle, listBundles, readBundle } from '../../src/bundles/read-bundle.ts';

/**
 * The bundle in the folder of that name, or a sibling that is the bundle with the wanted digest: several versions of one name
 * may be installed side by side.
 * @param digest undefined: any
 * @returns where none has the digest, the one of that name
 * @throws ContourNodeError MODEL_NOT_FOUND, BUNDLE_INVALID
 */
export async function findBundle(modelsDirectory: string, name: string, digest: string | undefined): Promise<Bundle> {
  const named = await readBundle(join(modelsDirectory, name)).catch((error: unknown) => {
    if (digest === undefined) throw error;
    return undefined;
  });
  if (named !== undefined && (digest === undefined || named.digest === digest)) return named;
  for (const folder of await listBundles(modelsDirectory)) {
    const sibling = await readBundle(join(modelsDirectory, folder)).catch(() => undefined);
    if (sibling !== undefined && sibling.digest === digest) return sibling;
  }
  return named ?? readBundle(join(modelsDirectory, name));
}
