import { readFile } from 'node:fs/promises';
import { inflateRawSync } from 'node:zlib';

/** An array of a .npz file: C order. */
export interface NpyArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array | Int16Array | Int32Array | BigInt64Array | Float32Array | Float64Array | Float16Array;
}

const types = {
  '|u1': Uint8Array,
  '<i2': Int16Array,
  '<i4': Int32Array,
  '<i8': BigInt64Array,
  '<f2': Float16Array,
  '<f4': Float32Array,
  '<f8': Float64Array,
} as const;

/** The arrays of a file that numpy's savez wrote, by name. */
export async function readNpz(path: string): Promise<ReadonlyMap<string, NpyArray>> {
  const bytes = await readFile(path);
  const end = bytes.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  const arrays = new Map<string, NpyArray>();
  let at = bytes.readUInt32LE(end + 16);
  for (let n = bytes.readUInt16LE(end + 10); n > 0; n -= 1) {
    const [method, size, name, extra, comment] = [
      bytes.readUInt16LE(at + 10),
      bytes.readUInt32LE(at + 20),
      bytes.readUInt16LE(at + 28),
      bytes.readUInt16LE(at + 30),
      bytes.readUInt16LE(at + 32),
    ];
    const local = bytes.readUInt32LE(at + 42);
    const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    const stored = bytes.subarray(start, start + size);
    const key = bytes.toString('utf8', at + 46, at + 46 + name).replace(/\.npy$/, '');
    arrays.set(key, readNpy(method === 0 ? stored : inflateRawSync(stored)));
    at += 46 + name + extra + comment;
  }
  return arrays;
}

function readNpy(bytes: Buffer): NpyArray {
  const length = bytes[6] === 1 ? bytes.readUInt16LE(8) : bytes.readUInt32LE(8);
  const start = (bytes[6] === 1 ? 10 : 12) + length;
  const header = bytes.toString('latin1', start - length, start);
  const [, type = ''] = /'descr': '([^']+)'/.exec(header) ?? [];
  const [, shape = ''] = /'shape': \(([^)]*)\)/.exec(header) ?? [];
  const values = Uint8Array.from(bytes.subarray(start)).buffer;
  return {
    shape: shape.split(',').flatMap((text) => (text.trim() === '' ? [] : [Number(text)])),
    data: new types[type as keyof typeof types](values),
  };
}
