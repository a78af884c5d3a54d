import { ContourNodeError } from '../../src/errors.ts';
import type { GraphTensor } from '../engines/onnxruntime.ts';

/** What the files beside an exported network say of its graph. */
export interface ExpectedGraph {
  /** The file that says it. */
  readonly says: string;
  readonly patch: readonly number[];
  /** Of the input; default 1, the CT. */
  readonly images?: number;
  /** Of the output. */
  readonly channels: number;
  /** What to do where the graph is another. */
  readonly remedy: string;
}

/**
 * Holds what is said of an exported network against its graph, as far as the graph says its shapes.
 * @returns the names of its input and output
 * @throws ContourNodeError BUNDLE_INVALID naming both sides
 */
export function checkVolumeGraph(
  { inputs, outputs }: { inputs: readonly GraphTensor[]; outputs: readonly GraphTensor[] },
  expected: ExpectedGraph,
): { input: string; output: string } {
  const wrong = (message: string) => new ContourNodeError('BUNDLE_INVALID', message, { remedy: expected.remedy });
  const [input] = inputs;
  // With deep supervision there are outputs of coarser stages, after that of full resolution.
  const [output] = outputs;
  if (input === undefined || output === undefined || inputs.length !== 1)
    throw wrong(`the graph has ${inputs.length} inputs and ${outputs.length} outputs: a network takes the CT alone`);
  for (const [kind, tensor, channels] of [
    ['input', input, expected.images ?? 1],
    ['output', output, expected.channels],
  ] as const) {
    const { name, type, shape } = tensor;
    if (type !== 'float32') throw wrong(`the graph's ${kind} ${name} is ${type}, not float32`);
    const wanted = [1, channels, ...expected.patch];
    const fits = shape.length === wanted.length && shape.every((size, axis) => fitsSize(size, wanted[axis]!));
    if (!fits)
      throw wrong(
        `the graph's ${kind} ${name} is [${shape.join(', ')}], ${expected.says} makes [${wanted.join(', ')}]`,
      );
  }
  return { input: input.name, output: output.name };
}

/** An open size (a name, or -1) fits everything. */
function fitsSize(size: number | string, expected: number): boolean {
  return typeof size === 'string' || size < 0 || size === expected;
}
