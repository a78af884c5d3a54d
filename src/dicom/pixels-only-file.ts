import type { DicomFile } from './data-set.ts';
import { type CtHeader, ctImageStorage } from './ct-header.ts';
import { ctHeaderOfFrame } from './enhanced-ct.ts';
import { isMr, mrHeaderOf, mrImageStorage } from './mr-image.ts';
import { fileMetaInformation } from './part10.ts';
import { encodedStream, storedWords } from './pixel-data.ts';
import { encode, type DataElement, joined, text, unsigned } from './rtstruct/data-element.ts';
import { streamWithoutText } from './stream-without-text.ts';
import { explicitVrLittleEndian } from './transfer-syntax.ts';
import { derivedUid } from './uid.ts';

/**
 * One slice as a CT or MR image file with nothing in it but its pixels and what turns them into CT numbers or grey levels: no
 * patient, no date, no device, no private element, no bits beside the stored ones, no comment in a compressed stream, and UIDs
 * that are hashes. Every slice of a series is made from scratch, so that an attribute that nobody has thought of is not in it
 * either.
 *
 * Compressed pixels stay as they are where their stream can be rid of text, else they are written uncompressed.
 *
 * @param frame of a multi-frame instance, from 1
 * @param name names series and slice in the UIDs; it must not tell whose they are
 * @throws PIXEL_DECODING, DICOM_UNREADABLE, DICOM_NOT_CT, as decodeHuOf: what cannot be decoded here cannot be there
 */
export async function pixelsOnlyFile(
  file: DicomFile,
  frame: number | undefined,
  name: { readonly series: string; readonly slice: number },
): Promise<Buffer> {
  const isOfMr = isMr(file.meta.sopClassUid);
  const header = isOfMr ? mrHeaderOf(file) : ctHeaderOfFrame(file, frame);
  const sopClassUid = isOfMr ? mrImageStorage : ctImageStorage;
  const uid = (...parts: string[]): string => derivedUid('2.25', 'pixels only', name.series, ...parts);
  const sopInstanceUid = uid('instance', String(name.slice));
  const pixels = await pixelsOf(file, frame, header);
  // The grey levels of an MR are taken as they are, padding or not.
  const padding = isOfMr ? undefined : header.padding;
  const elements: DataElement[] = [
    text('00080016', 'UI', sopClassUid),
    text('00080018', 'UI', sopInstanceUid),
    text('00080060', 'CS', isOfMr ? 'MR' : 'CT'),
    text('0020000d', 'UI', uid('study')),
    text('0020000e', 'UI', uid('series')),
    unsigned('00280002', 'US', 1),
    text('00280004', 'CS', 'MONOCHROME2'),
    unsigned('00280010', 'US', header.rows),
    unsigned('00280011', 'US', header.columns),
    unsigned('00280100', 'US', 16),
    unsigned('00280101', 'US', header.bitsStored),
    unsigned('00280102', 'US', pixels.highBit),
    unsigned('00280103', 'US', header.pixelRepresentation),
    ...(padding === undefined
      ? []
      : [unsigned('00280120', 'US', padding[0] & 0xffff), unsigned('00280121', 'US', padding[1] & 0xffff)]),
    // As many digits as the number has, so that it reads back as the same one.
    joined('00281052', 'DS', String(header.intercept)),
    joined('00281053', 'DS', String(header.slope)),
  ];
  return Buffer.concat([
    fileMetaInformation({
      sopClassUid,
      sopInstanceUid,
      transferSyntaxUid: pixels.transferSyntaxUid,
    }),
    encode(elements, 'explicit'),
    ...pixels.element,
  ]);
}

interface WrittenPixels {
  readonly transferSyntaxUid: string;
  readonly highBit: number;
  /** Pixel Data (7FE0,0010) in explicit VR. */
  readonly element: readonly Uint8Array[];
}

async function pixelsOf(
  file: DicomFile,
  frame: number | undefined,
  { samplesPerPixel, bitsAllocated, bitsStored, highBit }: CtHeader,
): Promise<WrittenPixels> {
  const isGrey = samplesPerPixel === 1 && bitsAllocated === 16;
  const encoded = isGrey ? encodedStream(file, frame) : undefined;
  const clean = encoded === undefined ? undefined : streamWithoutText(encoded);
  if (clean !== undefined) {
    return {
      transferSyntaxUid: file.transferSyntax.uid,
      highBit,
      element: encapsulated(clean),
    };
  }
  const words = await storedWords(file, frame);
  return {
    transferSyntaxUid: explicitVrLittleEndian,
    highBit: bitsStored - 1,
    element: [pixelHeader('OW', words.byteLength), new Uint8Array(words.buffer, words.byteOffset, words.byteLength)],
  };
}

/** An empty Basic Offset Table and one fragment (PS3.5 A.4). */
function encapsulated(stream: Uint8Array): Uint8Array[] {
  const item = (length: number): Buffer => {
    const bytes = Buffer.from('feff00e000000000', 'hex');
    bytes.writeUInt32LE(length, 4);
    return bytes;
  };
  const padding = stream.length % 2 === 0 ? [] : [Buffer.alloc(1)];
  const delimiter = Buffer.from('feffdde000000000', 'hex');
  const length = stream.length + padding.length;
  return [pixelHeader('OB', 0xffffffff), item(0), item(length), stream, ...padding, delimiter];
}

function pixelHeader(vr: 'OB' | 'OW', length: number): Buffer {
  const bytes = Buffer.from('e07f1000000000000000000000', 'hex').subarray(0, 12);
  bytes.write(vr, 4, 'latin1');
  bytes.writeUInt32LE(length, 8);
  return bytes;
}
