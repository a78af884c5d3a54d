import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ContourNodeError } from '../src/errors.ts';
import { loadTensorFlow } from '../worker/engines/load-tensorflow.ts';
import { checkpoints } from '../worker/training/checkpoint.ts';
import { reportText } from '../worker/training/data-report.ts';
import { dryRun, dryRunText } from '../worker/training/dry-run.ts';
import { foldOf } from '../worker/training/fold.ts';
import { epochLine } from '../worker/training/history.ts';
import { checkSetAside, weightsOfBundle } from '../worker/training/initial-weights.ts';
import { prepareTraining } from '../worker/training/prepare-training.ts';
import { trainBundle } from '../worker/training/train-bundle.ts';
import { loadTrainingConfig, withSize } from '../worker/training/training-config.ts';
import { cacheFolder, casesFolder } from './shared/cache-folders.ts';
import { commandConfig } from './shared/config-option.ts';
import { checkOutputs, forceOption } from './shared/new-output.ts';
import { wholeNumber } from './shared/number-option.ts';
import { stagedProgress } from './shared/progress.ts';

export const summary = 'train a network on CT and RTSTRUCT and write its bundle';

export const help = `usage: contour-node train --config FILE --out BUNDLE [--data DIR] [--report-only] [--json]

Trains the network of a training configuration (config/training/) and writes the bundle each time that the validation
improves. A repeated call continues from the last checkpoint, also after a kill, and says so; a new training does not
write over a bundle. Before it trains it reports the training
data, and what was left out and why.

  --config FILE   training configuration (YAML)
  --data DIR      archive of CT and RTSTRUCT in any layout (not with data.source: phantom)
  --out BUNDLE    folder of the bundle
  --fold N/K      set aside every K-th patient, starting with the N-th, and name the bundle NAME-fold-N: K trainings set
                  each patient aside once; models ensemble makes one bundle of them
  --phantoms N    number of training phantoms, with data.source: phantom
  --epochs N      total number of epochs
  --from BUNDLE   start from the weights of this bundle (name or folder) where its layers fit, else from random ones;
                  training.freeze and training.stopAfter of the configuration belong to it
  --device D      cpu (default) or gpu: an NVIDIA card, after ./setup --gpu
  --work DIR      checkpoints, history and curve (default: ~/.cache/contour-node/training/NAME)
  --cache DIR     prepared patients (default: ~/.cache/contour-node/cases)
  --force         a new training may write over the bundle that is at --out
  --report-only   prepare the patients, print the report, and end; --out is not needed
  --dry-run       the same, and the cost of a training on this machine: one update and the validation of one patient are
                  measured, nothing is trained; --out is not needed
  --json          one line of JSON after each epoch, or the report

examples:
  contour-node train --config config/training/npc-gtvp.yaml --data ../archive --dry-run
  contour-node train --config config/training/phantom-gtvp.yaml --out models/phantom-gtvp
  contour-node train --config config/training/npc-gtvp.yaml --data ../archive --out models/mine
  contour-node train --config config/training/openkbp-head-neck-fine-tune.yaml --from openkbp-head-neck \
    --data ../archive --out models/head-neck-here`;

const options = {
  config: { type: 'string' },
  data: { type: 'string' },
  out: { type: 'string' },
  fold: { type: 'string' },
  phantoms: { type: 'string' },
  epochs: { type: 'string' },
  from: { type: 'string' },
  device: { type: 'string', default: 'cpu' },
  work: { type: 'string' },
  cache: { type: 'string' },
  'report-only': { type: 'boolean', default: false },
  'dry-run': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  ...forceOption,
} as const;

export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options });
  const { config: configFile, out = '', json } = values;
  if (configFile === undefined || (values.out === undefined && !values['report-only'] && !values['dry-run']))
    throw new ContourNodeError('USAGE', 'train needs --config and --out');
  if (values.device !== 'cpu' && values.device !== 'gpu')
    throw new ContourNodeError('USAGE', `--device ${values.device}: cpu or gpu`);
  const written = await loadTrainingConfig(configFile);
  const config = withSize(values.fold === undefined ? written : foldOf(written, values.fold), {
    ...(values.phantoms !== undefined && { phantoms: wholeNumber('phantoms', values.phantoms) }),
    ...(values.epochs !== undefined && { epochs: wholeNumber('epochs', values.epochs) }),
  });
  const directory = values.work ?? join(cacheFolder(), 'training', config.bundle.name);
  if (!values['report-only'] && !values['dry-run']) {
    const begun = (await checkpoints(directory)).length > 0;
    if (begun) console.error(`${directory} has checkpoints: the training continues from the last one`);
    else await checkOutputs({ out }, values.force);
  }
  // Before hours of preparation, so that a missing card is reported at once.
  const tf = values['report-only'] ? undefined : await loadTensorFlow(values.device === 'gpu');

  const bars = stagedProgress({ quiet: json });
  const { cases, report } = await prepareTraining(config, directory, {
    archive: values.data,
    cache: values.cache ?? casesFolder(),
    onProgress: bars.update,
  }).finally(bars.end);
  if (!json) console.log(reportText(report));
  if (tf === undefined) {
    console.log(json ? JSON.stringify(report, undefined, 2) : `also in ${directory}/data-report.json`);
    return;
  }

  const modelsFolder = async (): Promise<string> => (await commandConfig(undefined)).config.models.directory;
  const from = values.from === undefined ? undefined : await weightsOfBundle(values.from, await modelsFolder());
  if (from !== undefined) checkSetAside(cases.cases, from);
  if (values['dry-run']) {
    const cost = await dryRun(tf, { config, cases, from });
    console.log(json ? JSON.stringify({ report, cost }, undefined, 2) : dryRunText(cost));
    return;
  }
  const given = [
    ...(values.fold === undefined ? [] : [`--fold ${values.fold}`]),
    ...(from === undefined ? [] : [`--from ${from.source.name}`]),
  ];
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  await trainBundle(tf, {
    config,
    cases,
    directory,
    out,
    from,
    command: ['contour-node train --config', configFile, ...given].join(' '),
    signal: stop.signal,
    onUpdate: (fraction, note) => bars.update('training', fraction, note),
    onEpoch: (record) => bars.say(() => console.log(json ? JSON.stringify(record) : epochLine(record))),
    onRefused: (error) => bars.say(() => console.error(error.toLine())),
  }).finally(bars.end);
  if (!json) console.log(`bundle written to ${out}; history and curve in ${directory}`);
}
