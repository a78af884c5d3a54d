import { createHash } from 'node:crypto';
import { ContourNodeError } from '../errors.ts';
import type { CtGeometry } from './ct-geometry.ts';
import type { CtHeader } from './ct-header.ts';
import { parseDicom } from './read-data-set.ts';
import type { DicomFile } from './data-set.ts';
import { ctHeaderOfFrame } from './enhanced-ct.ts';
import { decodeFragments, joinedFragments } from './pixel-codecs.ts';
import { areStoredValues, storedValue, storedValues } from './stored-value.ts';
import { isDecodable } from './transfer-syntax.ts';

/** HU of air, and of what lies outside the image. */
const airHu = -1024;

/** `decodeHuOf` for the bytes of a classic CT image file. */
export async function decodeHu(bytes: Uint8Array, geometry: CtGeometry): Promise<Int16Array> {
  return decodeHuOf(parseDicom(bytes), geometry);
}

/** `SliceDecoder.decode` for one slice alone: its CT numbers, `hu[j * columns + i]`. Parameters and errors as there. */
export async function decodeHuOf(file: DicomFile, geometry: CtGeometry, frame?: number): Promise<Int16Array> {
  const hu = new Int16Array(geometry.rows * geometry.columns);
  await new SliceDecoder(geometry).decode(file, hu, frame);
  return hu;
}

/** Decodes the slices of one series, which mostly say the same of their words: the CT number of each word is worked out once. */
export class SliceDecoder {
  readonly #geometry: CtGeometry;
  #table: HuTable | undefined;

  constructor(geometry: CtGeometry) {
    this.#geometry = geometry;
  }

  /**
   * Writes the CT numbers of one slice in LPS order: `hu[j * columns + i]`, i along +x (left), j along +y (back).
   * @param file a CT image in any transfer syntax of transfer-syntax.ts with a codec; it is not kept
   * @param hu rows × columns
   * @param frame of a multi-frame instance, from 1
   * @throws PIXEL_DECODING the pixels are damaged, do not fit the header, or their syntax has no decoder
   * @throws DICOM_UNREADABLE, DICOM_NOT_CT as ctHeaderOf
   */
  async decode(file: DicomFile, hu: Int16Array, frame?: number): Promise<void> {
    const geometry = this.#geometry;
    const header = ctHeaderOfFrame(file, frame);
    if (header.rows !== geometry.rows || header.columns !== geometry.columns) {
      throw failed(`${header.columns} x ${header.rows} pixels, the series has ${geometry.columns} x ${geometry.rows}`);
    }
    if (!Number.isFinite(header.slope) || !Number.isFinite(header.intercept))
      throw failed('no Rescale Slope or Intercept');
    const words = await frameWords(file, pixelDescription(file), frame);
    inLpsOrder(words, this.#tableOf(header), geometry, hu);
  }

  #tableOf(header: CtHeader): Int16Array {
    const { slope, intercept, padding, bitsStored, highBit, pixelRepresentation } = header;
    const meaning = JSON.stringify([slope, intercept, padding, bitsStored, highBit, pixelRepresentation]);
    if (this.#table?.meaning !== meaning) {
      const hu = Int16Array.from({ length: 65536 }, (_, word) => huOf(word, header));
      this.#table = { meaning, hu };
    }
    return this.#table.hu;
  }
}

interface HuTable {
  /** What of a header determines the CT number of a word. */
  readonly meaning: string;
  /** By word. */
  readonly hu: Int16Array;
}

/**
 * SHA-256 of the stored values (16-bit little endian, unused high bits filled with the sign or with zeros): the same
 * for every lossless encoding of the same pixels.
 * @param frame of a multi-frame instance, from 1
 * @throws PIXEL_DECODING
 */
export async function storedValuesSha256(file: DicomFile, frame?: number): Promise<string> {
  const pixels = pixelDescription(file);
  const words = await frameWords(file, pixels, frame);
  const hash = createHash('sha256');
  if (areStoredValues(words, pixels)) return hash.update(words).digest('hex');
  // Piece by piece: half a megabyte more for every image that comes in keeps the collector busier than the hash.
  const piece = new Uint16Array(Math.min(words.length, hashedAtOnce));
  for (let start = 0; start < words.length; start += piece.length) {
    const part = words.subarray(start, start + piece.length);
    storedValues(part, pixels, piece);
    hash.update(piece.subarray(0, part.length));
  }
  return hash.digest('hex');
}

const hashedAtOnce = 32 * 1024;

/**
 * The stored value of any pixel of one frame, by its place in the file, row by row.
 * @param frame of a multi-frame instance, from 1
 * @throws PIXEL_DECODING
 */
export async function storedValueAt(file: DicomFile, frame?: number): Promise<(pixel: number) => number> {
  const pixels = pixelDescription(file);
  const words = await frameWords(file, pixels, frame);
  return (pixel) => storedValue(words[pixel]!, pixels);
}

/**
 * The stored values of one frame as 16 bits each, row by row: nothing but sign or zeros beside the stored bits.
 * @param frame of a multi-frame instance, from 1
 * @throws PIXEL_DECODING
 */
export async function storedWords(file: DicomFile, frame?: number): Promise<Uint16Array> {
  const pixels = pixelDescription(file);
  const words = await frameWords(file, pixels, frame);
  if (areStoredValues(words, pixels)) return words;
  const values = new Uint16Array(words.length);
  storedValues(words, pixels, values);
  return values;
}

/**
 * The encoded stream of one frame of a compressed image; undefined for uncompressed pixels.
 * @param frame of a multi-frame instance, from 1
 * @throws PIXEL_DECODING the frame cannot be found among the fragments
 */
export function encodedStream(file: DicomFile, frame?: number): Uint8Array | undefined {
  if (file.transferSyntax.codec === 'native') return undefined;
  const place = { index: (frame ?? 1) - 1, of: pixelDescription(file).numberOfFrames };
  return joinedFragments({ bytes: file.bytes, pixelData: fragmentsOf(file, place) });
}

type PixelDescription = Pick<
  CtHeader,
  | 'rows'
  | 'columns'
  | 'bitsAllocated'
  | 'bitsStored'
  | 'highBit'
  | 'pixelRepresentation'
  | 'samplesPerPixel'
  | 'numberOfFrames'
>;

function pixelDescription(file: DicomFile): PixelDescription {
  const number = (tag: string): number => file.numbers(tag)[0] ?? Number.NaN;
  return {
    rows: number('00280010'),
    columns: number('00280011'),
    bitsAllocated: number('00280100'),
    bitsStored: number('00280101'),
    highBit: number('00280102'),
    pixelRepresentation: number('00280103'),
    samplesPerPixel: number('00280002'),
    numberOfFrames: file.numbers('00280008')[0] ?? 1,
  };
}

function failed(what: string, remedy?: string): ContourNodeError {
  return new ContourNodeError('PIXEL_DECODING', `the pixels cannot be decoded: ${what}`, remedy ? { remedy } : {});
}

const needsOriginal = 'send the original CT images: one grey frame of 16 bits allocated and 9 to 16 stored';

/** The 16-bit words of a frame as they stand in the file or come from the decoder, row by row. */
async function frameWords(file: DicomFile, pixels: PixelDescription, frame?: number): Promise<Uint16Array> {
  const { rows, columns, bitsAllocated, bitsStored, highBit, pixelRepresentation } = pixels;
  const count = rows * columns;
  if (!(count > 0)) throw failed('no rows or no columns', needsOriginal);
  if (bitsAllocated !== 16 || !(bitsStored > 8 && bitsStored <= 16) || !(highBit >= bitsStored - 1 && highBit <= 15)) {
    throw failed(`${bitsAllocated} bits allocated, ${bitsStored} stored, high bit ${highBit}`, needsOriginal);
  }
  const { uid, name } = file.transferSyntax;
  if (!isDecodable(uid, bitsStored)) {
    const remedy = `send images of ${bitsStored} bits stored uncompressed, or in a lossless syntax that holds them`;
    throw failed(`no decoder for ${bitsStored} bits stored in ${name}`, remedy);
  }
  if (pixelRepresentation !== 0 && pixelRepresentation !== 1) throw failed('no Pixel Representation', needsOriginal);
  const { numberOfFrames } = pixels;
  const isOne = frame === undefined ? numberOfFrames === 1 : frame >= 1 && frame <= numberOfFrames;
  if (pixels.samplesPerPixel !== 1 || !isOne) throw failed('not one grey frame', needsOriginal);
  const place = { index: (frame ?? 1) - 1, of: numberOfFrames };
  return file.transferSyntax.codec === 'native'
    ? nativeWords(file, count, place)
    : decodeFragments(
        { transferSyntax: file.transferSyntax, bytes: file.bytes, pixelData: fragmentsOf(file, place) },
        { rows, columns, bitsStored, signed: pixelRepresentation === 1 },
      );
}

interface FramePlace {
  /** From 0. */
  readonly index: number;
  readonly of: number;
}

/**
 * The native words in the byte order of this machine (little endian, as every platform of Node 24 here). What stands
 * behind them is padding (PS3.5 section 8.1.1), unless it is as much as an image and holds something: then the header
 * is not that of these pixels.
 */
function nativeWords(file: DicomFile, count: number, frame: FramePlace): Uint16Array {
  const { offset: start = 0, length } = file.pixelData ?? {};
  if (length === undefined) {
    throw failed('they are compressed, the transfer syntax says that they are not', 'correct the Transfer Syntax UID');
  }
  const needed = 2 * count * frame.of;
  if (length < needed) {
    throw failed(`${length} bytes instead of ${needed}`, 'pixels are missing: send the image again from its source');
  }
  const surplus = file.bytes.subarray(start + needed, start + length);
  if (surplus.length >= 2 * count && surplus.some((byte) => byte !== surplus[0])) {
    const remedy = 'rows, columns, frames or bits allocated are not those of the pixels: correct them at the source';
    throw failed(`${length} bytes instead of ${needed}`, remedy);
  }
  const offset = start + 2 * count * frame.index;
  const { bytes, transferSyntax } = file;
  const at = bytes.byteOffset + offset;
  if (at % 2 === 0 && !transferSyntax.bigEndian) return new Uint16Array(bytes.buffer, at, count);
  const words = new Uint16Array(count);
  const copy = Buffer.from(words.buffer);
  copy.set(bytes.subarray(offset, offset + 2 * count));
  if (transferSyntax.bigEndian) copy.swap16();
  return words;
}

/** The fragments of one frame: one a frame, or as the Basic Offset Table says (PS3.5 A.4). */
function fragmentsOf({ pixelData }: DicomFile, frame: FramePlace): DicomFile['pixelData'] {
  if (pixelData === undefined || frame.of === 1) return pixelData;
  const { fragments, frameStarts } = pixelData;
  const starts = fragments.length === frame.of ? fragments.map((_, index) => index) : frameStarts;
  if (starts.length !== frame.of) throw failed(`${fragments.length} fragments for ${frame.of} frames`);
  return { ...pixelData, fragments: fragments.slice(starts[frame.index], starts[frame.index + 1]) };
}

/** HU = slope × stored + intercept (PS3.3 C.8.2.1.1.5), rounded and held within 16 bits; padding is air. */
function huOf(word: number, header: CtHeader): number {
  const value = storedValue(word, header);
  if (header.padding !== undefined && value >= header.padding[0] && value <= header.padding[1]) return airHu;
  return Math.max(-32768, Math.min(32767, Math.floor(value * header.slope + header.intercept + 0.5)));
}

function inLpsOrder(words: Uint16Array, table: Int16Array, geometry: CtGeometry, hu: Int16Array): void {
  const { rows, columns, reverseRows, reverseColumns } = geometry;
  for (let j = 0; j < rows; j++) {
    const from = (reverseRows ? rows - 1 - j : j) * columns;
    const to = j * columns;
    for (let i = 0; i < columns; i++) hu[to + i] = table[words[from + i]!]!;
    if (reverseColumns) hu.subarray(to, to + columns).reverse();
  }
}
