import { ContourNodeError } from '../../errors.ts';
import type { RawElement } from '../patient-study.ts';

/** Implicit or Explicit VR Little Endian. */
export type Encoding = 'implicit' | 'explicit';

/** An element of a data set to be written. Value bytes have even length. */
export type DataElement =
  RawElement | { readonly tag: string; readonly vr: 'SQ'; readonly items: readonly (readonly DataElement[])[] };

/** Longest value (one of several between backslashes) in characters: PS3.5 table 6.2-1. */
const longest: Record<string, number> = {
  AE: 16,
  CS: 16,
  DA: 8,
  DS: 16,
  DT: 26,
  IS: 12,
  LO: 64,
  PN: 64,
  SH: 16,
  ST: 1024,
  TM: 14,
  UI: 64,
};

/** VRs whose length takes 32 bits in explicit VR (PS3.5 table 7.1-1). */
const longVrs: ReadonlySet<string> = new Set(['OB', 'OW', 'SQ']);

/** Most value bytes of an element whose length is written in 16 bits (PS3.5 section 7.1.2). */
export const longestShortValue = 65534;

/**
 * A text element; '' alone writes an empty value.
 * @throws RTSTRUCT_INVALID a value is longer than its VR allows, or holds a backslash or anything but printable ASCII
 */
export function text(tag: string, vr: string, ...values: string[]): RawElement {
  for (const value of values) {
    if (value.length > longest[vr]! || !/^[ -[\]-~]*$/.test(value)) {
      throw new ContourNodeError(
        'RTSTRUCT_INVALID',
        `a value of (${tag.slice(0, 4)},${tag.slice(4)}) breaks its VR ${vr}`,
      );
    }
  }
  return joined(tag, vr, values.join('\\'));
}

/** An element of values joined by backslashes already, each known to be right. */
export function joined(tag: string, vr: string, value: string): RawElement {
  const padded = value.length % 2 === 0 ? value : value + (vr === 'UI' ? '\0' : ' ');
  return { tag, vr, bytes: Buffer.from(padded, 'latin1') };
}

/** An element of unsigned numbers, of 16 (US) or 32 bits (UL). */
export function unsigned(tag: string, vr: 'US' | 'UL', ...values: number[]): RawElement {
  const bytes = Buffer.alloc(values.length * (vr === 'US' ? 2 : 4));
  values.forEach((value, n) => (vr === 'US' ? bytes.writeUInt16LE(value, n * 2) : bytes.writeUInt32LE(value, n * 4)));
  return { tag, vr, bytes };
}

export function sequence(tag: string, items: readonly (readonly DataElement[])[]): DataElement {
  return { tag, vr: 'SQ', items };
}

/**
 * A data set's bytes: elements in ascending order of tags, sequences and items with explicit length (PS3.5 section 7.5).
 * @throws RTSTRUCT_INVALID in explicit VR, a value longer than 65,534 bytes
 */
export function encode(elements: readonly DataElement[], encoding: Encoding): Buffer {
  const parts: Uint8Array[] = [];
  for (const element of [...elements].sort((a, b) => (a.tag < b.tag ? -1 : 1))) {
    const value = 'items' in element ? encodeItems(element.items, encoding) : element.bytes;
    parts.push(header(element, value.length, encoding), value);
  }
  return Buffer.concat(parts);
}

function encodeItems(items: readonly (readonly DataElement[])[], encoding: Encoding): Buffer {
  return Buffer.concat(
    items.flatMap((item) => {
      const bytes = encode(item, encoding);
      return [header({ tag: 'fffee000', vr: '' }, bytes.length, 'implicit'), bytes];
    }),
  );
}

function header({ tag, vr }: { tag: string; vr: string }, length: number, encoding: Encoding): Buffer {
  const isLong = longVrs.has(vr);
  const bytes = Buffer.alloc(encoding === 'explicit' && isLong ? 12 : 8);
  bytes.writeUInt16LE(Number.parseInt(tag.slice(0, 4), 16), 0);
  bytes.writeUInt16LE(Number.parseInt(tag.slice(4), 16), 2);
  if (encoding === 'implicit') {
    bytes.writeUInt32LE(length, 4);
    return bytes;
  }
  bytes.write(vr, 4, 'latin1');
  if (isLong) bytes.writeUInt32LE(length, 8);
  else if (length <= longestShortValue) bytes.writeUInt16LE(length, 6);
  else
    throw new ContourNodeError('RTSTRUCT_INVALID', 'a contour is longer than explicit VR allows', {
      remedy: 'offer the destination implicit VR',
    });
  return bytes;
}
