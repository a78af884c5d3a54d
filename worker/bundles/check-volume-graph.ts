import { ContourNodeError } from '../../src/errors.ts';
import type { GraphTensor } from '../engines/onnxruntime.ts';
import type { Plan } from '../nnunet/plans.ts';

/**
 * Holds the plan of an exported network against its graph, as far as the graph says its shapes.
 * @returns the names of its input and output
 * @throws ContourNodeError BUNDLE_INVALID naming both sides
 */
export function checkVolumeGraph(
  { inputs, outputs }: { inputs: readonly GraphTensor[]; outputs: readonly GraphTensor[] },
  { patch, labels }: Plan,
): { input: string; output: string } {
  const [input] = inputs;
  // With deep supervision there are outputs of coarser stages, after that of full resolution.
  const [output] = outputs;
  if (input === undefined || output === undefined || inputs.length !== 1)
    throw wrong(`the graph has ${inputs.length} inputs and ${outputs.length} outputs: a network takes the CT alone`);
  for (const [kind, tensor, channels] of [
    ['input', input, 1],
    ['output', output, labels.heads],
  ] as const) {
    const { name, type, shape } = tensor;
    if (type !== 'float32') throw wrong(`the graph's ${kind} ${name} is ${type}, not float32`);
    const expected = [1, channels, ...patch];
    const fits = shape.length === expected.length && shape.every((size, axis) => fitsSize(size, expected[axis]!));
    if (!fits)
      throw wrong(`the graph's ${kind} ${name} is [${shape.join(', ')}], plans.json makes [${expected.join(', ')}]`);
  }
  return { input: input.name, output: output.name };
}

/** An open size (a name, or -1) fits everything. */
function fitsSize(size: number | string, expected: number): boolean {
  return typeof size === 'string' || size < 0 || size === expected;
}

function wrong(message: string): ContourNodeError {
  return new ContourNodeError('BUNDLE_INVALID', message, {
    remedy:
      'export the network that belongs to plans.json and dataset.json, or name its configuration with --configuration',
  });
}
