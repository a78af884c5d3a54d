import { open } from 'node:fs/promises';
import { inflateRawSync } from 'node:zlib';
import type { Element } from 'dicom-parser';
import { ContourNodeError } from '../errors.ts';
import { bareEncoding } from './bare-data-set.ts';
import type { DicomFile, PixelDataElement } from './data-set.ts';
import { ElementDataSet } from './element-data-set.ts';
import { readElements } from './read-elements.ts';
import { explicitVrLittleEndian, transferSyntaxOf } from './transfer-syntax.ts';
import type { TransferSyntax } from './transfer-syntax.ts';

/** Largest data set that is inflated: a few bytes of a deflated file can claim gigabytes. */
const maximumInflatedBytes = 128 * 1024 * 1024;
const pixelDataTag = '7fe00010';

/**
 * Reads a DICOM file (PS3.10) in any transfer syntax, or a data set on its own without file meta information.
 * @throws DICOM_UNREADABLE not DICOM, truncated, or elements that do not follow one another
 */
export function parseDicom(bytes: Uint8Array): DicomFile {
  return parse(bytes, { headerOnly: false, fileLength: bytes.length });
}

/**
 * Reads a DICOM file up to its pixels. `pixelData.offset` and `length` stay valid; `bytes` ends somewhere behind the
 * header.
 * @throws DICOM_UNREADABLE as parseDicom, also when the file is shorter than its native pixels
 * @throws PATH_NOT_FOUND
 */
export async function readHeader(path: string): Promise<DicomFile> {
  const handle = await open(path).catch((cause: unknown) => {
    throw new ContourNodeError('PATH_NOT_FOUND', `cannot open ${path}`, { cause });
  });
  try {
    const { size } = await handle.stat();
    // Most CT headers end within the first step; a deflated file is needed whole.
    for (let length = 64 * 1024; ; length *= 16) {
      const bytes = Buffer.alloc(Math.min(length, size));
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
      const whole = bytesRead >= size || bytesRead < bytes.length;
      try {
        return parse(bytes.subarray(0, bytesRead), { headerOnly: true, fileLength: size });
      } catch (error) {
        if (whole || !(error instanceof ContourNodeError)) throw error;
      }
    }
  } finally {
    await handle.close();
  }
}

function unreadable(what: string, cause?: unknown): ContourNodeError {
  return new ContourNodeError('DICOM_UNREADABLE', what, { cause });
}

/** dicom-parser throws strings, wrapped objects and RangeErrors on bytes that are not what they claim to be. */
function guarded<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof ContourNodeError) throw cause;
    throw unreadable('the data set is truncated or damaged', cause);
  }
}

/** Whether a file is DICOM by its first bytes: with preamble and prefix, or a data set without. */
export function beginsAsDicom(file: Uint8Array): boolean {
  return metaOffset(file) !== undefined || bareEncoding(file) !== undefined;
}

/** Where the file meta information begins: behind preamble and prefix, or where programs that leave these out put it. */
function metaOffset(file: Uint8Array): number | undefined {
  if (latin1(file, 128, 4) === 'DICM') return 132;
  // Its first elements are (0002,0000) to (0002,0002).
  const isGroup2 = (at: number): boolean =>
    file[at] === 2 && file[at + 1] === 0 && file[at + 2]! <= 2 && file[at + 3] === 0;
  return [0, 128, 132].find((at) => isGroup2(at) && ['UL', 'OB', 'UI'].includes(latin1(file, at + 4, 2)));
}

/** The SOP class that the file meta information names, also where the data set is damaged; undefined where none does. */
export function storageClassOf(file: Uint8Array): string | undefined {
  try {
    return readOpening(file).sopClassUid;
  } catch {
    return undefined;
  }
}

/** What stands before the data set. */
export interface Opening {
  readonly transferSyntax: TransferSyntax;
  /** No Transfer Syntax UID says so. */
  readonly isGuessed: boolean;
  /** As the file meta information has it. */
  readonly sopClassUid?: string | undefined;
  readonly sopInstanceUid?: string | undefined;
  /** Where the data set begins. */
  readonly end: number;
}

/** @throws DICOM_UNREADABLE */
export function readOpening(file: Uint8Array): Opening {
  const offset = metaOffset(file);
  if (offset === undefined) {
    const transferSyntax = bareEncoding(file);
    if (transferSyntax === undefined) throw unreadable('not a DICOM file (no DICM at byte 128)');
    return { transferSyntax, isGuessed: true, end: 0 };
  }
  const explicit = transferSyntaxOf(explicitVrLittleEndian)!;
  const group2 = guarded(() =>
    readElements(file, offset, explicit, (tag) => (tag.startsWith('0002') ? 'read' : 'stop')),
  );
  const metaSet = new ElementDataSet(group2.elements, file, false);
  // (0002,0000) counts from behind itself, 12 bytes further.
  const groupLength = metaSet.numbers('00020000')[0];
  if (groupLength !== undefined && offset + 12 + groupLength > file.length) {
    throw unreadable('the file meta information is cut off');
  }
  const transferSyntaxUid = metaSet.string('00020010');
  // PS3.5 section 10: every syntax that is not in the table is Explicit VR Little Endian around its pixels.
  const named =
    transferSyntaxUid === undefined
      ? undefined
      : (transferSyntaxOf(transferSyntaxUid) ?? unknownSyntax(explicit, transferSyntaxUid));
  // Some programs write what the file meta information does not say, or say nothing.
  const isPlain = named === undefined || (named.codec === 'native' && !named.deflated);
  const transferSyntax = (isPlain ? bareEncoding(file.subarray(group2.end)) : undefined) ?? named;
  if (transferSyntax === undefined) throw unreadable('no Transfer Syntax UID in the file meta information');
  return {
    transferSyntax,
    isGuessed: named === undefined,
    sopClassUid: metaSet.string('00020002'),
    sopInstanceUid: metaSet.string('00020003'),
    end: group2.end,
  };
}

function parse(file: Uint8Array, options: { headerOnly: boolean; fileLength: number }): DicomFile {
  const opening = readOpening(file);
  const { transferSyntax } = opening;
  const { bytes, start, fileLength } = transferSyntax.deflated
    ? inflated(file, opening.end, options)
    : { bytes: file, start: opening.end, fileLength: options.fileLength };
  const { elements, doubtful } = guarded(() =>
    readElements(bytes, start, transferSyntax, (tag) =>
      tag !== pixelDataTag ? 'read' : options.headerOnly ? 'header' : 'last',
    ),
  );
  const pixelElement = elements.get(pixelDataTag);
  if (pixelElement === undefined && bytes.length < fileLength) throw unreadable('the header ends beyond what was read');

  if (opening.isGuessed && pixelElement?.hadUndefinedLength === true) {
    throw unreadable('without file meta information nothing says how the pixels are compressed');
  }
  const dataSet = new ElementDataSet(elements, bytes, transferSyntax.bigEndian);
  return Object.assign(dataSet, {
    meta: {
      transferSyntaxUid: transferSyntax.uid,
      sopClassUid: dataSet.string('00080016') ?? opening.sopClassUid ?? '',
      sopInstanceUid: dataSet.string('00080018') ?? opening.sopInstanceUid ?? '',
    },
    transferSyntax,
    doubtful,
    bytes,
    dataSetOffset: start,
    pixelData: pixelElement && pixelDataElement(pixelElement, fileLength),
  });
}

function unknownSyntax(explicit: TransferSyntax, uid: string): TransferSyntax {
  return { ...explicit, uid, name: 'unknown', kind: 'lossy', codec: undefined };
}

function inflated(file: Uint8Array, start: number, options: { fileLength: number }) {
  if (file.length < options.fileLength) throw unreadable('a deflated file has to be read whole');
  const bytes = guarded(() => inflateRawSync(file.subarray(start), { maxOutputLength: maximumInflatedBytes }));
  return { bytes, start: 0, fileLength: bytes.length };
}

function latin1(bytes: Uint8Array, offset: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(offset, offset + length));
}

function pixelDataElement(element: Element, fileLength: number): PixelDataElement {
  const encapsulated = element.hadUndefinedLength === true;
  const { fragments = [] } = element;
  if (!encapsulated && element.dataOffset + element.length > fileLength) {
    throw unreadable('the file is shorter than its pixel data');
  }
  return {
    offset: element.dataOffset,
    length: encapsulated ? undefined : element.length,
    fragments: fragments.map(({ position, length }) => ({ offset: position, length })),
    frameStarts: (element.basicOffsetTable ?? []).flatMap((offset) => {
      const index = fragments.findIndex((fragment) => fragment.offset === offset);
      return index < 0 ? [] : [index];
    }),
  };
}
