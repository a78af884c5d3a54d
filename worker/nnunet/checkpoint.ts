import { open, type FileHandle } from 'node:fs/promises';
import { ContourNodeError } from '../../src/errors.ts';
import { PickleGlobal, PickleObject, readPickle, type PickleDict, type PickleValue } from './pickle.ts';
import { readEntry, zipEntries, type ZipEntry } from './zip-entries.ts';

/** A tensor of a checkpoint: where its values lie; they are read when they are asked for. */
export interface StoredTensor {
  readonly shape: readonly number[];
  /** Element distances, as PyTorch has them. */
  readonly strides: readonly number[];
  readonly type: 'float32' | 'float64' | 'float16' | 'bfloat16' | 'other';
  /** Entry of the zip that holds the values, and the first element in it. */
  readonly storage: string;
  readonly offset: number;
}

/** What of an nnU-Net checkpoint inference needs (nnunetv2, nnUNetTrainer.save_checkpoint). */
export interface Checkpoint {
  /** For messages: fold and file. */
  readonly what: string;
  readonly weights: ReadonlyMap<string, StoredTensor>;
  readonly trainerName: string;
  readonly configuration: string | undefined;
  /** The plans that the fold was trained with, as plain JSON; undefined where it does not say. */
  readonly plans: unknown;
  /** Spatial axes that may be mirrored; empty where the training did not mirror. */
  readonly mirrorAxes: readonly number[];
  /** @throws ContourNodeError CHECKPOINT_UNREADABLE (no floating-point tensor, or truncated) */
  read(tensor: StoredTensor): Promise<Float32Array>;
  close(): Promise<void>;
}

/** data.pkl of the largest networks has a few hundred kilobytes, with the log of 1000 epochs a few megabytes. */
const longestPickle = 256 * 1024 * 1024;
const bytesOf = { float32: 4, float64: 8, float16: 2, bfloat16: 2 } as const;

/**
 * Opens a checkpoint: the zip's list and data.pkl are read, of the tensors none; the optimizer's are never.
 * @param what names the file in messages
 * @throws ContourNodeError PATH_NOT_FOUND, CHECKPOINT_UNREADABLE
 */
export async function openCheckpoint(path: string, what: string): Promise<Checkpoint> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw new ContourNodeError('PATH_NOT_FOUND', `${what} is not there or cannot be read`, { cause });
  });
  try {
    return await checkpointOf(file, what);
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function checkpointOf(file: FileHandle, what: string): Promise<Checkpoint> {
  const entries = await zipEntries(file, what);
  const pickle = [...entries.values()].find(({ name }) => /^[^/]+\/data\.pkl$/.test(name));
  if (pickle === undefined || pickle.size > longestPickle)
    throw unreadable(what, 'it holds no data.pkl, so PyTorch did not write it');
  const folder = pickle.name.slice(0, -'data.pkl'.length);
  const order = entries.get(`${folder}byteorder`);
  if (order !== undefined && (await readEntry(file, order, what)).toString('latin1') !== 'little')
    throw unreadable(what, 'its numbers are big endian');
  const root = readPickle(await readEntry(file, pickle, what), what);
  if (!(root instanceof Map)) throw unreadable(what, 'it is no checkpoint of nnU-Net v2');
  const weights = root.get('network_weights');
  const initArgs = root.get('init_args');
  if (!(weights instanceof Map) || !(initArgs instanceof Map))
    throw unreadable(what, 'it has no network_weights or no init_args: it is no checkpoint of nnU-Net v2');
  const named = new Map<string, StoredTensor>();
  for (const [name, value] of weights) {
    const tensor = tensorOf(value, folder, entries);
    if (typeof name !== 'string' || tensor === undefined)
      throw unreadable(what, `network_weights holds ${nameOf(name)}, which is no whole tensor`);
    named.set(name, tensor);
  }
  const configuration = initArgs.get('configuration');
  return {
    what,
    weights: named,
    trainerName: nameOf(root.get('trainer_name')),
    configuration: typeof configuration === 'string' ? configuration : undefined,
    plans: plain(initArgs.get('plans') ?? null),
    mirrorAxes: axesOf(root, what),
    read: (tensor) => readTensor(file, entries, tensor, what),
    close: () => file.close(),
  };
}

function axesOf(root: PickleDict, what: string): number[] {
  const axes = root.get('inference_allowed_mirroring_axes') ?? [];
  if (!Array.isArray(axes) || !axes.every((axis) => axis === 0 || axis === 1 || axis === 2))
    throw unreadable(what, 'its inference_allowed_mirroring_axes are no axes');
  return axes;
}

/** torch._utils._rebuild_tensor_v2(storage, offset, shape, strides, ...); storage: ('storage', type, key, device, elements). */
function tensorOf(
  value: PickleValue,
  folder: string,
  entries: ReadonlyMap<string, ZipEntry>,
): StoredTensor | undefined {
  if (!(value instanceof PickleObject)) return undefined;
  if (value.global === 'torch._utils._rebuild_parameter') return tensorOf(value.args[0] ?? null, folder, entries);
  if (value.global !== 'torch._utils._rebuild_tensor_v2') return undefined;
  const [reference, offset, shape, strides] = value.args;
  if (!(reference instanceof PickleObject) || reference.global !== undefined) return undefined;
  const [kind, storageType, key] = reference.args;
  if (kind !== 'storage' || !(storageType instanceof PickleGlobal) || typeof key !== 'string') return undefined;
  if (!isSize(offset) || !isSizes(shape) || !isSizes(strides) || shape.length !== strides.length) return undefined;
  const type = typeOf(storageType.name);
  const entry = entries.get(`${folder}data/${key}`);
  if (entry === undefined) return undefined;
  const last = shape.reduce((sum, length, axis) => sum + (length - 1) * strides[axis]!, offset);
  const count = shape.reduce((a, b) => a * b, 1);
  const whole = type === 'other' || (Math.max(last + 1, count) * bytesOf[type] <= entry.size && count > 0);
  return whole ? { shape, strides, type, storage: entry.name, offset } : undefined;
}

function typeOf(storage: string): StoredTensor['type'] {
  if (storage === 'torch.FloatStorage') return 'float32';
  if (storage === 'torch.DoubleStorage') return 'float64';
  if (storage === 'torch.HalfStorage') return 'float16';
  return storage === 'torch.BFloat16Storage' ? 'bfloat16' : 'other';
}

async function readTensor(
  file: FileHandle,
  entries: ReadonlyMap<string, ZipEntry>,
  { type, shape, strides, storage, offset }: StoredTensor,
  what: string,
): Promise<Float32Array> {
  const entry = entries.get(storage);
  if (type === 'other' || entry === undefined) throw unreadable(what, 'a weight is no floating-point tensor');
  const count = shape.reduce((a, b) => a * b, 1);
  const last = shape.reduce((sum, length, axis) => sum + (length - 1) * strides[axis]!, 0);
  const size = bytesOf[type];
  const bytes = await readEntry(file, entry, what, offset * size, (last + 1) * size);
  const values = new Float32Array(count);
  const index = shape.map(() => 0);
  for (let n = 0, from = 0; n < count; n += 1) {
    values[n] = element(bytes, type, from * size);
    for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
      index[axis] = index[axis]! + 1;
      from += strides[axis]!;
      if (index[axis]! < shape[axis]!) break;
      from -= shape[axis]! * strides[axis]!;
      index[axis] = 0;
    }
  }
  return values;
}

function element(bytes: Buffer, type: keyof typeof bytesOf, at: number): number {
  if (type === 'float32') return bytes.readFloatLE(at);
  if (type === 'float64') return bytes.readDoubleLE(at);
  if (type === 'bfloat16') return widened.set(bytes.readUInt16LE(at));
  return half(bytes.readUInt16LE(at));
}

/** bfloat16 is the upper half of a float32. */
const widened = {
  view: new DataView(new ArrayBuffer(4)),
  set(upper: number): number {
    this.view.setUint16(0, upper);
    return this.view.getFloat32(0);
  },
};

/** IEEE 754 binary16. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Deeper than any plans; a list can hold itself. */
const deepest = 16;

/** Dictionaries as objects, for what is JSON in nnU-Net's own files; what is none becomes null. */
function plain(value: PickleValue, depth = 0): unknown {
  if (depth > deepest) return null;
  if (Array.isArray(value)) return value.map((entry) => plain(entry, depth + 1));
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([key, entry]) => [nameOf(key), plain(entry, depth + 1)] as const));
  if (typeof value === 'object' || typeof value === 'bigint') return null;
  return value;
}

/** A string or number as a short text; nothing for what is neither. */
function nameOf(value: PickleValue | undefined): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value).slice(0, 120) : '';
}

function isSize(value: PickleValue | undefined): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isSizes(value: PickleValue | undefined): value is number[] {
  return Array.isArray(value) && value.length <= 8 && value.every(isSize);
}

function unreadable(what: string, why: string): ContourNodeError {
  return new ContourNodeError('CHECKPOINT_UNREADABLE', `${what}: ${why}`);
}
