import { ContourNodeError } from '../../src/errors.ts';
import type { Network } from '../networks/layers.ts';
import { ctChannels } from '../volume/preprocess.ts';
import { copyOf, elementCount, parameterSpecs } from '../networks/parameters.ts';
import { initialAdam } from './adam.ts';
import type { TrainingState } from './checkpoint.ts';
import { trainedSpecs } from './frozen-layers.ts';
import { type InitialWeights, startingParameters } from './initial-weights.ts';
import type { TrainingConfig } from './training-config.ts';

/** The bundle that a training begins with; undefined: random weights. */
export type TrainingStart = Pick<InitialWeights, 'weights' | 'rois' | 'source'> | undefined;

/** Before the first update. */
export function initialState(
  network: Network,
  { training, rois, input }: TrainingConfig,
  frozen: ReadonlySet<string>,
  from: TrainingStart,
): TrainingState {
  const names = rois.map(({ name }) => name);
  const parameters = startingParameters(network, training.seed, from, names, ctChannels(input));
  const trained = trainedSpecs(network, frozen);
  return {
    epoch: 0,
    parameters,
    average: copyOf(parameters),
    adam: initialAdam(
      trained.map(({ name }) => name),
      parameters,
    ),
    rate: { learningRate: training.learningRate, best: -Infinity, epochsWithoutImprovement: 0 },
    best: undefined,
    from: from?.source.sha256 ?? null,
  };
}

/** @throws ContourNodeError CHECKPOINT_INVALID the checkpoint belongs to another network, or to another training of it */
export function checkFits(
  network: Network,
  frozen: ReadonlySet<string>,
  { parameters, adam, from: begun }: TrainingState,
  from: TrainingStart,
): void {
  const refuse = (what: string) =>
    new ContourNodeError('CHECKPOINT_INVALID', what, {
      remedy: 'give another folder for the training (--work), or delete its checkpoints to start anew',
    });
  for (const { name, shape } of parameterSpecs(network)) {
    if (parameters.get(name)?.length === elementCount(shape)) continue;
    throw refuse(`the checkpoint belongs to another network: ${name} does not fit`);
  }
  const trained = trainedSpecs(network, frozen);
  if (adam.first.size !== trained.length || trained.some(({ name }) => !adam.first.has(name)))
    throw refuse('the checkpoint was trained with other frozen layers (training.freeze)');
  if (begun !== (from?.source.sha256 ?? null)) {
    throw refuse(`the checkpoint began with ${begun === null ? 'random weights' : 'the weights of another bundle'}`);
  }
}
