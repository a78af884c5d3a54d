import { basename, resolve } from 'node:path';
import type { Config } from '../../src/config/schema.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { openBundle } from '../../worker/bundles/open-bundle.ts';
import { writeEnsemble } from '../../worker/bundles/write-ensemble.ts';
import type { ModelsOptions } from './options.ts';
import { checkOutputs } from '../shared/new-output.ts';

export async function ensemble({ models }: Config, names: readonly string[], values: ModelsOptions): Promise<void> {
  const { out, json, force } = values;
  if (names.length < 2 || out === undefined)
    throw new ContourNodeError('USAGE', 'models ensemble takes two bundles or more and --out DIR');
  await checkOutputs({ out }, force);
  const members = await Promise.all(names.map((name) => openBundle(name, models.directory)));
  const about = { name: basename(resolve(out)), version: '0.1.0', date: new Date().toISOString() };
  const { manifest, digest } = await writeEnsemble(out, members, about);
  if (json) console.log(JSON.stringify({ directory: out, name: manifest.name, digest }, undefined, 2));
  else console.log(`${out}: ${manifest.name} ${manifest.version}, ${manifest.description}`);
}
