/** The learning rate and what it depends on. */
export interface Plateau {
  readonly learningRate: number;
  /** Best validation so far; larger is better. */
  readonly best: number;
  readonly epochsWithoutImprovement: number;
}

/** The paper's schedule: the rate times `factor` whenever `patience` epochs in a row brought nothing better. */
export function afterEpoch(
  state: Plateau,
  metric: number,
  { factor, patience }: { factor: number; patience: number },
): Plateau {
  if (metric > state.best) return { ...state, best: metric, epochsWithoutImprovement: 0 };
  const waited = state.epochsWithoutImprovement + 1;
  return waited < patience
    ? { ...state, epochsWithoutImprovement: waited }
    : { ...state, learningRate: state.learningRate * factor, epochsWithoutImprovement: 0 };
}
