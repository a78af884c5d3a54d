import { int8Of } from '../../src/bundles/manifest.ts';
import { type Bundle, listBundles } from '../../src/bundles/read-bundle.ts';
import { readMembers } from '../../src/bundles/read-members.ts';
import type { Config } from '../../src/config/schema.ts';
import { asContourNodeError } from '../../src/errors.ts';
import { checkGolden } from '../../worker/bundles/golden.ts';
import { openBundle } from '../../worker/bundles/open-bundle.ts';
import { type Engine, engineText } from '../../worker/engines/engine.ts';
import { openEngine } from '../../worker/engines/open-engine.ts';
import { withEngine } from '../shared/engine-option.ts';
import type { ModelsOptions } from './options.ts';

interface Verified extends Pick<Engine, 'device' | 'precision'> {
  readonly bundle: string;
  readonly largestDifference: number;
}

export async function verify(config: Config, names: readonly string[], values: ModelsOptions): Promise<void> {
  const { models, engine } = withEngine(config, values);
  const results: { name: string; ok: boolean; networks?: readonly Verified[]; error?: object }[] = [];
  for (const name of names.length > 0 ? names : await listBundles(models.directory)) {
    try {
      const networks: Verified[] = [];
      const texts: string[] = [];
      for (const bundle of await networkBundles(await openBundle(name, models.directory))) {
        for (const precision of int8Of(bundle.manifest) === undefined ? ['float32'] : ['float32', 'auto']) {
          const opened = await openEngine(bundle, { ...engine, precision });
          const { device, precision: found } = opened;
          try {
            // Where nothing but float32 runs, that was looked at already.
            if (precision === 'auto' && found === 'float32') continue;
            const largestDifference = await checkGolden(bundle, opened);
            networks.push({ bundle: bundle.manifest.name, device, precision: found, largestDifference });
            texts.push(`on ${engineText(opened)} within ${largestDifference.toExponential(1)}`);
          } finally {
            await opened.close();
          }
        }
      }
      results.push({ name, ok: true, networks });
      if (!values.json) console.log(`ok      ${name}: digests, golden output ${texts.join(', ')}`);
    } catch (error) {
      const { code, message, remedy } = asContourNodeError(error);
      results.push({ name, ok: false, error: { code, message, remedy } });
      if (!values.json) console.log(`failed  ${name}: ${code}: ${message} (${remedy})`);
    }
  }
  if (values.json) console.log(JSON.stringify(results, undefined, 2));
  else if (results.length === 0) console.log(`no bundle in ${models.directory}`);
  if (results.some(({ ok }) => !ok)) process.exitCode = 1;
}

/** The members of an ensemble, each with a network of its own; of any other bundle itself. */
async function networkBundles(bundle: Bundle): Promise<Bundle[]> {
  const members = await readMembers(bundle);
  return members.length === 0 ? [bundle] : members;
}
