import type { Bundle } from '../../src/bundles/read-bundle.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { largestDifference, readFloats } from '../bundles/golden.ts';
import type { Engine } from '../engines/engine.ts';
import { peakMemory } from '../training/peak-memory.ts';
import type { Amounts, Inference } from './messages.ts';

/**
 * Times a batch of copies of the bundle's golden input.
 * @throws ContourNodeError ENGINE_FAILED, BUNDLE_INVALID
 */
export async function measureInference(
  bundle: Bundle,
  engine: Engine,
  { slices, repeats }: Amounts,
): Promise<Inference> {
  const { input } = bundle.manifest.files.golden;
  const one = await readFloats(bundle, input);
  const alone = (await engine.run(one, input.shape)).data;
  const [ofOne = 1, ...sample] = input.shape;
  const copies = Math.ceil(slices / ofOne);
  const batch = new Float32Array(copies * one.length);
  for (let copy = 0; copy < copies; copy += 1) batch.set(one, copy * one.length);
  const seconds: number[] = [];
  let difference = 0;
  // The first call of this size allocates, and a card chooses its algorithms.
  for (let call = 0; call <= repeats; call += 1) {
    const start = performance.now();
    const { data } = await engine.run(batch, [copies * ofOne, ...sample]);
    if (call > 0) seconds.push((performance.now() - start) / 1000);
    for (let copy = 0; copy < copies; copy += 1) {
      const part = data.subarray(copy * alone.length, (copy + 1) * alone.length);
      // Math.max keeps NaN.
      difference = Math.max(difference, largestDifference(part, alone));
    }
  }
  // JSON knows no NaN.
  return {
    seconds,
    difference: Number.isFinite(difference) ? difference : Number.MAX_VALUE,
    memory: await peakMemory(),
  };
}

/** @throws ContourNodeError BUNDLE_GOLDEN a slice in a batch differs by more than the bundle's tolerance from the slice alone */
export function checkBatch(bundle: Bundle, engine: Engine, { difference }: Inference): void {
  const { tolerance } = bundle.manifest.files.golden;
  if (difference <= tolerance) return;
  throw new ContourNodeError(
    'BUNDLE_GOLDEN',
    `bundle ${bundle.manifest.name} on ${engine.name} (${engine.device}): a slice in a batch differs by ${difference.toPrecision(2)} from the same slice alone, allowed ${tolerance}`,
  );
}
