import type { EngineTensor } from './engine.ts';

type Run = (input: Float32Array, shape: readonly number[], target?: EngineTensor) => Promise<EngineTensor>;

/**
 * Runs a batch of any size on a graph with a fixed batch of `size`, part by part; the last part is filled with zeros, whose
 * output is dropped. `undefined`: the graph takes any size.
 */
export async function inBatchesOf(
  size: number | undefined,
  input: Float32Array,
  shape: readonly number[],
  run: Run,
  target?: EngineTensor,
): Promise<EngineTensor> {
  const count = shape[0]!;
  if (size === undefined || size === count) return run(input, shape, target);
  const length = input.length / count;
  const parts: Float32Array[] = [];
  let perSample: readonly number[] = [];
  for (let first = 0; first < count; first += size) {
    const taken = Math.min(size, count - first);
    const part = new Float32Array(size * length);
    part.set(input.subarray(first * length, (first + taken) * length));
    const { data, shape: outShape } = await run(part, [size, ...shape.slice(1)]);
    perSample = outShape.slice(1);
    parts.push(data.subarray(0, (data.length / size) * taken));
  }
  const data = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    data.set(part, offset);
    offset += part.length;
  }
  return { data, shape: [count, ...perSample] };
}
