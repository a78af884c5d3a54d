/** Where a stored value stands in its word (PS3.5 section 8.1.1). */
export interface StoredBits {
  readonly bitsStored: number;
  readonly highBit: number;
  /** 1: signed. */
  readonly pixelRepresentation: number;
}

/**
 * The stored value in a word: overlay bits and other remains beside the stored bits (PS3.5 section 8.1.1) go, a signed
 * value takes its sign along.
 */
export function storedValue(word: number, { bitsStored, highBit, pixelRepresentation }: StoredBits): number {
  const atTop = word << (31 - highBit);
  return pixelRepresentation === 1 ? atTop >> (32 - bitsStored) : atTop >>> (32 - bitsStored);
}

/** The same for all words, as 16 bits each. */
export function storedValues(
  words: Uint16Array,
  { bitsStored, highBit, pixelRepresentation }: StoredBits,
  values: Uint16Array,
): void {
  const [left, right] = [31 - highBit, 32 - bitsStored];
  if (pixelRepresentation === 1) for (let i = 0; i < words.length; i++) values[i] = (words[i]! << left) >> right;
  else for (let i = 0; i < words.length; i++) values[i] = (words[i]! << left) >>> right;
}

/**
 * Whether the words are their stored values already: nothing but the sign or zeros beside the stored bits, as in most
 * images. Looks at eight words at a time: this is on the way of every image that comes in.
 */
export function areStoredValues(words: Uint16Array, { bitsStored, highBit, pixelRepresentation }: StoredBits): boolean {
  if (bitsStored === 16) return true;
  if (highBit !== bitsStored - 1) return false;
  const odd = words.byteOffset % 4 === 0 ? 0 : 1;
  const pairs = new Int32Array(words.buffer, words.byteOffset + 2 * odd, (words.length - odd) >> 1);
  const ends = Int32Array.of(words[0] ?? 0, words[words.length - 1] ?? 0);
  if (pixelRepresentation === 0) return (halves(usedBits(pairs) | usedBits(ends)) & 0xffff & (-1 << bitsStored)) === 0;
  // From the sign up no bit differs from the next; bit 15 has none.
  return (halves(stepBits(pairs) | stepBits(ends)) & 0x7fff & (-1 << highBit)) === 0;
}

function halves(pair: number): number {
  return pair | (pair >>> 16);
}

/** Bits that are set in any of the words. */
function usedBits(words: Int32Array): number {
  let used = 0;
  let i = 0;
  for (; i + 3 < words.length; i += 4) used |= words[i]! | words[i + 1]! | words[i + 2]! | words[i + 3]!;
  for (; i < words.length; i++) used |= words[i]!;
  return used;
}

/** Bits that differ from the next higher one in any of the words. */
function stepBits(words: Int32Array): number {
  const steps = (word: number): number => word ^ (word >>> 1);
  let found = 0;
  let i = 0;
  for (; i + 3 < words.length; i += 4) {
    found |= steps(words[i]!) | steps(words[i + 1]!) | steps(words[i + 2]!) | steps(words[i + 3]!);
  }
  for (; i < words.length; i++) found |= steps(words[i]!);
  return found;
}
