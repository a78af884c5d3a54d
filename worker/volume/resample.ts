import type { SliceManifest } from '../../src/bundles/manifest.ts';
import { copiedFrom, sliceTaps, triangleTaps, type Taps } from './taps.ts';
import type { Grid } from './volume.ts';

/** Resamples slice by slice; `emit` gets each finished target slice (reused) and where it starts in the target. */
export function resample(
  from: Grid,
  values: Int16Array | Uint8Array,
  to: Grid,
  { resolutionMm, sliceSpacingMm }: Pick<SliceManifest['input'], 'resolutionMm' | 'sliceSpacingMm'>,
  padding: number,
  emit: (slice: Float32Array, offset: number) => void,
): void {
  const axis = (grid: Grid, n: 0 | 1) => ({ count: grid.size[n], origin: grid.origin[n], spacing: grid.spacing[n] });
  const columns = triangleTaps(axis(from, 0), axis(to, 0), resolutionMm);
  const rows = triangleTaps(axis(from, 1), axis(to, 1), resolutionMm);
  const slices = sliceSpacingMm === null ? undefined : sliceTaps(from.z, to.z, sliceSpacingMm);
  const area = to.size[0] * to.size[1];
  const [left, top] = [copiedFrom(columns), copiedFrom(rows)];
  const inPlane = (k: number, target: Float32Array) => {
    const offset = k * from.size[0] * from.size[1];
    if (left === undefined || top === undefined)
      resampleSlice(values, offset, from.size, columns, rows, padding, target);
    else copySlice(values, offset + top * from.size[0] + left, from.size[0], to.size, padding, target);
  };

  const sum = new Float32Array(area);
  if (slices === undefined) {
    for (let k = 0; k < to.size[2]; k += 1) {
      inPlane(k, sum);
      emit(sum, k * area);
    }
    return;
  }
  // Each source slice is resampled in plane once and kept for as long as targets need it.
  const kept = new Map<number, Float32Array>();
  for (let k = 0; k < to.size[2]; k += 1) {
    const first = slices.first[k]!;
    for (const old of kept.keys()) if (old < first) kept.delete(old);
    sum.fill(0);
    for (let n = slices.start[k]!; n < slices.start[k + 1]!; n += 1) {
      const source = first + n - slices.start[k]!;
      let slice = kept.get(source);
      if (slice === undefined) {
        slice = new Float32Array(area);
        inPlane(source, slice);
        kept.set(source, slice);
      }
      const weight = slices.weights[n]!;
      for (let i = 0; i < area; i += 1) sum[i] = sum[i]! + weight * slice[i]!;
    }
    emit(sum, k * area);
  }
}

/** What `resampleSlice` gives where the target's pixels are the source's. */
function copySlice(
  values: Int16Array | Uint8Array,
  offset: number,
  rowLength: number,
  [width, height]: Grid['size'],
  padding: number,
  target: Float32Array,
): void {
  for (let y = 0, out = 0; y < height; y += 1) {
    const row = offset + y * rowLength;
    for (let x = 0; x < width; x += 1, out += 1) {
      const value = values[row + x]!;
      target[out] = value < padding ? padding : value;
    }
  }
}

/** Separable: along x for the rows that are needed, then along y. */
function resampleSlice(
  values: Int16Array | Uint8Array,
  offset: number,
  [nx, ny]: Grid['size'],
  columns: Taps,
  rows: Taps,
  padding: number,
  target: Float32Array,
): void {
  const width = columns.first.length;
  const height = rows.first.length;
  const firstRow = Math.min(...rows.first);
  let lastRow = firstRow;
  for (let y = 0; y < height; y += 1) {
    lastRow = Math.max(lastRow, rows.first[y]! + rows.start[y + 1]! - rows.start[y]! - 1);
  }
  lastRow = Math.min(lastRow, ny - 1);
  const narrowed = new Float32Array(Math.max(0, lastRow - firstRow + 1) * width);
  for (let row = firstRow; row <= lastRow; row += 1) {
    const source = offset + row * nx;
    const out = (row - firstRow) * width;
    for (let x = 0; x < width; x += 1) {
      let sum = columns.outside[x]! * padding;
      const end = columns.start[x + 1]!;
      let s = source + columns.first[x]!;
      for (let n = columns.start[x]!; n < end; n += 1, s += 1) {
        const value = values[s]!;
        sum += columns.weights[n]! * (value < padding ? padding : value);
      }
      narrowed[out + x] = sum;
    }
  }
  for (let y = 0; y < height; y += 1) {
    const out = y * width;
    target.fill(rows.outside[y]! * padding, out, out + width);
    let s = (rows.first[y]! - firstRow) * width;
    for (let n = rows.start[y]!; n < rows.start[y + 1]!; n += 1, s += width) {
      const weight = rows.weights[n]!;
      for (let x = 0; x < width; x += 1) target[out + x] = target[out + x]! + weight * narrowed[s + x]!;
    }
  }
}
