import type { Parameters } from '../networks/parameters.ts';

/** Kingma and Ba 2015, with Keras's constants. */
const firstDecay = 0.9;
const secondDecay = 0.999;
const epsilon = 1e-7;

/** Running means of the gradients and of their squares, by array. */
export interface AdamState {
  /** Updates so far. */
  readonly updates: number;
  readonly first: Parameters;
  readonly second: Parameters;
}

export function initialAdam(names: Iterable<string>, parameters: Parameters): AdamState {
  const zeros = (): Parameters =>
    new Map(Array.from(names, (name) => [name, new Float32Array(parameters.get(name)?.length ?? 0)]));
  return { updates: 0, first: zeros(), second: zeros() };
}

/** One update; changes `parameters` and the state's arrays in place and returns the new state. */
export function adamUpdate(
  parameters: Parameters,
  gradients: Parameters,
  state: AdamState,
  learningRate: number,
): AdamState {
  const updates = state.updates + 1;
  const rate = (learningRate * Math.sqrt(1 - secondDecay ** updates)) / (1 - firstDecay ** updates);
  for (const [name, gradient] of gradients) {
    const values = parameters.get(name);
    const first = state.first.get(name);
    const second = state.second.get(name);
    if (values === undefined || first === undefined || second === undefined) continue;
    for (let i = 0; i < gradient.length; i += 1) {
      const g = gradient[i]!;
      const m = (first[i] = firstDecay * first[i]! + (1 - firstDecay) * g);
      const v = (second[i] = secondDecay * second[i]! + (1 - secondDecay) * g * g);
      values[i] = values[i]! - (rate * m) / (Math.sqrt(v) + epsilon);
    }
  }
  return { ...state, updates };
}

/** Moves `average` towards `values` in place: average * share + values * (1 - share). */
export function moveAverage(average: Float32Array, values: Float32Array, share: number): void {
  for (let i = 0; i < average.length; i += 1) average[i] = average[i]! * share + values[i]! * (1 - share);
}
