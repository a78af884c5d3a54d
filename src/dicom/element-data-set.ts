import type { Element } from 'dicom-parser';
import { splitText } from './character-set.ts';
import type { DataSet } from './data-set.ts';
import { vrOf } from './dictionary.ts';

/** Bytes of one number of a binary VR: what has to be turned round in a big endian file. */
const wordBytes: Record<string, number> = {
  US: 2,
  SS: 2,
  OW: 2,
  AT: 2,
  xs: 2,
  ox: 2,
  UL: 4,
  SL: 4,
  FL: 4,
  OF: 4,
  OL: 4,
  FD: 8,
  OD: 8,
  SV: 8,
  UV: 8,
  OV: 8,
};
const readers: Record<string, (view: DataView, offset: number) => number> = {
  US: (view, offset) => view.getUint16(offset, true),
  SS: (view, offset) => view.getInt16(offset, true),
  UL: (view, offset) => view.getUint32(offset, true),
  SL: (view, offset) => view.getInt32(offset, true),
  FL: (view, offset) => view.getFloat32(offset, true),
  FD: (view, offset) => view.getFloat64(offset, true),
  SV: (view, offset) => Number(view.getBigInt64(offset, true)),
  UV: (view, offset) => Number(view.getBigUint64(offset, true)),
};
/** PS3.5 table 6.2-1, DS and IS: nothing but a number, so that `1O.5` or `12mm` do not pass as one. */
const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** `-0`, which some exports write, is 0. */
function decimalNumber(value: string): number {
  return decimal.test(value) ? Number(value) + 0 : Number.NaN;
}

/** The values of elements that dicom-parser has found in `bytes`. */
export class ElementDataSet implements DataSet {
  readonly #elements: ReadonlyMap<string, Element>;
  readonly #bytes: Uint8Array;
  readonly #bigEndian: boolean;
  readonly #outerCharacterSet: string[];
  /** Those asked for: each frame of a multi-frame image looks into the functional groups of all. */
  readonly #items = new Map<string, DataSet[]>();

  constructor(
    elements: ReadonlyMap<string, Element>,
    bytes: Uint8Array,
    bigEndian: boolean,
    outerCharacterSet: string[] = [],
  ) {
    this.#elements = elements;
    this.#bytes = bytes;
    this.#bigEndian = bigEndian;
    this.#outerCharacterSet = outerCharacterSet;
  }

  get tags(): string[] {
    return [...this.#elements.keys()];
  }

  has(tag: string): boolean {
    return this.#elements.has(tag);
  }

  vr(tag: string): string | undefined {
    const element = this.#elements.get(tag);
    if (element === undefined) return undefined;
    if (element.items !== undefined) return 'SQ';
    return element.vr === undefined || element.vr === 'UN' ? (vrOf(tag) ?? 'UN') : element.vr;
  }

  raw(tag: string): Uint8Array | undefined {
    const stored = this.#stored(tag);
    const word = wordBytes[this.vr(tag) ?? ''];
    if (stored === undefined || !this.#bigEndian || word === undefined) return stored;
    return reversedWords(stored, word);
  }

  string(tag: string): string | undefined {
    const stored = this.#stored(tag);
    if (stored === undefined) return undefined;
    return latin1(stored).replace(/[ \0]+$/, '') || undefined;
  }

  strings(tag: string): string[] {
    return (this.string(tag)?.split('\\') ?? []).map((value) => value.replace(/^[ \0]+|[ \0]+$/g, ''));
  }

  texts(tag: string): string[] {
    const stored = this.#stored(tag);
    return stored === undefined || stored.length === 0 ? [] : splitText(stored, this.#characterSet());
  }

  numbers(tag: string): number[] {
    const vr = this.vr(tag);
    const reader = readers[vr === 'xs' ? 'US' : (vr ?? '')];
    if (reader === undefined) return this.strings(tag).map(decimalNumber);
    const bytes = this.raw(tag) ?? new Uint8Array();
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const word = wordBytes[vr!]!;
    return Array.from({ length: Math.floor(bytes.length / word) }, (_, i) => reader(view, i * word));
  }

  items(tag: string): DataSet[] {
    const known = this.#items.get(tag) ?? this.#itemsOf(tag);
    this.#items.set(tag, known);
    return known;
  }

  #itemsOf(tag: string): DataSet[] {
    const items = this.#elements.get(tag)?.items ?? [];
    const characterSet = this.#characterSet();
    return items.map((item) => {
      const elements = Object.values(item.dataSet?.elements ?? {}).filter(({ tag }) => !tag.startsWith('xfffe'));
      const byTag = new Map(elements.map((element) => [element.tag.slice(1), element]));
      return new ElementDataSet(byTag, this.#bytes, this.#bigEndian, characterSet);
    });
  }

  #characterSet(): string[] {
    return this.has('00080005') ? this.strings('00080005') : this.#outerCharacterSet;
  }

  #stored(tag: string): Uint8Array | undefined {
    const element = this.#elements.get(tag);
    return element && this.#bytes.subarray(element.dataOffset, element.dataOffset + element.length);
  }
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

function reversedWords(bytes: Uint8Array, word: number): Uint8Array {
  const swapped = Buffer.from(bytes.subarray(0, bytes.length - (bytes.length % word)));
  if (word === 2) return swapped.swap16();
  return word === 4 ? swapped.swap32() : swapped.swap64();
}
