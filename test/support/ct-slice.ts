import { deflateRawSync } from 'node:zlib';
import { fileMetaInformation } from '../../src/dicom/part10.ts';

const ctImageStorage = '1.2.840.10008.5.1.4.1.1.2';

/** A CT slice of which every attribute can be said, also wrong ones. */
export interface CtSlice {
  readonly series: string;
  /** The slice's number: SOP Instance UID, position and pixels follow from it. */
  readonly number: number;
  readonly patient?: string;
  readonly patientId?: string;
  /** Specific Character Set; texts are written in UTF-8. */
  readonly characterSet?: string;
  readonly z?: number;
  /** Direction cosines; default HFS. */
  readonly orientation?: readonly number[];
  readonly position?: readonly [number, number];
  readonly sopInstanceUid?: string;
  readonly sopClassUid?: string;
  /** Image Type; default that of an axial original. */
  readonly imageType?: string;
  /** Acquisition Number. */
  readonly acquisition?: number;
  /** Study Instance UID. */
  readonly study?: string;
  readonly frame?: string;
  readonly protocol?: string;
  /** Number of Series Related Instances (0020,1209). */
  readonly relatedInstances?: number;
  /** Other pixels than those that follow from the number. */
  readonly pixelSeed?: number;
  readonly encoding?: 'implicit' | 'explicit' | 'deflated';
  /** Rows and columns. */
  readonly matrix?: number;
  /** Further elements, or others in place of those that follow from the rest. */
  readonly more?: readonly Element[];
  /** Tags that it lacks. */
  readonly without?: readonly string[];
}

export const transferSyntaxes = {
  implicit: '1.2.840.10008.1.2',
  explicit: '1.2.840.10008.1.2.1',
  deflated: '1.2.840.10008.1.2.1.99',
} as const;

export function sopInstanceUidOf(slice: CtSlice): string {
  return slice.sopInstanceUid ?? `${slice.series}.${slice.number}`;
}

/** The slice as a DICOM file. */
export function ctSliceFile(slice: CtSlice): Buffer {
  const encoding = slice.encoding ?? 'implicit';
  const elements = elementsOf(slice).map((element) => encode(element, encoding !== 'implicit'));
  const dataSet = Buffer.concat(elements);
  return Buffer.concat([
    fileMetaInformation({
      sopClassUid: slice.sopClassUid ?? ctImageStorage,
      sopInstanceUid: sopInstanceUidOf(slice),
      transferSyntaxUid: transferSyntaxes[encoding],
    }),
    encoding === 'deflated' ? deflateRawSync(dataSet) : dataSet,
  ]);
}

export type Element = readonly [tag: string, vr: string, value: string | number | Buffer];

function elementsOf(slice: CtSlice): Element[] {
  const { series, number, matrix = 16 } = slice;
  const [x, y] = slice.position ?? [-matrix, -matrix];
  const optional: Element[] = [];
  if (slice.characterSet !== undefined) optional.push(['00080005', 'CS', slice.characterSet]);
  if (slice.protocol !== undefined) optional.push(['00181030', 'LO', slice.protocol]);
  if (slice.acquisition !== undefined) optional.push(['00200012', 'IS', String(slice.acquisition)]);
  if (slice.relatedInstances !== undefined) optional.push(['00201209', 'IS', String(slice.relatedInstances)]);
  const elements: Element[] = [
    ['00080008', 'CS', slice.imageType ?? 'ORIGINAL\\PRIMARY\\AXIAL'],
    ['00080016', 'UI', slice.sopClassUid ?? ctImageStorage],
    ['00080018', 'UI', sopInstanceUidOf(slice)],
    ['00080020', 'DA', '20260102'],
    ['00080030', 'TM', '101112'],
    ['00080060', 'CS', 'CT'],
    ['00100010', 'PN', slice.patient ?? 'Doe^Jane'],
    ['00100020', 'LO', slice.patientId ?? 'P-1'],
    ['00100030', 'DA', '19600101'],
    ['00100040', 'CS', 'F'],
    ['0020000d', 'UI', slice.study ?? '1.2.3.900'],
    ['0020000e', 'UI', series],
    ['00200013', 'IS', String(number)],
    ['00200032', 'DS', [x, y, slice.z ?? number * 3].join('\\')],
    ['00200037', 'DS', (slice.orientation ?? [1, 0, 0, 0, 1, 0]).join('\\')],
    ['00200052', 'UI', slice.frame ?? '1.2.3.901'],
    ['00280002', 'US', 1],
    ['00280004', 'CS', 'MONOCHROME2'],
    ['00280010', 'US', matrix],
    ['00280011', 'US', matrix],
    ['00280030', 'DS', '2\\2'],
    ['00280100', 'US', 16],
    ['00280101', 'US', 16],
    ['00280102', 'US', 15],
    ['00280103', 'US', 1],
    ['00281052', 'DS', '-1024'],
    ['00281053', 'DS', '1'],
    ['7fe00010', 'OW', pixels(matrix, slice.pixelSeed ?? number)],
    ...optional,
  ];
  const { more = [], without = [] } = slice;
  const replaced = new Set([...more.map(([tag]) => tag), ...without]);
  return [...elements.filter(([tag]) => !replaced.has(tag)), ...more].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function pixels(matrix: number, seed: number): Buffer {
  const bytes = Buffer.alloc(matrix * matrix * 2);
  for (let i = 0; i < matrix * matrix; i++) bytes.writeInt16LE((i * 7 + seed * 13) % 2000, 2 * i);
  return bytes;
}

function encode([tag, vr, value]: Element, explicit: boolean): Buffer {
  const bytes = valueBytes(vr, value);
  const long = vr === 'OW';
  const head = Buffer.alloc(explicit && long ? 12 : 8);
  head.writeUInt16LE(Number.parseInt(tag.slice(0, 4), 16), 0);
  head.writeUInt16LE(Number.parseInt(tag.slice(4), 16), 2);
  if (explicit) head.write(vr, 4, 'latin1');
  if (!explicit) head.writeUInt32LE(bytes.length, 4);
  else if (long) head.writeUInt32LE(bytes.length, 8);
  else head.writeUInt16LE(bytes.length, 6);
  return Buffer.concat([head, bytes]);
}

function valueBytes(vr: string, value: string | number | Buffer): Buffer {
  if (typeof value === 'number') {
    const word = Buffer.alloc(2);
    word.writeUInt16LE(value);
    return word;
  }
  if (typeof value !== 'string') return value;
  const bytes = Buffer.from(value, 'utf8');
  return bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.from(vr === 'UI' ? '\0' : ' ')]);
}
