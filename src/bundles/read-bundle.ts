import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, normalize, sep } from 'node:path';
import { ContourNodeError } from '../errors.ts';
import { inWords, issueLine } from '../schema-words.ts';
import { int8Of, manifestSchemaOf, membersOf, type BundleManifest } from './manifest.ts';

/** A bundle on disk. `digest` is the SHA-256 of bundle.json, which holds the digest of every other file. */
export interface Bundle {
  readonly directory: string;
  readonly manifest: BundleManifest;
  readonly digest: string;
}

/**
 * Reads and validates `DIRECTORY/bundle.json`.
 * @throws ContourNodeError MODEL_NOT_FOUND (no such bundle), BUNDLE_INVALID (not as the schema wants it)
 */
export async function readBundle(directory: string): Promise<Bundle> {
  const path = join(directory, 'bundle.json');
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch {
    throw new ContourNodeError('MODEL_NOT_FOUND', `no model bundle in ${directory}: bundle.json is not there`);
  }
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new ContourNodeError('BUNDLE_INVALID', `${path} is not JSON`);
  }
  const parsed = manifestSchemaOf(json).safeParse(json, inWords);
  if (!parsed.success) {
    throw new ContourNodeError(
      'BUNDLE_INVALID',
      `${path}: ${parsed.error.issues.map((issue) => issueLine(issue)).join('; ')}`,
    );
  }
  const manifest = parsed.data;
  for (const { path: file } of bundleFiles(manifest)) {
    // A bundle comes from elsewhere: it must not name files outside of its folder.
    if (normalize(file) !== file || file.startsWith('..') || file.startsWith(sep)) {
      throw new ContourNodeError(
        'BUNDLE_INVALID',
        `${path} names the file ${file}, which is not in the bundle's folder`,
      );
    }
  }
  return { directory, manifest, digest: createHash('sha256').update(bytes).digest('hex') };
}

/** Every file that the manifest names. */
export function bundleFiles(manifest: BundleManifest): { path: string; sha256: string }[] {
  const { model, golden, weights } = manifest.files;
  const members = membersOf(manifest).map(({ path, sha256 }) => ({ path: join(path, 'bundle.json'), sha256 }));
  const int8 = int8Of(manifest);
  return [
    model,
    golden.input,
    golden.output,
    ...(weights === undefined ? [] : [weights]),
    ...(int8 === undefined ? [] : [int8.model, int8.golden.output]),
    ...members,
  ];
}

/**
 * Compares every file of the bundle with its SHA-256.
 * @throws ContourNodeError BUNDLE_INVALID (a file is not there), BUNDLE_DIGEST (a file was changed)
 */
export async function verifyDigests(bundle: Bundle): Promise<void> {
  for (const { path, sha256 } of bundleFiles(bundle.manifest)) {
    const found = await fileDigest(join(bundle.directory, path)).catch(() => undefined);
    if (found === undefined) {
      throw new ContourNodeError('BUNDLE_INVALID', `${path} of bundle ${bundle.manifest.name} is not there`);
    }
    if (found !== sha256) {
      throw new ContourNodeError(
        'BUNDLE_DIGEST',
        `${path} of the model ${bundle.manifest.name} is not the file that its manifest names`,
      );
    }
  }
}

/** SHA-256 of a file's bytes, hexadecimal. */
export async function fileDigest(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** Names of the folders in `models` that hold a bundle.json, sorted; empty when the folder is not there. */
export async function listBundles(models: string): Promise<string[]> {
  const entries = await readdir(models, { withFileTypes: true }).catch(() => []);
  const names: string[] = [];
  for (const entry of entries) {
    if (!entry.isDirectory() && !entry.isSymbolicLink()) continue;
    if (existsSync(join(models, entry.name, 'bundle.json'))) names.push(entry.name);
  }
  return names.toSorted();
}
