import { inputShape, type NetworkInput } from '../volume/preprocess.ts';

/** The patches of a 3-D network, which reach over its whole field of view and are moved along the slices. */
export type Patch = NonNullable<NetworkInput['patch']>;

/**
 * First slice of every patch, evenly spread from the first slice to the last; a scan shorter than a patch gets one patch,
 * whose slices beyond the end repeat the end.
 */
export function patchStarts(slices: number, { slices: length, step }: Patch): number[] {
  const room = Math.max(0, slices - length);
  const count = Math.ceil(room / Math.max(1, length * step)) + 1;
  return Array.from({ length: count }, (_, n) => (count === 1 ? 0 : Math.round((room * n) / (count - 1))));
}

/** What a slice of a patch counts where patches overlap: a Gaussian around the middle, as nnU-Net has it. */
export function sliceWeights(length: number): Float64Array {
  const deviation = length / 8;
  const middle = (length - 1) / 2;
  return Float64Array.from({ length }, (_, k) => Math.exp(-((k - middle) ** 2) / (2 * deviation ** 2)));
}

/** For each patch, and each of its slices that lies in the scan: the share in the mean of all that see this slice. */
export function patchShares(slices: number, patch: Patch): { readonly start: number; readonly shares: Float64Array }[] {
  const weights = sliceWeights(patch.slices);
  const starts = patchStarts(slices, patch);
  const sums = new Float64Array(slices);
  const seen = Math.min(patch.slices, slices);
  for (const start of starts) for (let k = 0; k < seen; k += 1) sums[start + k]! += weights[k]!;
  return starts.map((start) => ({
    start,
    shares: Float64Array.from({ length: seen }, (_, k) => weights[k]! / sums[start + k]!),
  }));
}

/** One call of the network: slices `first`, `first + 1`, ... of the scan in one tensor. */
export interface NetworkRun {
  readonly first: number;
  /** Slices in the tensor. */
  readonly written: number;
  /** Of the input tensor. */
  readonly shape: readonly number[];
  /** What each slice of the output counts in the mean of all runs that see it; 1 where one alone does. */
  readonly shares: ArrayLike<number>;
}

/** The calls that take a network over a scan: batches of slices, or of a 3-D network patch after patch. */
export function networkRuns(input: NetworkInput, slices: number, batchSize: number): NetworkRun[] {
  const { patch } = input;
  if (patch !== undefined) {
    const shape = inputShape(input, 1);
    return patchShares(slices, patch).map(({ start, shares }) => {
      return { first: start, written: patch.slices, shape, shares };
    });
  }
  return Array.from({ length: Math.ceil(slices / batchSize) }, (_, n) => {
    const first = n * batchSize;
    const written = Math.min(batchSize, slices - first);
    return { first, written, shape: inputShape(input, written), shares: new Float64Array(written).fill(1) };
  });
}
