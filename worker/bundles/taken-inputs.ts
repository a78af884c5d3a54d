import { join } from 'node:path';
import { membersOf, modalitiesOf } from '../../src/bundles/manifest.ts';
import { type Bundle, readBundle } from '../../src/bundles/read-bundle.ts';
import type { NetworkInput } from '../volume/preprocess.ts';
import type { LoadedBundle } from './load-bundle.ts';

/**
 * Names of the images beside the CT that a bundle takes; of an ensemble those of all its members.
 * @throws ContourNodeError MODEL_NOT_FOUND, BUNDLE_INVALID of a member
 */
export async function takenInputs({ directory, manifest }: Bundle): Promise<Set<string>> {
  const members = membersOf(manifest).map(({ path }) => readBundle(join(directory, path)));
  const manifests = [manifest, ...(await Promise.all(members)).map((member) => member.manifest)];
  return new Set(manifests.flatMap((one) => modalitiesOf(one)?.map(({ name }) => name) ?? []));
}

/**
 * The images beside the CT that models take, each once; of an ensemble those of all its members.
 * @returns undefined where none takes one
 */
export function takenModalities(models: readonly LoadedBundle[]): NetworkInput['modalities'] {
  const manifests = models.flatMap((loaded) => (loaded.members ?? [loaded]).map(({ bundle }) => bundle.manifest));
  const all = manifests.flatMap((manifest) => modalitiesOf(manifest) ?? []);
  return all.length === 0 ? undefined : [...new Map(all.map((one) => [one.name, one])).values()];
}
