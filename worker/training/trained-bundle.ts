import { inputName, type Network } from '../networks/layers.ts';
import { parameterCount, type Parameters, parameterSpecs } from '../networks/parameters.ts';
import { encodeTensors } from '../networks/tensor-file.ts';
import { toOnnx } from '../networks/to-onnx.ts';
import { version } from '../../src/version.ts';
import type { Bundle } from '../../src/bundles/read-bundle.ts';
import { writeBundle, type BundleDescription } from '../bundles/write-bundle.ts';
import type { Calibration } from './calibrate.ts';
import type { CaseCollection } from './case-cache.ts';
import { bestEpoch } from './early-stop.ts';
import type { EpochRecord } from './history.ts';
import type { InitialWeights } from './initial-weights.ts';
import type { Side } from './split.ts';
import type { TrainingConfig } from './training-config.ts';
import { trainingProvenance, trainingRanges } from './ranges-of-bundle.ts';
import { trainedModalities } from './training-range.ts';

export interface TrainedNetwork {
  readonly config: TrainingConfig;
  readonly network: Network;
  /** The parameters with the best validation, which are exported. */
  readonly parameters: Parameters;
  readonly cases: CaseCollection;
  readonly history: readonly EpochRecord[];
  /** Of a finished training. */
  readonly calibration?: Calibration | undefined;
  /** The call that trained it, for the bundle's provenance. */
  readonly command: string;
  /** ISO 8601. */
  readonly date: string;
  /** The bundle whose weights it began with. */
  readonly from?: Pick<InitialWeights, 'source' | 'ancestors'> | undefined;
}

/**
 * Writes a trained network as a bundle, with the ranges of the training data and the validation figures.
 * @throws ContourNodeError as `writeBundle`
 */
export async function writeTrainedBundle(directory: string, training: TrainedNetwork): Promise<Bundle> {
  const { config, network, parameters, cases, history, calibration } = training;
  const best = bestEpoch(history);
  const before = history.find(({ epoch }) => epoch === 0);
  const { flipAverage, ...about } = config.bundle;
  const { trained, plausibility } = trainingRanges(config, cases);
  const modalities = trainedModalities(
    config.input.modalities,
    cases.training.map((one) => one.description),
  );
  const patients = (side: Side) =>
    new Set(cases.cases.filter((one) => one.side === side).map((one) => one.patient)).size;
  const description: BundleDescription = {
    ...about,
    flipAverage,
    architecture: config.architecture,
    input: { ...config.input, ...(modalities && { modalities }), tensor: inputName },
    output: { activation: 'probability', tensor: 'output' },
    rois: config.rois.map((roi, index) => bundledRoi(roi, calibration?.thresholds[index])),
    applicability: { ...config.bundle.applicability, trained },
    plausibility,
    training: {
      contourNode: version,
      command: training.command,
      date: training.date,
      ...(training.from === undefined ? {} : { from: training.from.source, ancestors: training.from.ancestors }),
      parameters: parameterCount(network),
      data: withoutNames(config.data),
      trainingPatients: patients('training'),
      validationPatients: patients('validation'),
      trainingSeries: cases.training.length,
      leftOut: cases.leftOut.length,
      ...trainingProvenance(config, cases),
      epochs: history.at(-1)?.epoch ?? 0,
      bestEpoch: best?.epoch ?? 0,
      schedule: config.training,
      augmentation: config.augmentation,
      ...(calibration === undefined
        ? {}
        : {
            thresholdsChosenOn: Object.fromEntries(
              config.rois.map(({ name }, roi) => [name, calibration.patients[roi]]),
            ),
          }),
    },
    metrics: {
      validation: {
        what: `3-D Dice on the network's grid (threshold 0.5, no clean-up), mean over at most ${config.training.validationCases} patients that were set aside; they chose the epoch`,
        date: training.date,
        dice: best?.dice ?? {},
        meanDice: best?.meanDice ?? null,
        // What the weights of `--from` reached on the same patients.
        ...(before === undefined ? {} : { before: { dice: before.dice, meanDice: before.meanDice } }),
      },
    },
  };
  const shapes = new Map(parameterSpecs(network).map(({ name, shape }) => [name, shape]));
  return writeBundle(directory, description, {
    model: toOnnx(network, parameters, config.bundle.name),
    weights: encodeTensors(parameters, { shapes }),
  });
}

/** Without lists of patients, as a bundle goes to other hospitals. */
function withoutNames(data: TrainingConfig['data']): Record<string, unknown> {
  if (data.source !== 'dicom' || data.validation === undefined) return data;
  return { source: data.source, patients: data.patients, split: 'lists of patients' };
}

/** An ROI as the bundle keeps it, without its names in the archive and its weight. */
function bundledRoi(roi: TrainingConfig['rois'][number], threshold = roi.threshold): BundleDescription['rois'][number] {
  const kept: BundleDescription['rois'][number] & Partial<typeof roi> = { ...roi, threshold };
  delete kept.patterns;
  delete kept.weight;
  return kept;
}
