import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../../src/config/schema.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { loadBundle } from '../../worker/bundles/load-bundle.ts';
import { readMembers } from '../../src/bundles/read-members.ts';
import { modelCard } from '../../worker/bundles/model-card.ts';
import { openBundle } from '../../worker/bundles/open-bundle.ts';
import { recordKnownFailures } from '../../worker/bundles/recorded-metrics.ts';
import { failurePictures } from '../../worker/evaluation/failure-pictures.ts';
import { progressBar } from '../shared/progress.ts';
import type { ModelsOptions } from './options.ts';

/** Seeds of the phantoms that are tried; those of trainings begin at 100000. */
const seeds = Array.from({ length: 10 }, (_, n) => n + 9);
const pictureCount = 2;

export async function card(config: Config, names: readonly string[], values: ModelsOptions): Promise<void> {
  const [name, ...more] = names;
  if (name === undefined || more.length > 0) throw new ContourNodeError('USAGE', 'models card takes one bundle');
  const opened = await openBundle(name, config.models.directory);
  const known = values['known-failure'];
  const bundle = known === undefined ? opened : await recordKnownFailures(opened, known);
  const out = values.out ?? join('docs', 'models');
  const title = bundle.manifest.name;
  await mkdir(out, { recursive: true });
  if (values.pictures) {
    const bar = progressBar('contouring phantoms', 1, { quiet: values.json });
    const loaded = await loadBundle(name, config.models.directory, config.engine);
    const pictures = await failurePictures(loaded, seeds, pictureCount, (done, total) =>
      bar.update(done / total, `${done} of ${total}`),
    ).finally(() => loaded.engine.close());
    bar.end();
    for (const old of await picturesOf(out, title)) if (old.startsWith(`${title}-phantom-`)) await rm(join(out, old));
    for (const { seed, picture } of pictures) await writeFile(join(out, `${title}-phantom-${seed}.png`), picture);
  }
  const path = join(out, `${title}.md`);
  const pictures = await picturesOf(out, title);
  await writeFile(path, modelCard(bundle, pictures, await readMembers(bundle)));
  if (values.json) console.log(JSON.stringify({ path, pictures, digest: bundle.digest }, undefined, 2));
  else console.log(path);
}

/** Pictures of a bundle beside its card, sorted. */
export async function picturesOf(folder: string, name: string): Promise<string[]> {
  const files = await readdir(folder);
  return files
    .filter((file) => file === `${name}-ct.png` || (file.startsWith(`${name}-phantom-`) && file.endsWith('.png')))
    .toSorted();
}
