import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadConfig } from '../src/config/load.ts';
import { ContourNodeError } from '../src/errors.ts';
import { loadTensorFlow } from '../worker/engines/load-tensorflow.ts';
import { networkOf } from '../worker/networks/network.ts';
import { type CaseCollection, collectCases } from '../worker/training/case-cache.ts';
import { loadTrainingConfig } from '../worker/training/training-config.ts';
import { dataReport, reportText, writeDataReport } from '../worker/training/data-report.ts';
import { dryRun, dryRunText } from '../worker/training/dry-run.ts';
import { foldOf } from '../worker/training/fold.ts';
import type { EpochRecord } from '../worker/training/history.ts';
import { checkSetAside, weightsOfBundle } from '../worker/training/initial-weights.ts';
import { train } from '../worker/training/trainer.ts';
import { writeTrainedBundle } from '../worker/training/trained-bundle.ts';
import { cacheFolder, casesFolder } from './shared/cache-folders.ts';
import { progressBar } from './shared/progress.ts';

export const summary = 'train a network on CT and RTSTRUCT and write it as a bundle';

export const help = `usage: contour-node train --config FILE --out BUNDLE [--data DIR] [--report-only] [--json]

Trains the network of a training configuration (config/training/) and writes the bundle each time that the validation
improves. The same call goes on where the last one ended, however that ended. Before it trains it says what it will learn
from and what it left out, and why.

  --config FILE   training configuration (YAML)
  --data DIR      archive of CT and RTSTRUCT in any layout (not with data.source: phantom)
  --out BUNDLE    folder of the bundle
  --fold N/K      set aside every K-th patient, beginning with the N-th, and call the bundle NAME-fold-N: K trainings
                  set each patient aside once; models ensemble makes one bundle of them
  --phantoms N    with data.source: phantom: this many training phantoms
  --epochs N      end after this many epochs in all
  --from BUNDLE   begin with the weights of this bundle (name or folder) wherever its layers fit, not with random ones;
                  training.freeze and training.stopAfter of the configuration belong to it
  --device D      cpu (default) or gpu: an NVIDIA card, after ./setup --gpu
  --work DIR      checkpoints, history and curve (default: ~/.cache/contour-node/training/NAME)
  --cache DIR     prepared patients (default: ~/.cache/contour-node/cases)
  --report-only   prepare the patients, say what is there, and end; --out is not needed
  --dry-run       the same, and what a training costs on this machine: one update and the validation of one patient are
                  measured, nothing is trained; --out is not needed
  --json          one line of JSON after each epoch, or the report

examples:
  contour-node train --config config/training/npc-gtvp.yaml --data ../archive --dry-run
  contour-node train --config config/training/phantom-gtvp.yaml --out models/phantom-gtvp
  contour-node train --config config/training/npc-gtvp.yaml --data ../archive --out models/mine
  contour-node train --config config/training/openkbp-head-neck-fine-tune.yaml --from openkbp-head-neck \
    --data ../archive --out models/head-neck-here`;

export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
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
    },
  });
  const { config: configFile, out = '' } = values;
  if (configFile === undefined || (values.out === undefined && !values['report-only'] && !values['dry-run']))
    throw new ContourNodeError('USAGE', 'train needs --config and --out');
  if (values.device !== 'cpu' && values.device !== 'gpu')
    throw new ContourNodeError('USAGE', `--device ${values.device}: cpu or gpu`);
  const written = await loadTrainingConfig(configFile);
  const loaded = values.fold === undefined ? written : foldOf(written, values.fold);
  const config = {
    ...loaded,
    data:
      loaded.data.source === 'phantom'
        ? { ...loaded.data, training: whole('phantoms', values.phantoms) ?? loaded.data.training }
        : loaded.data,
    training: { ...loaded.training, epochs: whole('epochs', values.epochs) ?? loaded.training.epochs },
  };
  if (config.data.source === 'dicom' && values.data === undefined)
    throw new ContourNodeError('USAGE', 'this configuration needs --data DIR');
  // Before hours of preparation: a machine without a card says so at once.
  const tf = values['report-only'] ? undefined : await loadTensorFlow(values.device === 'gpu');
  const directory = values.work ?? join(cacheFolder(), 'training', config.bundle.name);
  const network = networkOf(config);

  const reading = progressBar('reading the archive', 1, { quiet: values.json });
  const preparation = progressBar('preparing patients', 1, { quiet: values.json });
  const cases = await collectCases(config, {
    ...(values.data === undefined ? {} : { archive: values.data }),
    cache: values.cache ?? casesFolder(),
    onFile: (done, total) => reading.update(done / total, `${done} of ${total} files`),
    onProgress: (done, total) => preparation.update(done / total, `${done} of ${total}`),
  });
  reading.end();
  preparation.end();
  const report = dataReport(config.rois, cases);
  await writeDataReport(directory, report);
  if (!values.json) console.log(reportText(report));
  if (tf === undefined) {
    console.log(values.json ? JSON.stringify(report, undefined, 2) : `the same in ${directory}/data-report.json`);
    return;
  }

  checkBothSides(cases);

  const from =
    values.from === undefined
      ? undefined
      : await weightsOfBundle(values.from, (await loadConfig()).config.models.directory);
  if (from !== undefined) checkSetAside(cases.cases, from);
  if (values['dry-run']) {
    const cost = await dryRun(tf, { config, cases, from });
    console.log(values.json ? JSON.stringify({ report, cost }, undefined, 2) : dryRunText(cost));
    return;
  }
  const command = `contour-node train --config ${configFile}${values.fold === undefined ? '' : ` --fold ${values.fold}`}${from === undefined ? '' : ` --from ${from.source.name}`}`;
  const stop = new AbortController();
  process.once('SIGTERM', () => stop.abort());
  process.once('SIGINT', () => stop.abort());
  const bar = progressBar('training', 1, { quiet: values.json });
  let firstUpdate: number | undefined;
  const result = await train(tf, {
    config,
    cases,
    directory,
    from,
    signal: stop.signal,
    onUpdate: (done, total, loss) => {
      firstUpdate ??= done;
      // Time left follows from what this run did, not from what earlier ones had done.
      bar.update(
        (done - firstUpdate) / Math.max(1, total - firstUpdate),
        `update ${done} of ${total}, loss ${loss.toFixed(3)}`,
      );
    },
    onRefused: (error) => console.error(error.toLine()),
    onEpoch: async (history, state, improved) => {
      const record = history.at(-1);
      if (record === undefined) return;
      if (values.json) console.log(JSON.stringify(record));
      else console.log(epochLine(record));
      if (!improved || state.best === undefined) return;
      const date = new Date().toISOString();
      await writeTrainedBundle(out, {
        config,
        network,
        parameters: state.best,
        cases,
        history,
        command,
        date,
        from,
      });
    },
  });
  bar.end();
  const date = new Date().toISOString();
  await writeTrainedBundle(out, {
    config,
    network,
    parameters: result.best,
    cases,
    history: result.history,
    calibration: result.calibration,
    command,
    date,
    from,
  });
  if (!values.json) console.log(`bundle written to ${out}; history and curve in ${directory}`);
}

/** The report was printed; who has only the last line sees why nobody is left. */
function checkBothSides({ training, validation, leftOut }: CaseCollection): void {
  if (training.length > 0 && validation.length > 0) return;
  const [first] = leftOut;
  const why = first === undefined ? '' : `; ${leftOut.length} left out, the first because ${first.error.message}`;
  const side = training.length === 0 ? 'to train on' : 'to validate with';
  throw new ContourNodeError('TRAINING_DATA', `no patient ${side}${why}`, first && { remedy: first.error.remedy });
}

function epochLine({ epoch, loss, learningRate, dice, meanDice, seconds, waiting }: EpochRecord): string {
  const rois = Object.entries(dice).map(([name, value]) => `${name} ${value?.toFixed(3) ?? '-'}`);
  const learned = loss === null ? 'as it came' : `loss ${loss.toFixed(4)}`;
  return `epoch ${epoch}: ${learned}, Dice ${meanDice.toFixed(4)} (${rois.join(', ')}), rate ${learningRate.toPrecision(3)}, ${seconds.toFixed(0)} s, ${(waiting * 100).toFixed(1)}% waiting`;
}

function whole(option: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1)
    throw new ContourNodeError('USAGE', `--${option} takes a whole number above 0`);
  return number;
}
