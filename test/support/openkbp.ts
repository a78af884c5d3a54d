import { readFile } from 'node:fs/promises';
import { inflateRawSync } from 'node:zlib';
import type { Volume } from '../../worker/volume/volume.ts';

/**
 * CT of an OpenKBP patient (../shared/data/README.md) as a volume in LPS order.
 * @param path pt_N.npz: `ct` is int16 [y to the back, x to the left, z to the feet], HU + 1024; `voxel_mm` y, x, z
 */
export async function openKbpCt(path: string): Promise<Volume> {
  const arrays = npz(await readFile(path));
  const ct = arrays.get('ct')!;
  const [dy, dx, dz] = Array.from(floats(arrays.get('voxel_mm')!)) as [number, number, number];
  const [ny, nx, nz] = ct.shape as [number, number, number];
  const stored = new Int16Array(copyOf(ct));
  const hu = new Int16Array(stored.length);
  for (let k = 0, v = 0; k < nz; k += 1) {
    for (let j = 0; j < ny; j += 1) {
      for (let i = 0; i < nx; i += 1, v += 1) {
        const value = stored[(j * nx + i) * nz + nz - 1 - k]!;
        hu[v] = Math.min(Math.max(value, 0), 4095) - 1024;
      }
    }
  }
  const origin = [(-dx * (nx - 1)) / 2, (-dy * (ny - 1)) / 2] as const;
  const z = Float64Array.from({ length: nz }, (_, k) => (k - nz + 1) * dz);
  return { grid: { size: [nx, ny, nz], spacing: [dx, dy], origin, z }, hu };
}

interface NumpyArray {
  readonly type: string;
  readonly shape: number[];
  readonly bytes: Uint8Array;
}

/** Aligned, as typed arrays want it. */
function copyOf({ bytes }: NumpyArray): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

function floats(array: NumpyArray): Float32Array | Float64Array {
  return array.type === '<f4' ? new Float32Array(copyOf(array)) : new Float64Array(copyOf(array));
}

/** The arrays of a NumPy archive: a zip of .npy files, stored or deflated. */
function npz(zip: Buffer): Map<string, NumpyArray> {
  const arrays = new Map<string, NumpyArray>();
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  let entry = zip.readUInt32LE(end + 16);
  for (let n = zip.readUInt16LE(end + 10); n > 0; n -= 1) {
    const [method, length] = [zip.readUInt16LE(entry + 10), zip.readUInt32LE(entry + 20)];
    const [nameLength, extra, comment] = [28, 30, 32].map((at) => zip.readUInt16LE(entry + at)) as [
      number,
      number,
      number,
    ];
    const name = zip.toString('latin1', entry + 46, entry + 46 + nameLength);
    const local = zip.readUInt32LE(entry + 42);
    const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    const stored = zip.subarray(start, start + length);
    arrays.set(name.replace(/\.npy$/, ''), npy(method === 0 ? stored : inflateRawSync(stored)));
    entry += 46 + nameLength + extra + comment;
  }
  return arrays;
}

function npy(file: Buffer): NumpyArray {
  const [lengthAt, header] = file[6] === 1 ? [2, 10] : [4, 12];
  const end = header + file.readUIntLE(8, lengthAt);
  const text = file.toString('latin1', header, end);
  const type = /'descr': '([^']+)'/.exec(text)?.[1] ?? '';
  const shape = (/'shape': \(([^)]*)\)/.exec(text)?.[1] ?? '')
    .split(',')
    .flatMap((part) => (part.trim() === '' ? [] : [Number(part)]));
  return { type, shape, bytes: file.subarray(end) };
}
