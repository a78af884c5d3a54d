import type { Config } from '../../src/config/schema.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { loadBundle } from '../../worker/bundles/load-bundle.ts';
import { calibrateBundle } from '../../worker/evaluation/calibrate-bundle.ts';
import { progressBar } from '../shared/progress.ts';
import type { ModelsOptions } from './options.ts';

export async function calibrate({ models, engine }: Config, names: readonly string[], values: ModelsOptions) {
  const { data, json } = values;
  const [name, ...more] = names;
  if (name === undefined || more.length > 0 || data === undefined)
    throw new ContourNodeError('USAGE', 'models calibrate takes one bundle and --data DIR');
  const loaded = await loadBundle(name, models.directory, engine);
  const bar = progressBar('contouring', 1, { quiet: json });
  const { bundle, choices } = await calibrateBundle(loaded, {
    archive: data,
    patterns: [],
    batchSize: engine.batchSize,
    onProgress: (done, total) => bar.update(done / total, `${done} of ${total} patients`),
  }).finally(() => loaded.engine.close());
  bar.end();
  if (json) return console.log(JSON.stringify({ name, digest: bundle.digest, choices }, undefined, 2));
  for (const { roi, patients, threshold, before, after } of choices.filter((choice) => choice.patients > 0))
    console.log(`${roi}: threshold ${threshold}, DSC ${before.toFixed(3)} to ${after.toFixed(3)}, ${patients} patients`);
}
