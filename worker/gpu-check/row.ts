import type { Problem } from '../../src/problem.ts';
import { percentile } from '../../src/charts/percentile.ts';
import type { Inference, Step, Task, Training } from './messages.ts';

/** Without a step: the engine is absent. */
export type RowProblem = Omit<Problem, 'code'> & { readonly step?: Step };

/** What was seen of one engine on one device. */
export interface Row extends Pick<Task, 'engine' | 'device'> {
  /** `absent`: its package or its driver is not installed, so nothing was tried. */
  readonly outcome: 'ran' | 'failed' | 'absent';
  /** Why it failed, step by step, or is absent, and what to do. */
  readonly problems: readonly RowProblem[];
  /** Largest difference from the golden output. */
  readonly goldenDifference?: number;
  readonly inference?: Inference;
  readonly training?: Training;
  /** By how much the memory in use on a card grew, bytes; absent on the CPU and where the driver does not say. */
  readonly cardMemory?: number;
}

/** Less than any engine takes on a card: it did not run there. */
const leastCardMemory = 2 ** 24;

/** The same start and batch give the same first loss, but for the arithmetic of the device. */
const lossTolerance = 0.01;

/** The row of a card, failed where its figures show that it did not compute there. */
export function judgeCard(row: Row): Row {
  const { inference, cardMemory } = row;
  if (inference === undefined || cardMemory === undefined || cardMemory >= leastCardMemory) return row;
  return withFailure(row, {
    step: 'inference',
    message: 'it ran, but not on the card: the memory in use there did not grow',
    remedy: 'see whether nvidia-smi lists the process meanwhile; another graphics driver may have been taken',
  });
}

/** The row, failed where its training did not learn or began with another loss than on the CPU. */
export function judgeTraining(row: Row, onCpu: Training | undefined): Row {
  const { training } = row;
  if (training === undefined) return row;
  const [first = NaN, last = NaN] = [training.losses[0], training.losses.at(-1)];
  const expected = onCpu?.losses[0] ?? first;
  const remedy =
    'train with --device cpu, and run again with NVIDIA_TF32_OVERRIDE=0: it makes the card compute in float32';
  if (!(Math.abs(first - expected) <= lossTolerance * Math.abs(expected))) {
    const message = `the first loss is ${first.toPrecision(4)}, on the CPU ${expected.toPrecision(4)}`;
    return withFailure(row, { step: 'training', message, remedy });
  }
  if (last < first) return row;
  const message = `the loss did not fall: ${first.toPrecision(4)}, then ${last.toPrecision(4)} with the same batch`;
  return withFailure(row, { step: 'training', message, remedy });
}

function withFailure(row: Row, problem: RowProblem): Row {
  return { ...row, outcome: 'failed', problems: [...row.problems, problem] };
}

export function median(seconds: readonly number[]): number {
  return percentile(seconds, 50);
}
