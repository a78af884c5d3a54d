import type { ContourNodeError } from '../../src/errors.ts';
import type { TensorFlow } from '../engines/load-tensorflow.ts';
import { networkOf } from '../networks/network.ts';
import type { CaseCollection } from './case-cache.ts';
import type { EpochRecord } from './history.ts';
import type { InitialWeights } from './initial-weights.ts';
import { train } from './trainer.ts';
import { type TrainedNetwork, writeTrainedBundle } from './trained-bundle.ts';
import type { TrainingConfig } from './training-config.ts';

export interface BundleTraining {
  readonly config: TrainingConfig;
  readonly cases: CaseCollection;
  /** Folder of checkpoints, history and curve. */
  readonly directory: string;
  /** Folder of the bundle. */
  readonly out: string;
  /** The training starts from these weights where their layers fit. */
  readonly from?: InitialWeights | undefined;
  /** The call that trains it, for the bundle's provenance: no path of this machine but that of the configuration. */
  readonly command: string;
  readonly signal: AbortSignal;
  /** After every update. @param fraction of the updates that this run has to do */
  readonly onUpdate: (fraction: number, note: string) => void;
  readonly onEpoch: (record: EpochRecord) => void;
  /** A checkpoint that cannot be used. */
  readonly onRefused: (error: ContourNodeError) => void;
}

/**
 * Trains a network and writes its bundle after each epoch that improves on the validation, and at the end with the
 * calibrated thresholds.
 * @throws ContourNodeError as train and writeTrainedBundle
 */
export async function trainBundle(tf: TensorFlow, training: BundleTraining): Promise<void> {
  const { config, cases, directory, from, command } = training;
  const network = networkOf(config);
  const write = async (trained: Pick<TrainedNetwork, 'parameters' | 'history' | 'calibration'>): Promise<void> => {
    const date = new Date().toISOString();
    await writeTrainedBundle(training.out, { config, network, cases, command, date, from, ...trained });
  };
  let firstUpdate: number | undefined;
  const { best, calibration, history } = await train(tf, {
    config,
    cases,
    directory,
    from,
    signal: training.signal,
    onUpdate: (done, total, loss) => {
      // The updates of earlier runs do not count: the time left is estimated from those of this run.
      firstUpdate ??= done;
      const fraction = (done - firstUpdate) / Math.max(1, total - firstUpdate);
      training.onUpdate(fraction, `update ${done} of ${total}, loss ${loss.toFixed(3)}`);
    },
    onRefused: training.onRefused,
    onEpoch: async (records, state, improved) => {
      const record = records.at(-1);
      if (record !== undefined) training.onEpoch(record);
      if (improved && state.best !== undefined) await write({ parameters: state.best, history: records });
    },
  });
  await write({ parameters: best, calibration, history });
}
