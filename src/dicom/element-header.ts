import { vrOf } from './dictionary.ts';
import type { TransferSyntax } from './transfer-syntax.ts';

/** What of a transfer syntax says how elements are written. */
export type ElementEncoding = Pick<TransferSyntax, 'implicitVr' | 'bigEndian'>;

/** VRs of PS3.5 table 6.2-1, by the form of their length in explicit VR (tables 7.1-1 and 7.1-2). */
const longVrs = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV']);
const shortVrs = new Set('AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US'.split(' '));

export interface ElementHeader {
  /** Eight lower-case hexadecimal digits. */
  readonly tag: string;
  /** As it stands in the file; in implicit VR that of the dictionary, else UN. */
  readonly vr: string;
  readonly dataOffset: number;
  readonly length: number;
}

/** A header of which the length may be undefined. */
export type OpenElementHeader = Omit<ElementHeader, 'length'> & { readonly length: number | undefined };

const undefinedLength = 0xffffffff;
const pixelDataTag = '7fe00010';

/** Whether these two characters are a VR of PS3.5. */
export function isVr(vr: string): boolean {
  return longVrs.has(vr) || shortVrs.has(vr);
}

/** Tag, VR and length at `at`; undefined where the bytes end or, in explicit VR, no VR stands there. */
export function elementHeader(bytes: Uint8Array, at: number, syntax: ElementEncoding): ElementHeader | undefined {
  const [header] = elementHeaders(bytes, at, syntax);
  if (header === undefined || (!syntax.implicitVr && !isVr(header.vr))) return undefined;
  return { ...header, length: header.length ?? undefinedLength };
}

/**
 * What the header at `at` can mean. In implicit VR and with a known VR that is one thing. With an unknown one, newer than
 * this program or wrong, the length may have four bytes behind two reserved ones (PS3.5 section 7.1.2 asks for that),
 * two, or four where a program left the VR out.
 */
export function elementHeaders(bytes: Uint8Array, at: number, syntax: ElementEncoding): OpenElementHeader[] {
  if (at + 8 > bytes.length) return [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = !syntax.bigEndian;
  const hex = (offset: number): string => view.getUint16(offset, little).toString(16).padStart(4, '0');
  const tag = hex(at) + hex(at + 2);
  const long = (offset: number): number | undefined => {
    const length = view.getUint32(offset, little);
    return length === undefinedLength ? undefined : length;
  };
  const withoutVr = (): OpenElementHeader => ({
    tag,
    vr: vrOf(tag) ?? 'UN',
    dataOffset: at + 8,
    length: long(at + 4),
  });
  if (syntax.implicitVr) return [withoutVr()];
  const vr = String.fromCharCode(bytes[at + 4]!, bytes[at + 5]!);
  const short = { tag, vr, dataOffset: at + 8, length: view.getUint16(at + 6, little) };
  if (shortVrs.has(vr)) return [short];
  const whole = at + 12 > bytes.length ? [] : [{ tag, vr, dataOffset: at + 12, length: long(at + 8) }];
  if (longVrs.has(vr)) return whole;
  return [...(view.getUint16(at + 6) === 0 ? whole : []), short, withoutVr()];
}

/** So many elements in a row do not come about by chance. */
const convincing = 8;

/**
 * Whether elements of one data set follow at `at`, in the order of their tags, up to the pixels, the end, or so many
 * that there is no doubt. The end of the bytes alone convinces nobody: a data set that is cut off has one too.
 * @param after tag of the element that ends at `at`
 */
export function followsOn(bytes: Uint8Array, at: number, after: string, syntax: ElementEncoding): boolean {
  let last = after;
  for (let count = 0; count < convincing; count++) {
    if (at === bytes.length) return count > 0;
    const header = elementHeader(bytes, at, syntax);
    // The tags of items and delimiters are above all others: within a sequence this is not.
    if (header === undefined || header.tag < last || header.tag.startsWith('fffe')) return false;
    if (header.tag === pixelDataTag) return true;
    const isOpen = header.length === undefinedLength;
    if (!isOpen && header.dataOffset + header.length > bytes.length) return false;
    if (isOpen) return count > 0;
    last = header.tag;
    at = header.dataOffset + header.length;
  }
  return true;
}

/**
 * Where a sequence ends whose own length or content is wrong: behind its items, behind the first delimiter (PS3.5
 * section 7.5.2), or before a known element, where elements of the outer level follow.
 */
export function endOfBrokenSequence(
  bytes: Uint8Array,
  from: number,
  tag: string,
  syntax: ElementEncoding,
): number | undefined {
  const behindItems = endOfItems(bytes, from, syntax);
  if (behindItems > from && followsOn(bytes, behindItems, tag, syntax)) return behindItems;
  const delimiter = Buffer.from(syntax.bigEndian ? 'fffee0dd00000000' : 'feffdde000000000', 'hex');
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = buffer.indexOf(delimiter, from); at >= 0; at = buffer.indexOf(delimiter, at + 1)) {
    if (followsOn(bytes, at + delimiter.length, tag, syntax)) return at + delimiter.length;
  }
  return nextKnownElement(bytes, from, tag, syntax);
}

/** How far (bytes) a sequence without end is searched for the element behind it. */
const longestSearch = 64 * 1024;

/** Where, behind a sequence that has no end of its own, an element of PS3.6 with its VR begins that others follow. */
function nextKnownElement(bytes: Uint8Array, from: number, tag: string, syntax: ElementEncoding): number | undefined {
  const last = Math.min(bytes.length, from + longestSearch);
  for (let at = from; at < last; at += 2) {
    const header = elementHeader(bytes, at, syntax);
    if (header === undefined || header.tag <= tag) continue;
    const known = vrOf(header.tag);
    const isKnown = known !== undefined && (header.vr === known || known === 'xs' || known === 'ox');
    if (isKnown && followsOn(bytes, at, tag, syntax)) return at;
  }
  return undefined;
}

/** Behind the last of the items of defined length that follow one another from `at`. */
function endOfItems(bytes: Uint8Array, at: number, { bigEndian }: ElementEncoding): number {
  const items = { implicitVr: true, bigEndian };
  for (;;) {
    const item = elementHeader(bytes, at, items);
    if (item?.tag !== 'fffee000' || item.length === undefinedLength) return at;
    at = item.dataOffset + item.length;
  }
}
