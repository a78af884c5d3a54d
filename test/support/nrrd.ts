import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { Mask } from '../../worker/volume/volume.ts';

/** Reads a mask (8-bit, LPS, axis-aligned, gzip) from an NRRD file with attached data. */
export function readNrrdMask(path: string): Mask {
  const bytes = readFileSync(path);
  const end = bytes.indexOf('\n\n');
  const fields = new Map<string, string>();
  for (const line of bytes.subarray(0, end).toString('latin1').split(/\r?\n/)) {
    const field = /^([^#:]+): (.*)$/.exec(line);
    if (field) fields.set(field[1]!, field[2]!);
  }
  const numbers = (name: string): number[] => (fields.get(name)!.match(/-?[\d.]+(?:e[+-]?\d+)?/g) ?? []).map(Number);
  if (fields.get('encoding') !== 'gzip' || fields.get('space') !== 'left-posterior-superior')
    throw new Error(`unexpected NRRD: ${path}`);
  const [nx, ny, nz] = numbers('sizes') as [number, number, number];
  const directions = numbers('space directions');
  const origin = numbers('space origin');
  return {
    grid: {
      size: [nx, ny, nz],
      spacing: [directions[0]!, directions[4]!],
      origin: [origin[0]!, origin[1]!],
      z: Float64Array.from({ length: nz }, (_, k) => origin[2]! + k * directions[8]!),
    },
    voxels: new Uint8Array(gunzipSync(bytes.subarray(end + 2))),
  };
}
