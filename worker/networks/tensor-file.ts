import { z } from 'zod';
import { ContourNodeError } from '../../src/errors.ts';
import type { Parameters } from './parameters.ts';

/**
 * Named float32 arrays in one file, in the safetensors format (8 bytes length of the header, the header as JSON, the
 * values little endian), which Python's tools read as well.
 */
export interface TensorFile {
  readonly tensors: Parameters;
  /** Shapes where they are known; one axis otherwise. */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  /** Short strings that travel with the arrays. */
  readonly metadata: Readonly<Record<string, string>>;
}

const headerSchema = z.object({ __metadata__: z.record(z.string(), z.string()).default({}) }).catchall(
  z.object({
    dtype: z.string(),
    shape: z.array(z.int().nonnegative()),
    data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
  }),
);

export function encodeTensors(
  tensors: Parameters,
  options: { shapes?: ReadonlyMap<string, readonly number[]>; metadata?: Readonly<Record<string, string>> } = {},
): Buffer {
  const header: Record<string, unknown> = { __metadata__: options.metadata ?? {} };
  let offset = 0;
  for (const [name, values] of tensors) {
    const end = offset + values.byteLength;
    header[name] = { dtype: 'F32', shape: options.shapes?.get(name) ?? [values.length], data_offsets: [offset, end] };
    offset = end;
  }
  const json = Buffer.from(JSON.stringify(header));
  // The values start at a multiple of 8, as the format asks for.
  const padded = Buffer.alloc(Math.ceil(json.length / 8) * 8, ' ');
  json.copy(padded);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  const parts = [...tensors.values()].map((values) => Buffer.from(values.buffer, values.byteOffset, values.byteLength));
  return Buffer.concat([length, padded, ...parts]);
}

/**
 * @param what names the file in the error
 * @throws ContourNodeError BUNDLE_INVALID (not such a file, or truncated)
 */
export function decodeTensors(bytes: Uint8Array, what: string): TensorFile {
  const invalid = (why: string): ContourNodeError => new ContourNodeError('BUNDLE_INVALID', `${what}: ${why}`);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerLength = buffer.length < 8 ? Infinity : Number(buffer.readBigUInt64LE(0));
  const start = 8 + headerLength;
  if (start > buffer.length) throw invalid('no file of named arrays, or truncated');
  let json: unknown;
  try {
    json = JSON.parse(buffer.toString('utf8', 8, start));
  } catch {
    throw invalid('its header is not JSON');
  }
  const parsed = headerSchema.safeParse(json);
  if (!parsed.success) throw invalid('its header is not as the format wants it');
  const { __metadata__: metadata, ...entries } = parsed.data;
  const tensors: Parameters = new Map();
  const shapes = new Map<string, readonly number[]>();
  for (const [name, { dtype, shape, data_offsets }] of Object.entries(entries)) {
    const [from, to] = data_offsets;
    if (dtype !== 'F32' || to < from || (to - from) % 4 !== 0)
      throw invalid(`${JSON.stringify(name)} is no float32 array`);
    if (start + to > buffer.length) throw invalid('truncated');
    tensors.set(name, new Float32Array(new Uint8Array(buffer.subarray(start + from, start + to)).buffer));
    shapes.set(name, shape);
  }
  return { tensors, shapes, metadata };
}
