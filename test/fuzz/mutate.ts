import { type Random, seededRandom } from '../../worker/phantom/random.ts';

/** Numbers that lengths, counts and offsets break at. */
const edges: readonly [number, ...number[]] = [
  0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0xffffffff,
];

type Mutation = (random: Random, bytes: Buffer, other: Buffer) => Buffer;

/** Keep every byte in its place: most of what they make is still read to the end. */
const inPlace: readonly [Mutation, ...Mutation[]] = [
  (random, bytes) => changed(bytes, random.whole(0, bytes.length - 1), (old) => old ^ (1 << random.whole(0, 7))),
  (random, bytes) => changed(bytes, random.whole(0, bytes.length - 1), () => random.whole(0, 255)),
  (random, bytes) => withNumber(random, bytes, random.pick(edges)),
  (random, bytes) => withNumber(random, bytes, random.whole(0, 2 * bytes.length)),
];

const moving: readonly [Mutation, ...Mutation[]] = [
  (random, bytes) => bytes.subarray(0, random.whole(0, bytes.length)),
  (random, bytes) => {
    const [from, to] = range(random, bytes);
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
  },
  (random, bytes) => {
    const [from, to] = range(random, bytes);
    const times = random.pick([1, 1, 2, 8]);
    return inserted(bytes, to, Buffer.concat(Array.from({ length: times }, () => bytes.subarray(from, to))));
  },
  (random, bytes) => {
    const noise = Buffer.from(Array.from({ length: random.whole(1, 16) }, () => random.whole(0, 255)));
    return inserted(bytes, random.whole(0, bytes.length), noise);
  },
  (random, bytes, other) => {
    const [from, to] = range(random, other);
    return inserted(bytes, random.whole(0, bytes.length), other.subarray(from, to));
  },
  (random, bytes, other) => {
    const at = random.whole(0, bytes.length);
    return Buffer.concat([bytes.subarray(0, at), other.subarray(random.whole(0, other.length))]);
  },
];

/**
 * Input number `index` of a seed: one of the valid samples, changed in a few places. The same seed and index give
 * the same bytes, whatever was made before.
 */
export function mutated(samples: readonly [Buffer, ...Buffer[]], seed: number, index: number): Buffer {
  const random = seededRandom(seed, index);
  let bytes = Buffer.from(random.pick(samples));
  const gentle = random.chance(0.6);
  for (let i = random.whole(1, gentle ? 3 : 6); i > 0 && bytes.length > 0; i--) {
    const mutation = random.pick(gentle || random.chance(0.4) ? inPlace : moving);
    bytes = Buffer.from(mutation(random, bytes, random.pick(samples)));
  }
  return bytes;
}

function changed(bytes: Buffer, at: number, change: (old: number) => number): Buffer {
  bytes.writeUInt8(change(bytes.readUInt8(at)) & 0xff, at);
  return bytes;
}

/** A number of 1, 2 or 4 bytes, in either order of bytes, over what stands somewhere. */
function withNumber(random: Random, bytes: Buffer, value: number): Buffer {
  const width = Math.min(random.pick([1, 2, 4]), bytes.length);
  const at = random.whole(0, bytes.length - width);
  const little = random.chance(0.5);
  for (let i = 0; i < width; i++) bytes[at + i] = Math.floor(value / 256 ** (little ? i : width - 1 - i)) % 256;
  return bytes;
}

function range(random: Random, bytes: Buffer): [number, number] {
  const from = random.whole(0, Math.max(0, bytes.length - 1));
  return [from, Math.min(bytes.length, from + random.pick([1, 2, 4, 8, 16, 64, 256]))];
}

function inserted(bytes: Buffer, at: number, what: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), what, bytes.subarray(at)]);
}
