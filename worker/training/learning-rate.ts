import type { Schedule } from './training-config.ts';

/** The learning rate and what it depends on. */
export interface LearningRate {
  readonly learningRate: number;
  /** Best validation so far; larger is better. */
  readonly best: number;
  readonly epochsWithoutImprovement: number;
}

/** Exponent of DeepLab's own schedule (Chen et al. 2017, section 4.1). */
const polyPower = 0.9;

/**
 * The rate of the epoch that follows.
 * @param epoch epochs that are finished
 * @param metric the last epoch's validation
 */
export function afterEpoch(state: LearningRate, epoch: number, metric: number, schedule: Schedule): LearningRate {
  const improved = metric > state.best;
  const waited = improved ? 0 : state.epochsWithoutImprovement + 1;
  const best = Math.max(state.best, metric);
  if (schedule.decay === 'poly') {
    const left = Math.max(0, 1 - epoch / schedule.epochs);
    return { learningRate: schedule.learningRate * left ** polyPower, best, epochsWithoutImprovement: waited };
  }
  return waited < schedule.patience
    ? { learningRate: state.learningRate, best, epochsWithoutImprovement: waited }
    : { learningRate: state.learningRate * schedule.factor, best, epochsWithoutImprovement: 0 };
}
