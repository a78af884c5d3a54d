import type { SegmentationGrid, SegmentInput } from './segmentation-input.ts';

/** One slice of one segment. */
export interface SegmentFrame {
  /** From 1. */
  readonly segment: number;
  /** Index along ascending z. */
  readonly slice: number;
}

/** The slices that each segment has voxels in, one segment after the other. */
export function framesOf(segments: readonly SegmentInput[]): SegmentFrame[] {
  return segments.flatMap(({ low, size: [nx, ny, nz], voxels }, n) =>
    Array.from({ length: nz }, (_, k) => k)
      .filter((k) => voxels.subarray(k * nx * ny, (k + 1) * nx * ny).includes(1))
      .map((k) => ({ segment: n + 1, slice: low[2] + k })),
  );
}

/** Pixel Data of one bit a pixel: frame after frame without a gap, the first pixel in the lowest bit (PS3.5 section 8.1.1). */
export function packedPixels(
  frames: readonly SegmentFrame[],
  segments: readonly SegmentInput[],
  { columns, rows }: Pick<SegmentationGrid, 'columns' | 'rows'>,
): Uint8Array {
  const bytes = Math.ceil((frames.length * columns * rows) / 8);
  const packed = new Uint8Array(bytes + (bytes % 2));
  for (const [n, { segment, slice }] of frames.entries()) {
    const { low, size, voxels } = segments[segment - 1]!;
    const [nx, ny] = size;
    let from = (slice - low[2]) * nx * ny;
    for (let j = 0; j < ny; j += 1) {
      let bit = (n * rows + low[1] + j) * columns + low[0];
      for (let i = 0; i < nx; i += 1, from += 1, bit += 1)
        if (voxels[from] === 1) packed[bit >> 3] = packed[bit >> 3]! | (1 << (bit & 7));
    }
  }
  return packed;
}
