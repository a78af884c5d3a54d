import { ContourNodeError } from '../../src/errors.ts';

/**
 * A reader of Python's pickle format that can build plain values and nothing else. A pickle is a program whose
 * instructions name classes and call them: here an instruction or a name beyond the list below ends the reading, and a
 * call of a name that is on the list makes an inert value (`PickleObject`), never runs anything.
 * Instructions: CPython's Lib/pickletools.py describes them.
 */
export type PickleValue =
  null | boolean | number | bigint | string | Buffer | PickleValue[] | PickleDict | PickleGlobal | PickleObject;

/** A dictionary: a Map, so that a key like `__proto__` is a key like any other. */
export type PickleDict = Map<PickleValue, PickleValue>;

/** A name of a class or function; nothing stands behind it. */
export class PickleGlobal {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** What a call (`global` with `args`) or a persistent reference (global undefined) would have made. */
export class PickleObject {
  readonly global: string | undefined;
  readonly args: readonly PickleValue[];
  constructor(global: string | undefined, args: readonly PickleValue[]) {
    this.global = global;
    this.args = args;
  }
}

const orderedDict = 'collections.OrderedDict';

/** The names that a checkpoint of nnU-Net holds: containers, tensors, devices, and the numbers of numpy. */
const allowed: ReadonlySet<string> = new Set([
  orderedDict,
  'torch._utils._rebuild_tensor_v2',
  'torch._utils._rebuild_parameter',
  'torch.device',
  'torch.Size',
  ...['Float', 'Double', 'Half', 'BFloat16', 'Long', 'Int', 'Short', 'Char', 'Byte', 'Bool'].map(
    (type) => `torch.${type}Storage`,
  ),
  'numpy.core.multiarray.scalar',
  'numpy._core.multiarray.scalar',
  'numpy.dtype',
  '_codecs.encode',
]);

/** Values on the stack and in the memo at the most; a checkpoint has some ten thousand. */
const mostValues = 10_000_000;

const mark = Symbol('mark');

/**
 * @param what names the file in the error
 * @throws ContourNodeError CHECKPOINT_UNREADABLE (an instruction or a class beyond those allowed, or not a pickle)
 */
export function readPickle(bytes: Buffer, what: string): PickleValue {
  return new PickleMachine(bytes, what).run();
}

class PickleMachine {
  readonly #bytes: Buffer;
  readonly #what: string;
  readonly #stack: (PickleValue | typeof mark)[] = [];
  readonly #memo = new Map<number, PickleValue>();
  #at = 0;

  constructor(bytes: Buffer, what: string) {
    this.#bytes = bytes;
    this.#what = what;
  }

  run(): PickleValue {
    try {
      for (;;) {
        const opcode = this.#take(1).readUInt8();
        if (opcode === 0x2e) return this.#pop(); // STOP
        this.#step(opcode);
        if (this.#stack.length > mostValues) throw this.#broken();
      }
    } catch (error) {
      if (error instanceof ContourNodeError) throw error;
      throw this.#broken();
    }
  }

  #step(opcode: number): void {
    switch (opcode) {
      case 0x80: // PROTO
        this.#take(1);
        return;
      case 0x95: // FRAME
        this.#take(8);
        return;
      case 0x28: // MARK
        this.#stack.push(mark);
        return;
      case 0x4e: // NONE
        return this.#push(null);
      case 0x88: // NEWTRUE
        return this.#push(true);
      case 0x89: // NEWFALSE
        return this.#push(false);
      case 0x4b: // BININT1
        return this.#push(this.#take(1).readUInt8());
      case 0x4d: // BININT2
        return this.#push(this.#take(2).readUInt16LE());
      case 0x4a: // BININT
        return this.#push(this.#take(4).readInt32LE());
      case 0x8a: // LONG1
        return this.#push(signed(this.#take(this.#take(1).readUInt8())));
      case 0x47: // BINFLOAT
        return this.#push(this.#take(8).readDoubleBE());
      case 0x58: // BINUNICODE
        return this.#push(this.#take(this.#take(4).readUInt32LE()).toString('utf8'));
      case 0x8c: // SHORT_BINUNICODE
        return this.#push(this.#take(this.#take(1).readUInt8()).toString('utf8'));
      case 0x42: // BINBYTES
        return this.#push(Buffer.from(this.#take(this.#take(4).readUInt32LE())));
      case 0x43: // SHORT_BINBYTES
        return this.#push(Buffer.from(this.#take(this.#take(1).readUInt8())));
      case 0x29: // EMPTY_TUPLE
      case 0x5d: // EMPTY_LIST
        return this.#push([]);
      case 0x7d: // EMPTY_DICT
        return this.#push(new Map());
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        return this.#push(this.#popMany(opcode - 0x84));
      case 0x74: // TUPLE
        return this.#push(this.#popToMark());
      case 0x61: // APPEND
        return this.#append([this.#pop()]);
      case 0x65: // APPENDS
        return this.#append(this.#popToMark());
      case 0x73: // SETITEM
        return this.#setItems(this.#popMany(2));
      case 0x75: // SETITEMS
        return this.#setItems(this.#popToMark());
      case 0x71: // BINPUT
        return this.#keep(this.#take(1).readUInt8());
      case 0x72: // LONG_BINPUT
        return this.#keep(this.#take(4).readUInt32LE());
      case 0x94: // MEMOIZE
        return this.#keep(this.#memo.size);
      case 0x68: // BINGET
        return this.#recall(this.#take(1).readUInt8());
      case 0x6a: // LONG_BINGET
        return this.#recall(this.#take(4).readUInt32LE());
      case 0x63: // GLOBAL
        return this.#push(this.#global(this.#line(), this.#line()));
      case 0x93: {
        // STACK_GLOBAL
        const [module, name] = this.#popMany(2);
        if (typeof module !== 'string' || typeof name !== 'string') throw this.#broken();
        return this.#push(this.#global(module, name));
      }
      case 0x51: // BINPERSID
        return this.#push(new PickleObject(undefined, tuple(this.#pop()) ?? []));
      case 0x52: // REDUCE
        return this.#call();
      case 0x62: // BUILD
        return this.#build();
      default:
        throw this.#refused(`holds the pickle instruction 0x${opcode.toString(16)}`);
    }
  }

  #call(): void {
    const [global, given] = this.#popMany(2);
    const args = given === undefined ? undefined : tuple(given);
    if (!(global instanceof PickleGlobal) || args === undefined) throw this.#broken();
    if (global.name !== orderedDict) return this.#push(new PickleObject(global.name, args));
    if (args.length > 0) throw this.#broken();
    return this.#push(new Map());
  }

  /** State that Python would put onto an object: of the metadata of a state_dict and of numpy's dtype nothing is needed. */
  #build(): void {
    const [object] = this.#popMany(2);
    const harmless = object instanceof Map || (object instanceof PickleObject && object.global === 'numpy.dtype');
    if (object === undefined || !harmless) throw this.#broken();
    this.#push(object);
  }

  #global(module: string, name: string): PickleGlobal {
    const full = `${module}.${name}`;
    if (!allowed.has(full)) throw this.#refused(`names ${JSON.stringify(full.slice(0, 80))}`);
    return new PickleGlobal(full);
  }

  #append(values: readonly PickleValue[]): void {
    const list = this.#top();
    if (!Array.isArray(list)) throw this.#broken();
    for (const value of values) list.push(value);
  }

  #setItems(values: readonly PickleValue[]): void {
    const dict = this.#top();
    if (!(dict instanceof Map) || values.length % 2 !== 0) throw this.#broken();
    for (let n = 0; n < values.length; n += 2) dict.set(values[n]!, values[n + 1]!);
  }

  #keep(place: number): void {
    if (this.#memo.size > mostValues) throw this.#broken();
    this.#memo.set(place, this.#top());
  }

  #recall(place: number): void {
    const value = this.#memo.get(place);
    if (value === undefined) throw this.#broken();
    this.#push(value);
  }

  #take(length: number): Buffer {
    if (this.#at + length > this.#bytes.length) throw this.#broken();
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0) throw this.#broken();
    const line = this.#bytes.toString('utf8', this.#at, end);
    this.#at = end + 1;
    return line;
  }

  #push(value: PickleValue): void {
    this.#stack.push(value);
  }

  #top(): PickleValue {
    const value = this.#stack.at(-1);
    if (value === undefined || value === mark) throw this.#broken();
    return value;
  }

  #pop(): PickleValue {
    const value = this.#top();
    this.#stack.pop();
    return value;
  }

  #popMany(count: number): PickleValue[] {
    return Array.from({ length: count }, () => this.#pop()).toReversed();
  }

  #popToMark(): PickleValue[] {
    const at = this.#stack.lastIndexOf(mark);
    if (at < 0) throw this.#broken();
    const values = this.#stack.splice(at + 1) as PickleValue[];
    this.#stack.pop();
    return values;
  }

  #refused(why: string): ContourNodeError {
    return new ContourNodeError(
      'CHECKPOINT_UNREADABLE',
      `${this.#what} ${why}, which no checkpoint of nnU-Net needs: it is not read`,
      {
        remedy:
          'a checkpoint must hold numbers only; have it written again by nnU-Net, and ask where this one came from',
      },
    );
  }

  #broken(): ContourNodeError {
    return new ContourNodeError('CHECKPOINT_UNREADABLE', `${this.#what}: its data.pkl is damaged`);
  }
}

function tuple(value: PickleValue): PickleValue[] | undefined {
  return Array.isArray(value) ? value : undefined;
}

/** Two's complement, least byte first. */
function signed(bytes: Buffer): number | bigint {
  let value = 0n;
  for (const [n, byte] of bytes.entries()) value |= BigInt(byte) << BigInt(8 * n);
  value = BigInt.asIntN(8 * bytes.length, value);
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
}
