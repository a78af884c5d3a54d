import dicomParser from 'dicom-parser';
import type { ByteStream, Element } from 'dicom-parser';
import { ContourNodeError } from '../errors.ts';
import { vrOf } from './dictionary.ts';
import { elementHeader, elementHeaders, endOfBrokenSequence, followsOn, isVr } from './element-header.ts';
import type { TransferSyntax } from './transfer-syntax.ts';

/** Why the value of an element cannot be trusted: words that follow `element (gggg,eeee)`. */
export type Doubt = 'occurs twice with different values' | 'is damaged';

export interface ReadElements {
  /** By tag; of an element that occurs twice, the first. */
  readonly elements: Map<string, Element>;
  readonly doubtful: Map<string, Doubt>;
  readonly end: number;
}

/**
 * The elements of one level, by tag. dicom-parser reads each; it takes values that end beyond the bytes without a
 * word, so that the ends are checked here. An element with an unknown VR or a broken sequence is stepped over where the
 * elements behind it show where it ends. Nothing behind the pixels is of use, and some writers leave padding there.
 * @param what how far to go: `last` is the last element read, of `header` only tag and length are
 * @throws DICOM_UNREADABLE, and whatever dicom-parser throws
 */
export function readElements(
  bytes: Uint8Array,
  start: number,
  syntax: TransferSyntax,
  what: (tag: string) => 'read' | 'last' | 'header' | 'stop',
): ReadElements {
  const elements = new Map<string, Element>();
  const doubtful = new Map<string, Doubt>();
  // A ByteStream cannot stand at the end.
  if (start >= bytes.length) return { elements, doubtful, end: start };
  const parser = syntax.bigEndian ? dicomParser.bigEndianByteArrayParser : dicomParser.littleEndianByteArrayParser;
  const stream = new dicomParser.ByteStream(parser, bytes, start);
  while (stream.position < bytes.length) {
    const parserTag = peekTag(stream);
    const tag = parserTag.slice(1);
    const action = what(tag);
    if (action === 'stop') break;
    if (delimiters.has(tag)) {
      stream.seek(8);
      continue;
    }
    const untilTag = action === 'header' ? parserTag : undefined;
    const { element, damaged } = readOrStepOver(stream, syntax, untilTag);
    const known = elements.get(tag);
    if (known === undefined) elements.set(tag, element);
    else if (!isSameValue(bytes, known, element)) doubtful.set(tag, 'occurs twice with different values');
    if (damaged) doubtful.set(tag, 'is damaged');
    if (untilTag !== undefined || action === 'last') break;
  }
  return { elements, doubtful, end: stream.position };
}

/** Of items and sequences (PS3.5 section 7.5): some writers leave one behind where none was open. */
const delimiters = new Set(['fffee00d', 'fffee0dd']);

function unreadable(what: string): ContourNodeError {
  return new ContourNodeError('DICOM_UNREADABLE', what);
}

function peekTag(stream: ByteStream): string {
  const tag = dicomParser.readTag(stream);
  stream.seek(-4);
  return tag;
}

function readOrStepOver(
  stream: ByteStream,
  syntax: TransferSyntax,
  untilTag: string | undefined,
): { element: Element; damaged: boolean } {
  const start = stream.position;
  let cause: unknown;
  try {
    const element = readWhole(stream, syntax, untilTag);
    if (element !== undefined) return { element, damaged: false };
  } catch (error) {
    cause = error;
  }
  const element = stepOver(stream.byteArray, start, syntax);
  if (element === undefined) throw cause ?? unreadable('the data set ends within an element');
  // An unknown VR hides nothing of the value; a sequence that is not one does.
  const damaged = element.vr === 'SQ' || vrOf(element.tag.slice(1)) === 'SQ';
  stream.seek(element.dataOffset + element.length - stream.position);
  return { element: { ...element, vr: 'UN' }, damaged };
}

/** The next element where it is whole; undefined, or an error, where it is not. */
function readWhole(stream: ByteStream, syntax: TransferSyntax, untilTag: string | undefined): Element | undefined {
  stream.warnings.length = 0;
  const element = readElement(stream, syntax, untilTag);
  if (untilTag !== undefined) return element;
  const { hadUndefinedLength = false, items } = element;
  const lacksDelimiter = hadUndefinedLength && stream.warnings.length > 0;
  if (stream.position > stream.byteArray.length || lacksDelimiter) return undefined;
  if (items !== undefined && !hadUndefinedLength && stream.position !== element.dataOffset + element.length) {
    throw unreadable('a sequence does not end where it says');
  }
  return element;
}

function readElement(stream: ByteStream, syntax: TransferSyntax, untilTag: string | undefined): Element {
  if (syntax.implicitVr) return dicomParser.readDicomElementImplicit(stream, untilTag, parserVr);
  const { byteArray, position } = stream;
  const vr = String.fromCharCode(byteArray[position + 4] ?? 0, byteArray[position + 5] ?? 0);
  if (!isVr(vr)) throw unreadable('an element has no VR');
  if (['OV', 'SV', 'UV'].includes(vr)) return read64Bit(stream, syntax);
  return dicomParser.readDicomElementExplicit(stream, stream.warnings, untilTag);
}

/** dicom-parser takes the length of the 64-bit VRs for two bytes (PS3.5 table 7.1-1 says four). */
function read64Bit(stream: ByteStream, syntax: TransferSyntax): Element {
  const header = elementHeader(stream.byteArray, stream.position, syntax);
  if (header === undefined) throw unreadable('the data set ends within an element');
  const { tag, vr, length, dataOffset } = header;
  stream.seek(dataOffset + length - stream.position);
  return { tag: `x${tag}`, vr, length, dataOffset };
}

/** Its types want a string; without one, dicom-parser looks into the value to see whether it is a sequence. */
function parserVr(parserTag: string): string {
  return vrOf(parserTag.slice(1)) as string;
}

/** The element at `start` as one opaque value, where what follows shows that it ends there. */
function stepOver(bytes: Uint8Array, start: number, syntax: TransferSyntax): Element | undefined {
  for (const { tag, vr, dataOffset, length } of elementHeaders(bytes, start, syntax)) {
    const end =
      length !== undefined && followsOn(bytes, dataOffset + length, tag, syntax)
        ? dataOffset + length
        : endOfBrokenSequence(bytes, dataOffset, tag, syntax);
    if (end !== undefined) return { tag: `x${tag}`, vr, length: end - dataOffset, dataOffset };
  }
  return undefined;
}

function isSameValue(bytes: Uint8Array, a: Element, b: Element): boolean {
  const value = ({ dataOffset, length }: Element): Buffer => {
    const stored = bytes.subarray(dataOffset, dataOffset + length);
    return Buffer.from(stored.subarray(0, stored.findLastIndex((byte) => byte !== 0x20 && byte !== 0) + 1));
  };
  return value(a).equals(value(b));
}
