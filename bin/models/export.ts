import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../../src/config/schema.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { openBundle } from '../../worker/bundles/open-bundle.ts';
import type { ModelsOptions } from './options.ts';

export async function exportModel({ models }: Config, names: readonly string[], { out, json }: ModelsOptions): Promise<void> {
  const [name, ...more] = names;
  if (name === undefined || more.length > 0 || out === undefined)
    throw new ContourNodeError('USAGE', 'models export takes one bundle and --out F.onnx');
  const bundle = await openBundle(name, models.directory);
  if (bundle.manifest.members.length > 0) {
    throw new ContourNodeError('USAGE', `${name} is an ensemble: it has no ONNX file of its own`, {
      remedy: `export its members, such as ${join(bundle.directory, bundle.manifest.members[0]!.path)}`,
    });
  }
  await copyFile(join(bundle.directory, bundle.manifest.files.model.path), out).catch((cause: unknown) => {
    throw new ContourNodeError('PATH_NOT_FOUND', `${out} cannot be written`, { cause });
  });
  const { version, files, input, output } = bundle.manifest;
  if (json)
    console.log(JSON.stringify({ out, name, version, sha256: files.model.sha256, input, output }, undefined, 2));
  else console.log(`${out}: ${name} ${version}, input ${input.tensor}, output ${output.tensor}`);
}
