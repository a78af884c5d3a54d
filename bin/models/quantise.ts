import { basename, resolve } from 'node:path';
import { int8Of } from '../../src/bundles/manifest.ts';
import type { Config } from '../../src/config/schema.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { openBundle } from '../../worker/bundles/open-bundle.ts';
import { archivedCases, phantomCases } from '../../worker/quantisation/quantisation-cases.ts';
import { quantiseBundle, type Quantisation } from '../../worker/quantisation/quantise-bundle.ts';
import { checkOutputs } from '../shared/new-output.ts';
import { wholeNumber } from '../shared/number-option.ts';
import { stagedProgress } from '../shared/progress.ts';
import type { ModelsOptions } from './options.ts';

export async function quantise({ models, engine }: Config, names: readonly string[], values: ModelsOptions): Promise<void> {
  const { data, phantoms, out, json, force } = values;
  const [name, ...more] = names;
  if (name === undefined || more.length > 0 || (data === undefined) === (phantoms === undefined))
    throw new ContourNodeError('USAGE', 'models quantise takes one bundle, and --data ARCHIVE or --phantoms N');
  await checkOutputs({ out }, force);
  const bundle = await openBundle(name, models.directory);
  const { manifest } = bundle;
  if (out === undefined && int8Of(manifest) !== undefined && !force)
    throw new ContourNodeError('OUTPUT_EXISTS', `${manifest.name} has a network with 8-bit integers already`);
  const bars = stagedProgress({ quiet: json });
  try {
    const { cases, leftOut } =
      data === undefined
        ? { cases: phantomCases(wholeNumber('phantoms', phantoms!), manifest), leftOut: [] }
        : await archivedCases(data, manifest, (done, total) =>
            bars.update('reading the archive', done / total, `${done} of ${total} files`),
          );
    for (const { place, error } of leftOut) bars.say(() => console.error(`left out ${place}: ${error.toLine()}`));
    const result = await quantiseBundle(bundle, cases, {
      out: out === undefined ? undefined : { directory: out, name: basename(resolve(out)) },
      // A bundle goes to other hospitals: no path of this machine in it.
      command: [
        `contour-node models quantise ${manifest.name}`,
        data === undefined ? `--phantoms ${phantoms}` : '--data ARCHIVE',
        ...(out === undefined ? [] : [`--out ${basename(resolve(out))}`]),
      ].join(' '),
      date: new Date().toISOString().slice(0, 10),
      batchSize: engine.batchSize,
      onProgress: bars.update,
    });
    bars.end();
    if (json) {
      const { bundle: written, ...figures } = result;
      console.log(JSON.stringify({ directory: written.directory, digest: written.digest, ...figures }, undefined, 2));
    } else for (const line of [...figureLines(result), result.bundle.directory]) console.log(line);
  } finally {
    bars.end();
  }
}

function figureLines({ rois, cases, millisecondsPerSlice: { float32, int8 } }: Quantisation): string[] {
  const ofRois = rois.map(
    ({ roi, against, ...mean }) =>
      `${roi.padEnd(16)} mean DSC against ${against} ${mean.float32.toFixed(4)}, with integers ${mean.int8.toFixed(4)} (${mean.cases} cases)`,
  );
  const faster =
    int8 < float32 * 0.95 ? `${(float32 / int8).toFixed(1)} times as fast` : 'not faster on this machine: use it in float32';
  return [
    ...ofRois,
    `${cases} cases compared; ${float32.toFixed(1)} ms a slice, with integers ${int8.toFixed(1)}: ${faster}`,
  ];
}
