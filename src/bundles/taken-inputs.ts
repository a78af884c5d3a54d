import { join } from 'node:path';
import { membersOf, modalitiesOf } from './manifest.ts';
import { type Bundle, readBundle } from './read-bundle.ts';

/**
 * Names of the images beside the CT that a bundle takes; of an ensemble those of all its members.
 * @throws ContourNodeError MODEL_NOT_FOUND, BUNDLE_INVALID of a member
 */
export async function takenInputs({ directory, manifest }: Bundle): Promise<Set<string>> {
  const members = membersOf(manifest).map(({ path }) => readBundle(join(directory, path)));
  const manifests = [manifest, ...(await Promise.all(members)).map((member) => member.manifest)];
  return new Set(manifests.flatMap((one) => modalitiesOf(one)?.map(({ name }) => name) ?? []));
}
