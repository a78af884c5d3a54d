import { constants, inflateRawSync } from 'node:zlib';
import { type ElementEncoding, elementHeader, endOfBrokenSequence } from './element-header.ts';
import { readOpening } from './read-data-set.ts';

/** What says which series an instance belongs to; absent where it cannot be read. */
export interface ReadableUids {
  /** As it stands there, without padding: too long a UID is a name, too. */
  readonly seriesInstanceUid?: string;
  readonly sopInstanceUid?: string;
}

const sopInstanceUidTag = '00080018';
const seriesInstanceUidTag = '0020000e';
/** Bytes of a data set that are enough: its UIDs stand at its beginning. */
export const headBytes = 64 * 1024;
const longestText = 256;

/**
 * The UIDs of a file that may be cut off or damaged, or be no DICOM at all: read as far as its elements follow one
 * another, then looked for by their tags.
 */
export function readableUids(file: Uint8Array): ReadableUids {
  try {
    const { transferSyntax, end } = readOpening(file);
    const head = file.subarray(end, end + headBytes);
    const bytes = transferSyntax.deflated ? inflatedHead(head) : head;
    const { values, whole } = walk(bytes, transferSyntax);
    const valueOf = (tag: string): string | undefined =>
      values.get(tag) ?? (whole ? undefined : found(bytes, tag, transferSyntax));
    const series = valueOf(seriesInstanceUidTag);
    const instance = valueOf(sopInstanceUidTag);
    return {
      ...(series !== undefined && { seriesInstanceUid: series }),
      ...(instance !== undefined && { sopInstanceUid: instance }),
    };
  } catch {
    return {};
  }
}

function inflatedHead(bytes: Uint8Array): Uint8Array {
  return inflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 64 * headBytes });
}

/** @returns both values, and whether every element up to them could be read */
function walk(bytes: Uint8Array, syntax: ElementEncoding): { values: Map<string, string>; whole: boolean } {
  const values = new Map<string, string>();
  let last = '';
  for (let at = 0; ;) {
    const header = elementHeader(bytes, at, syntax);
    if (header === undefined || header.tag <= last) return { values, whole: false };
    if (header.tag > seriesInstanceUidTag) return { values, whole: true };
    const { tag, dataOffset, length } = header;
    const end = dataOffset + length;
    if ((tag === seriesInstanceUidTag || tag === sopInstanceUidTag) && end <= bytes.length) {
      const text = textOf(bytes.subarray(dataOffset, end));
      if (text !== undefined) values.set(tag, text);
    }
    const next = end <= bytes.length ? end : endOfBrokenSequence(bytes, dataOffset, tag, syntax);
    if (next === undefined) return { values, whole: false };
    last = tag;
    at = next;
  }
}

/** The value of the element wherever it stands; undefined where it stands in several places with different values. */
function found(bytes: Uint8Array, tag: string, syntax: ElementEncoding): string | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const key = Buffer.from(tag, 'hex');
  const pattern = syntax.bigEndian ? key : Buffer.concat([key.subarray(0, 2).swap16(), key.subarray(2, 4).swap16()]);
  const values = new Set<string>();
  for (let at = buffer.indexOf(pattern); at >= 0; at = buffer.indexOf(pattern, at + 1)) {
    const header = elementHeader(bytes, at, syntax);
    const end = (header?.dataOffset ?? 0) + (header?.length ?? 0);
    if (header === undefined || (!syntax.implicitVr && header.vr !== 'UI') || end > bytes.length) continue;
    const text = textOf(bytes.subarray(header.dataOffset, end));
    if (text !== undefined && /^[\d.]+$/.test(text)) values.add(text);
  }
  return values.size === 1 ? [...values][0] : undefined;
}

function textOf(value: Uint8Array): string | undefined {
  const text = Buffer.from(value)
    .toString('latin1')
    .replace(/[ \0]+$/, '')
    .trim();
  return text === '' || text.length > longestText ? undefined : text;
}
