import { gzip } from 'node:zlib';
import { promisify } from 'node:util';
import type { RoiPart } from '../inference/contour-roi.ts';
import type { Grid } from './volume.ts';

const headerBytes = 352;
const datatypeUint8 = 2;
/** Units of lengths: mm (NIFTI_UNITS_MM). */
const millimetres = 2;
/** Coordinates are the scanner's (NIFTI_XFORM_SCANNER_ANAT). */
const scannerAnatomical = 1;
/** Slices that deviate more than this (mm) from regular spacing are resampled: NIfTI has one spacing only. */
const irregularMm = 0.01;

/**
 * A mask on the CT grid as NIfTI-1 (.nii.gz): uint8, voxel (i, j, k) as on the grid, its place in RAS mm as NIfTI wants
 * it (x and y of LPS negated). Where the slices' distances change the file has the smallest of them throughout and each
 * of its slices is the nearest slice of the CT.
 * @param part absent: a mask without voxels
 */
export async function niftiMask(grid: Grid, part: RoiPart | undefined): Promise<Buffer> {
  const [nx, ny] = grid.size;
  const { sources, spacing } = regularSlices(grid.z);
  const file = Buffer.alloc(headerBytes + nx * ny * sources.length);
  writeHeader(file, [nx, ny, sources.length], grid, spacing);
  if (part !== undefined) {
    const [width, height, depth] = part.mask.grid.size;
    for (const [k, source] of sources.entries()) {
      const slice = source - part.slice;
      if (slice < 0 || slice >= depth) continue;
      for (let y = 0; y < height; y += 1) {
        const from = (slice * height + y) * width;
        file.set(
          part.mask.voxels.subarray(from, from + width),
          headerBytes + (k * ny + part.row + y) * nx + part.column,
        );
      }
    }
  }
  return promisify(gzip)(file, { level: 1 });
}

/** CT slice of each slice of the file, and the file's slice spacing (mm). */
function regularSlices(z: Float64Array): { sources: number[]; spacing: number } {
  const gaps = Array.from(z.subarray(1), (value, k) => value - z[k]!);
  if (gaps.length === 0) return { sources: [0], spacing: 1 };
  const [least, most] = [Math.min(...gaps), Math.max(...gaps)];
  const extent = z[z.length - 1]! - z[0]!;
  if (most - least <= irregularMm) return { sources: [...z.keys()], spacing: extent / gaps.length };
  const count = Math.round(extent / least) + 1;
  let nearest = 0;
  const sources = Array.from({ length: count }, (_, k) => {
    const position = z[0]! + k * least;
    while (nearest + 1 < z.length && Math.abs(z[nearest + 1]! - position) <= Math.abs(z[nearest]! - position))
      nearest += 1;
    return nearest;
  });
  return { sources, spacing: least };
}

/** Byte positions are those of nifti1.h. */
function writeHeader(file: Buffer, size: readonly [number, number, number], grid: Grid, spacing: number): void {
  const [dx, dy] = grid.spacing;
  const [x, y, z] = [-grid.origin[0], -grid.origin[1], grid.z[0]!];
  file.writeInt32LE(348, 0);
  [3, ...size, 1, 1, 1, 1].forEach((length, n) => file.writeInt16LE(length, 40 + 2 * n));
  file.writeInt16LE(datatypeUint8, 70);
  file.writeInt16LE(8, 72);
  // The first pixdim is qfac; the quaternion (0, 0, 1) turns by half a circle about z: LPS to RAS.
  [1, dx, dy, spacing].forEach((value, n) => file.writeFloatLE(value, 76 + 4 * n));
  file.writeFloatLE(headerBytes, 108);
  file.writeFloatLE(1, 112);
  file.writeUInt8(millimetres, 123);
  file.writeInt16LE(scannerAnatomical, 252);
  file.writeInt16LE(scannerAnatomical, 254);
  [0, 0, 1, x, y, z].forEach((value, n) => file.writeFloatLE(value, 256 + 4 * n));
  const rows = [-dx, 0, 0, x, 0, -dy, 0, y, 0, 0, spacing, z];
  rows.forEach((value, n) => file.writeFloatLE(value, 280 + 4 * n));
  file.write('n+1\0', 344, 'latin1');
}
