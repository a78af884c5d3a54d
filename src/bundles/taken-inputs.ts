import { modalitiesOf } from './manifest.ts';
import type { Bundle } from './read-bundle.ts';
import { readMembers } from './read-members.ts';

/**
 * Names of the images beside the CT that a bundle takes; of an ensemble those of all its members.
 * @throws ContourNodeError MODEL_NOT_FOUND, BUNDLE_INVALID of a member
 */
export async function takenInputs(bundle: Bundle): Promise<Set<string>> {
  const manifests = [bundle, ...(await readMembers(bundle))].map(({ manifest }) => manifest);
  return new Set(manifests.flatMap((one) => modalitiesOf(one)?.map(({ name }) => name) ?? []));
}
