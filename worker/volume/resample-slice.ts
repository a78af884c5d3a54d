import type { Taps } from './taps.ts';
import type { Grid } from './volume.ts';

/**
 * One slice on another grid. Separable: along x for the rows that are needed, then along y.
 * @param padding of voxels outside of the image, and the least value
 */
export function resampleSlice(
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

/** What `resampleSlice` gives where the target's pixels are the source's. */
export function copySlice(
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
