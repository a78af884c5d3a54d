import { listBundles } from '../../src/bundles/read-bundle.ts';
import type { Config } from '../../src/config/schema.ts';
import { asContourNodeError } from '../../src/errors.ts';
import { checkGolden } from '../../worker/bundles/golden.ts';
import { openBundle } from '../../worker/bundles/open-bundle.ts';
import { openEngine } from '../../worker/engines/open-engine.ts';
import { withEngine } from '../shared/engine-option.ts';
import type { ModelsOptions } from './options.ts';

export async function verify(config: Config, names: readonly string[], values: ModelsOptions): Promise<void> {
  const { models, engine } = withEngine(config, values);
  const results: { name: string; ok: boolean; largestDifference?: number; device?: string; error?: object }[] = [];
  for (const name of names.length > 0 ? names : await listBundles(models.directory)) {
    try {
      const bundle = await openBundle(name, models.directory);
      const opened = await openEngine(bundle, engine);
      try {
        const largestDifference = await checkGolden(bundle, opened);
        results.push({ name, ok: true, largestDifference, device: opened.device });
        if (!values.json)
          console.log(
            `ok      ${name}: digests, golden output on ${opened.name} (${opened.device}) within ${largestDifference.toExponential(1)}`,
          );
      } finally {
        await opened.close();
      }
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
