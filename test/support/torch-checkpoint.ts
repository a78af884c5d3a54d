import { crc32, deflateRawSync } from 'node:zlib';

/** A tensor of float32 for a checkpoint. */
export interface GivenTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** What `torch.save` writes: pickle protocol 2 in a zip without compression. */
export interface GivenCheckpoint {
  readonly weights: ReadonlyMap<string, GivenTensor>;
  /** Names that are further names of a weight. */
  readonly aliases?: ReadonlyMap<string, string>;
  readonly trainer?: string;
  readonly initArgs?: unknown;
  readonly mirrorAxes?: readonly number[];
  /** Pickle instructions of one more value in the dictionary, as they are. */
  readonly extra?: Buffer;
}

const mark = Buffer.from('(');
const utf8 = (text: string) => {
  const bytes = Buffer.from(text);
  const head = Buffer.from('X\0\0\0\0', 'latin1');
  head.writeUInt32LE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
};
const whole = (value: number) => {
  const bytes = Buffer.from('J\0\0\0\0', 'latin1');
  bytes.writeInt32LE(value, 1);
  return bytes;
};
const global = (module: string, name: string) => Buffer.from(`c${module}\n${name}\n`);
const tuple = (...items: Buffer[]) => Buffer.concat([mark, ...items, Buffer.from('t')]);

/** JSON values as pickle instructions. */
export function pickled(value: unknown): Buffer {
  if (value === null || value === undefined) return Buffer.from('N');
  if (value === true) return Buffer.from([0x88]);
  if (value === false) return Buffer.from([0x89]);
  if (typeof value === 'string') return utf8(value);
  if (typeof value === 'number') {
    if (Number.isInteger(value)) return whole(value);
    const bytes = Buffer.alloc(9, 'G');
    bytes.writeDoubleBE(value, 1);
    return bytes;
  }
  if (Array.isArray(value)) return Buffer.concat([Buffer.from(']('), ...value.map(pickled), Buffer.from('e')]);
  const items = Object.entries(value).flatMap(([key, entry]) => [utf8(key), pickled(entry)]);
  return Buffer.concat([Buffer.from('}('), ...items, Buffer.from('u')]);
}

function pickledTensor({ shape, values }: GivenTensor, key: string): Buffer {
  const storage = tuple(utf8('storage'), global('torch', 'FloatStorage'), utf8(key), utf8('cpu'), whole(values.length));
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  return Buffer.concat([
    global('torch._utils', '_rebuild_tensor_v2'),
    tuple(
      Buffer.concat([storage, Buffer.from('Q')]),
      whole(0),
      tuple(...shape.map(whole)),
      tuple(...strides.map(whole)),
      pickled(false),
      Buffer.concat([global('collections', 'OrderedDict'), Buffer.from(')R')]),
    ),
    Buffer.from('R'),
  ]);
}

export function torchCheckpoint(given: GivenCheckpoint): Buffer {
  const names = [...given.weights.keys()];
  const tensor = (name: string) => pickledTensor(given.weights.get(name)!, String(names.indexOf(name)));
  const weights = [
    ...names.flatMap((name) => [utf8(name), tensor(name)]),
    ...[...(given.aliases ?? [])].flatMap(([alias, name]) => [utf8(alias), tensor(name)]),
  ];
  const stateDict = [global('collections', 'OrderedDict'), Buffer.from(')R('), ...weights, Buffer.from('u')];
  const entries: [string, Buffer][] = [
    ['network_weights', Buffer.concat(stateDict)],
    ['init_args', pickled(given.initArgs ?? {})],
    ['trainer_name', utf8(given.trainer ?? 'nnUNetTrainer')],
    ['inference_allowed_mirroring_axes', tuple(...(given.mirrorAxes ?? []).map(whole))],
    ...(given.extra === undefined ? [] : [['extra', given.extra] as [string, Buffer]]),
  ];
  const root = entries.flatMap(([key, value]) => [utf8(key), value]);
  const pickle = Buffer.concat([Buffer.from([0x80, 2]), Buffer.from('}('), ...root, Buffer.from('u.')]);
  return storedZip([
    ['checkpoint_final/data.pkl', pickle],
    ['checkpoint_final/byteorder', Buffer.from('little')],
    ...names.map((name, n): [string, Buffer] => {
      const { values } = given.weights.get(name)!;
      return [`checkpoint_final/data/${n}`, Buffer.from(values.buffer, values.byteOffset, values.byteLength)];
    }),
  ]);
}

/** A zip as PKWARE's APPNOTE describes it; PyTorch does not compress. */
export function storedZip(files: readonly (readonly [string, Buffer])[], compress = false): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, bytes] of files) {
    const body = compress ? deflateRawSync(bytes) : bytes;
    const header = Buffer.alloc(30);
    header.writeUInt32LE(0x04034b50, 0);
    header.writeUInt16LE(compress ? 8 : 0, 8);
    header.writeUInt32LE(crc32(bytes), 14);
    header.writeUInt32LE(body.length, 18);
    header.writeUInt32LE(bytes.length, 22);
    header.writeUInt16LE(name.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    header.copy(entry, 8, 6, 30);
    entry.writeUInt16LE(compress ? 8 : 0, 10);
    entry.writeUInt32LE(body.length, 20);
    entry.writeUInt32LE(bytes.length, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt16LE(0, 30);
    entry.writeUInt32LE(offset, 42);
    parts.push(header, Buffer.from(name), body);
    directory.push(entry, Buffer.from(name));
    offset += header.length + name.length + body.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(list.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, list, end]);
}
