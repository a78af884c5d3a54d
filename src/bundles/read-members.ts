import { join } from 'node:path';
import { membersOf } from './manifest.ts';
import { type Bundle, readBundle } from './read-bundle.ts';

/**
 * The bundles of an ensemble, in its order; of any other bundle none.
 * @throws ContourNodeError MODEL_NOT_FOUND, BUNDLE_INVALID of a member
 */
export async function readMembers({ directory, manifest }: Bundle): Promise<Bundle[]> {
  return Promise.all(membersOf(manifest).map(({ path }) => readBundle(join(directory, path))));
}
