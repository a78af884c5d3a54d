import { deflateRawSync } from 'node:zlib';
import { ctImageStorage } from '../../src/dicom/ct-instance.ts';
import { fileMetaInformation } from '../../src/dicom/part10.ts';
import { explicitVrLittleEndian, transferSyntaxOf } from '../../src/dicom/transfer-syntax.ts';

/** An element to write: text as it stands (padded to even length), bytes as they are, numbers as 16-bit words. */
export type Value = string | Uint8Array | number[];
export type Elements = Record<string, [vr: string, value: Value] | undefined>;

const longVrs = new Set(['OB', 'OW', 'OD', 'OF', 'OL', 'OV', 'SQ', 'UC', 'UN', 'UR', 'UT', 'SV', 'UV']);

/** A DICOM file with these elements, in ascending order of tags. `encapsulated`: fragments of the Pixel Data. */
export function dicomFile(elements: Elements, options: { syntax?: string; encapsulated?: Uint8Array[] } = {}): Buffer {
  const transferSyntaxUid = options.syntax ?? explicitVrLittleEndian;
  const syntax = transferSyntaxOf(transferSyntaxUid)!;
  const text = (tag: string): string => String(elements[tag]?.[1] ?? '');
  const meta = fileMetaInformation({
    sopClassUid: text('00080016'),
    sopInstanceUid: text('00080018'),
    transferSyntaxUid,
  });
  const parts = Object.entries(elements)
    .filter((entry): entry is [string, [string, Value]] => entry[1] !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([tag, [vr, value]]) => element(tag, vr, bytesOf(value, vr, syntax.bigEndian), syntax));
  if (options.encapsulated) parts.push(encapsulatedPixels(options.encapsulated));
  const dataSet = Buffer.concat(parts);
  return Buffer.concat([meta, syntax.deflated ? deflateRawSync(dataSet) : dataSet]);
}

function bytesOf(value: Value, vr: string, bigEndian: boolean): Uint8Array {
  if (typeof value === 'string') {
    const bytes = Buffer.from(value, 'latin1');
    return bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.from(vr === 'UI' ? '\0' : ' ')]);
  }
  if (!Array.isArray(value)) return value;
  const words = Buffer.from(Uint16Array.from(value).buffer);
  return bigEndian ? words.swap16() : words;
}

export function element(
  tag: string,
  vr: string,
  value: Uint8Array,
  { implicitVr = false, bigEndian = false } = {},
): Buffer {
  const head = Buffer.alloc(implicitVr || !longVrs.has(vr) ? 8 : 12);
  const uint16 = (number: number, at: number) =>
    bigEndian ? head.writeUInt16BE(number, at) : head.writeUInt16LE(number, at);
  const uint32 = (number: number, at: number) =>
    bigEndian ? head.writeUInt32BE(number, at) : head.writeUInt32LE(number, at);
  uint16(Number.parseInt(tag.slice(0, 4), 16), 0);
  uint16(Number.parseInt(tag.slice(4), 16), 2);
  if (implicitVr) uint32(value.length, 4);
  else {
    head.write(vr, 4, 'latin1');
    if (longVrs.has(vr)) uint32(value.length, 8);
    else uint16(value.length, 6);
  }
  return Buffer.concat([head, value]);
}

function encapsulatedPixels(fragments: Uint8Array[]): Buffer {
  const item = (tag: string, value: Uint8Array): Buffer => element(tag, '', value, { implicitVr: true });
  const head = Buffer.from('e07f10004f420000ffffffff', 'hex');
  const padded = fragments.map((fragment) => Buffer.concat([fragment, Buffer.alloc(fragment.length % 2)]));
  return Buffer.concat([
    head,
    item('fffee000', Buffer.alloc(0)),
    ...padded.map((fragment) => item('fffee000', fragment)),
    item('fffee0dd', Buffer.alloc(0)),
  ]);
}

/** Stored words of a generated slice: column + 100 × row, so that every pixel says where it lies. */
export function numberedPixels(rows: number, columns: number): number[] {
  return Array.from({ length: rows * columns }, (_, i) => (i % columns) + 100 * Math.floor(i / columns));
}

/** The elements of a head-first supine slice of 20 rows and 16 columns at z; `changes` replace or (undefined) remove. */
export function ctElements(z: number, changes: Elements = {}): Elements {
  const rows = (changes['00280010']?.[1] as number[] | undefined)?.[0] ?? 20;
  const columns = (changes['00280011']?.[1] as number[] | undefined)?.[0] ?? 16;
  return {
    '00080005': ['CS', 'ISO_IR 100'],
    '00080008': ['CS', 'ORIGINAL\\PRIMARY\\AXIAL'],
    '00080016': ['UI', ctImageStorage],
    '00080018': ['UI', `1.2.3.4.${Math.round((z + 5000) * 1000)}`],
    '00080020': ['DA', '20260102'],
    '00080030': ['TM', '101112'],
    '00080060': ['CS', 'CT'],
    '00100010': ['PN', 'Test^Phantom'],
    '00100020': ['LO', 'P1'],
    '00100030': ['DA', '19700101'],
    '00100040': ['CS', 'O'],
    '00185100': ['CS', 'HFS'],
    '0020000d': ['UI', '1.2.3.1'],
    '0020000e': ['UI', '1.2.3.2'],
    '00200032': ['DS', `-100\\-200\\${z}`],
    '00200037': ['DS', '1\\0\\0\\0\\1\\0'],
    '00200052': ['UI', '1.2.3.3'],
    '00280002': ['US', [1]],
    '00280004': ['CS', 'MONOCHROME2'],
    '00280010': ['US', [rows]],
    '00280011': ['US', [columns]],
    '00280030': ['DS', '2\\3'],
    '00280100': ['US', [16]],
    '00280101': ['US', [16]],
    '00280102': ['US', [15]],
    '00280103': ['US', [1]],
    '00281052': ['DS', '-1024'],
    '00281053': ['DS', '1'],
    '7fe00010': ['OW', numberedPixels(rows, columns)],
    ...changes,
  };
}

/** A CT slice as a file. */
export function ctSlice(z: number, changes: Elements = {}, options: { syntax?: string } = {}): Buffer {
  return dicomFile(ctElements(z, changes), options);
}
