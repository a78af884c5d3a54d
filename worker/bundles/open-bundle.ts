import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readBundle, verifyDigests, type Bundle } from '../../src/bundles/read-bundle.ts';
import { membersOf } from '../../src/bundles/manifest.ts';
import { ContourNodeError } from '../../src/errors.ts';

/**
 * A bundle by name (`models/NAME`) or by the path of its folder, read and verified: every file, in an ensemble also those
 * of its members, has the digest that the manifest names.
 * @throws ContourNodeError MODEL_NOT_FOUND, BUNDLE_INVALID, BUNDLE_DIGEST
 */
export async function openBundle(nameOrPath: string, modelsDirectory: string): Promise<Bundle> {
  const bundle = await readBundle(await bundleDirectory(nameOrPath, modelsDirectory));
  await verifyDigests(bundle);
  for (const { path } of membersOf(bundle.manifest)) await openMember(bundle, path);
  return bundle;
}

/** One of the bundles that an ensemble holds; `verifyDigests` of the ensemble compared its bundle.json. */
async function openMember({ directory, manifest }: Bundle, path: string): Promise<void> {
  const member = await readBundle(join(directory, path));
  if (membersOf(member.manifest).length > 0) {
    throw new ContourNodeError('BUNDLE_INVALID', `${path} of bundle ${manifest.name} is an ensemble itself`, {
      remedy: 'list its members instead',
    });
  }
  await verifyDigests(member);
}

/** @throws ContourNodeError MODEL_NOT_FOUND */
async function bundleDirectory(nameOrPath: string, modelsDirectory: string): Promise<string> {
  for (const candidate of [join(modelsDirectory, nameOrPath), nameOrPath]) {
    const found = await stat(join(candidate, 'bundle.json')).catch(() => undefined);
    if (found?.isFile() === true) return candidate;
  }
  throw new ContourNodeError(
    'MODEL_NOT_FOUND',
    `no model bundle ${nameOrPath}, neither in ${modelsDirectory} nor as a folder`,
  );
}
