import type { Config } from '../../src/config/schema.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { openBundle } from '../../worker/bundles/open-bundle.ts';
import { prepareCases } from '../../worker/training/prepare-training.ts';
import { loadTrainingConfig } from '../../worker/training/training-config.ts';
import { writeRanges } from '../../worker/training/ranges-of-bundle.ts';
import { casesFolder } from '../shared/cache-folders.ts';
import { stagedProgress } from '../shared/progress.ts';
import type { ModelsOptions } from './options.ts';

export async function ranges({ models }: Config, names: readonly string[], values: ModelsOptions): Promise<void> {
  const [name, ...more] = names;
  if (name === undefined || more.length > 0 || values.training === undefined)
    throw new ContourNodeError('USAGE', 'models ranges takes one bundle, --training T.yaml and --data DIR');
  const bundle = await openBundle(name, models.directory);
  const config = await loadTrainingConfig(values.training);
  const bars = stagedProgress({ quiet: values.json });
  const cases = await prepareCases(config, {
    archive: values.data,
    cache: values.cache ?? casesFolder(),
    onProgress: bars.update,
  }).finally(bars.end);
  const { manifest, digest } = await writeRanges(bundle, config, cases);
  const patients = manifest.applicability.trained?.patients;
  if (values.json) console.log(JSON.stringify({ name, patients, digest, leftOut: cases.leftOut.length }, undefined, 2));
  else console.log(`${name}: ranges of ${patients} patients, ${cases.leftOut.length} left out`);
}
