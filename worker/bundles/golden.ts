import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { int8Of } from '../../src/bundles/manifest.ts';
import type { Bundle } from '../../src/bundles/read-bundle.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { type Engine, engineText } from '../engines/engine.ts';

/**
 * Runs the bundle's golden input through an engine and compares the result with the golden output of the network that it holds.
 * @returns the largest absolute difference
 * @throws ContourNodeError BUNDLE_GOLDEN when it is above the bundle's tolerance, BUNDLE_INVALID (sizes do not fit)
 */
export async function checkGolden(bundle: Bundle, engine: Engine): Promise<number> {
  const { golden: ofFloat32 } = bundle.manifest.files;
  const golden = engine.precision === 'int8' ? int8Of(bundle.manifest)!.golden : ofFloat32;
  const input = await readFloats(bundle, ofFloat32.input);
  const { every, shape } = golden.output;
  const expected = await readFloats(bundle, { path: golden.output.path, shape: [goldenLength(shape, every)] });
  const { data } = await engine.run(input, ofFloat32.input.shape);
  const difference = largestDifference(everyNth(data, every), expected);
  if (!(difference <= golden.tolerance)) {
    throw new ContourNodeError(
      'BUNDLE_GOLDEN',
      `bundle ${bundle.manifest.name} on ${engineText(engine)}: golden output differs by ${difference.toPrecision(2)}, allowed ${golden.tolerance}`,
    );
  }
  return difference;
}

/** Values that the file of a golden output holds. */
function goldenLength(shape: readonly number[], every: number): number {
  return Math.ceil(shape.reduce((a, b) => a * b, 1) / every);
}

/** The first value and each n-th after it. */
export function everyNth(values: Float32Array, n: number): Float32Array {
  return n === 1 ? values : Float32Array.from({ length: goldenLength([values.length], n) }, (_, i) => values[i * n]!);
}

/** Infinity when the lengths differ, NaN when one of the values is NaN. */
export function largestDifference(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Infinity;
  let largest = 0;
  for (let i = 0; i < a.length; i += 1) {
    const difference = Math.abs(a[i]! - b[i]!);
    if (Number.isNaN(difference)) return NaN;
    if (difference > largest) largest = difference;
  }
  return largest;
}

/**
 * The float32 values of a file of the bundle.
 * @throws ContourNodeError BUNDLE_INVALID it is not there, or does not hold as many as its shape says
 */
export async function readFloats(
  bundle: Bundle,
  file: { path: string; shape: readonly number[] },
): Promise<Float32Array> {
  const bytes = await readFile(join(bundle.directory, file.path)).catch(() => undefined);
  const count = file.shape.reduce((a, b) => a * b, 1);
  if (bytes?.length !== count * 4) {
    throw new ContourNodeError(
      'BUNDLE_INVALID',
      `${file.path} of bundle ${bundle.manifest.name} does not hold ${file.shape.join('x')} float32 values`,
    );
  }
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}
