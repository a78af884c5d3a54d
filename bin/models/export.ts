import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { graphTensorsOf, membersOf } from '../../src/bundles/manifest.ts';
import type { Config } from '../../src/config/schema.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { openBundle } from '../../worker/bundles/open-bundle.ts';
import type { ModelsOptions } from './options.ts';
import { checkOutputs } from '../shared/new-output.ts';

export async function exportModel({ models }: Config, names: readonly string[], { out, json, force }: ModelsOptions): Promise<void> {
  const [name, ...more] = names;
  if (name === undefined || more.length > 0 || out === undefined)
    throw new ContourNodeError('USAGE', 'models export takes one bundle and --out F.onnx');
  await checkOutputs({ out }, force);
  const bundle = await openBundle(name, models.directory);
  const [member] = membersOf(bundle.manifest);
  if (member !== undefined) {
    throw new ContourNodeError('USAGE', `${name} is an ensemble: it has no ONNX file of its own`, {
      remedy: `export its members, such as ${join(bundle.directory, member.path)}`,
    });
  }
  await copyFile(join(bundle.directory, bundle.manifest.files.model.path), out).catch((cause: unknown) => {
    throw new ContourNodeError('PATH_NOT_FOUND', `${out} cannot be written`, { cause });
  });
  const { version, files } = bundle.manifest;
  const { input, output } = graphTensorsOf(bundle.manifest);
  const seen =
    'volume' in bundle.manifest
      ? { volume: bundle.manifest.volume }
      : { input: bundle.manifest.input, output: bundle.manifest.output };
  if (json) console.log(JSON.stringify({ out, name, version, sha256: files.model.sha256, ...seen }, undefined, 2));
  else console.log(`${out}: ${name} ${version}, input ${input}, output ${output}`);
}
