import { createHash } from 'node:crypto';
import { ContourNodeError } from '../errors.ts';
import { refuseDoubtful, type DataSet, type DicomFile } from './data-set.ts';
import { describedProjection } from './image-type.ts';
import type { MrAcquisition } from './mr-acquisition.ts';
import { type StudyValues, studyValues } from './readable-study.ts';
import { checkUid, checkUidLength, isUid } from './uid.ts';

export const ctImageStorage = '1.2.840.10008.5.1.4.1.1.2';

/** Value bytes of the patient-level attributes in hexadecimal, without trailing padding; '' where absent. */
export interface PatientIdentity {
  readonly patientId: string;
  readonly name: string;
  readonly birthDate: string;
  readonly sex: string;
  /** Specific Character Set, where one of the values goes beyond ASCII; else ''. */
  readonly characterSet: string;
}

/** What the header of a CT or MR image says. A number that is absent or garbled is NaN; ct-series.ts refuses it. */
export interface CtHeader {
  readonly transferSyntaxUid: string;
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  /** Of a multi-frame instance, the frame from 1; absent for a classic image. */
  readonly frameNumber?: number;
  readonly seriesInstanceUid: string;
  readonly studyInstanceUid: string;
  /** '' where absent. */
  readonly frameOfReferenceUid: string;
  readonly identity: PatientIdentity;
  /** Absent in what an earlier version has kept. */
  readonly study?: StudyValues;
  readonly imageType: readonly string[];
  /** HFS, HFP, FFS, FFP…; '' where absent. */
  readonly patientPosition: string;
  /** Degrees; 0 where absent. */
  readonly gantryTilt: number;
  readonly rows: number;
  readonly columns: number;
  /** mm between rows, then between columns (PS3.3 10.7.1.3). */
  readonly pixelSpacing: readonly number[];
  /** x, y, z in mm of the centre of the first stored pixel (PS3.3 C.7.6.2.1.1). */
  readonly imagePosition: readonly number[];
  /** Direction cosines of a row, then of a column. */
  readonly imageOrientation: readonly number[];
  readonly slope: number;
  readonly intercept: number;
  /** '' where absent; CT numbers are HU. */
  readonly rescaleType: string;
  /** Stored value, or range of stored values, of pixels outside the image (PS3.3 C.7.5.1.1.2). */
  readonly padding?: readonly [number, number];
  readonly bitsAllocated: number;
  readonly bitsStored: number;
  readonly highBit: number;
  /** Pixel Representation: 0 unsigned, 1 two's complement. */
  readonly pixelRepresentation: number;
  readonly photometric: string;
  readonly samplesPerPixel: number;
  readonly numberOfFrames: number;
  /** Lossy compressed now or at any time before, by header or transfer syntax. */
  readonly lossy: boolean;
  readonly instanceNumber: string;
  /** What tells two runs of the scanner, or two reconstructions, under one series apart; '' where absent. */
  readonly run?: {
    /** (0020,0012) */
    readonly acquisition: string;
    /** Series Date and Time. */
    readonly seriesTime: string;
    /** Convolution Kernel. */
    readonly kernel: string;
    /** Temporal Position Identifier or Index; this and what follows is absent in what an earlier version has kept. */
    readonly temporalPosition?: string;
    readonly kvp?: string;
    readonly sliceThickness?: string;
  };
  /** Codes of the Derivation Code Sequence (PS3.16 CID 7203); absent where there are none. */
  readonly derivation?: readonly string[];
  /** What beside Image Type says that this is a projection: `Series Description MIP`. */
  readonly projection?: string;
  /** Of an MR image. */
  readonly mr?: MrAcquisition;
  /** The instance has no Pixel Data. */
  readonly noPixels?: true;
  /** Bytes behind the uncompressed pixels; absent where there are none. */
  readonly surplusPixelBytes?: number;
  /** (0020,1209), which few senders give. */
  readonly numberOfSeriesRelatedInstances?: number;
  /** SHA-256 over the standard attributes outside sequences; the same in every transfer syntax. */
  readonly headerSha256: string;
}

/** Elements that decide what an image is, where it lies and whose it is: of these there has to be one. */
const decisive = new Set(
  (
    '00080005 00080008 00080016 00080018 00100010 00100020 00100030 00100040 00185100 0020000d 0020000e 00200032 ' +
    '00200037 00200052 00280002 00280004 00280008 00280010 00280011 00280030 00280100 00280101 00280102 00280103 ' +
    '00280120 00280121 00281052 00281053 00281054 52009229 52009230'
  ).split(' '),
);

/**
 * The header of a CT image.
 * @throws DICOM_NOT_CT another SOP class
 * @throws DICOM_UNREADABLE without the UIDs that name it; a decisive element that occurs twice with different values
 * @throws DICOM_UID a UID of more than 64 characters
 */
export function ctHeaderOf(file: DicomFile): CtHeader {
  const { sopClassUid } = file.meta;
  if (sopClassUid !== ctImageStorage) {
    // What is no UID may be any text, a name or a line break among it.
    throw new ContourNodeError('DICOM_NOT_CT', `not a CT image (${isUid(sopClassUid) ? sopClassUid : 'no SOP class'})`);
  }
  return headerOf(file, file);
}

/**
 * The header of any image.
 * @param values what describes the image: the file itself, or one frame of it
 * @throws DICOM_UNREADABLE, DICOM_UID as ctHeaderOf
 */
export function headerOf(file: DicomFile, values: DataSet): CtHeader {
  const { sopClassUid, sopInstanceUid, transferSyntaxUid } = file.meta;
  refuseDoubtful(file, (tag) => decisive.has(tag));
  const uid = (tag: string): string => file.string(tag)?.trim() ?? '';
  const studyInstanceUid = uid('0020000d');
  const seriesInstanceUid = uid('0020000e');
  checkUid('SOP Instance UID', sopInstanceUid);
  checkUid('Study Instance UID', studyInstanceUid);
  checkUid('Series Instance UID', seriesInstanceUid);
  const frameOfReferenceUid = uid('00200052');
  checkUidLength('Frame of Reference UID', frameOfReferenceUid);

  const number = (tag: string): number => values.numbers(tag)[0] ?? Number.NaN;
  const code = (tag: string): string => values.strings(tag)[0] ?? '';
  const pixelRepresentation = number('00280103');
  const padding = paddingRange(values, pixelRepresentation === 1);
  const related = number('00201209');
  const surplus = surplusPixelBytes(file);
  const derivation = values.items('00089215').flatMap((item) => item.strings('00080100'));
  const projection = describedProjection(values);
  return {
    transferSyntaxUid,
    sopClassUid,
    sopInstanceUid,
    seriesInstanceUid,
    studyInstanceUid,
    frameOfReferenceUid,
    identity: patientIdentity(file),
    study: studyValues(file),
    imageType: values.strings('00080008'),
    patientPosition: code('00185100'),
    gantryTilt: values.numbers('00181120')[0] ?? 0,
    rows: number('00280010'),
    columns: number('00280011'),
    pixelSpacing: values.numbers('00280030'),
    imagePosition: values.numbers('00200032'),
    imageOrientation: values.numbers('00200037'),
    slope: number('00281053'),
    intercept: number('00281052'),
    rescaleType: code('00281054'),
    ...(padding && { padding }),
    bitsAllocated: number('00280100'),
    bitsStored: number('00280101'),
    highBit: number('00280102'),
    pixelRepresentation,
    photometric: code('00280004'),
    samplesPerPixel: number('00280002'),
    numberOfFrames: values.numbers('00280008')[0] ?? 1,
    lossy: code('00282110') === '01' || file.transferSyntax.kind === 'lossy',
    instanceNumber: code('00200013'),
    run: {
      acquisition: code('00200012'),
      seriesTime: `${code('00080021')} ${code('00080031')}`.trim(),
      kernel: values.strings('00181210').join('\\'),
      temporalPosition: code('00200100') || String(values.numbers('00209128')[0] ?? ''),
      kvp: code('00180060'),
      sliceThickness: code('00180050'),
    },
    ...(derivation.length > 0 && { derivation }),
    ...(projection !== undefined && { projection }),
    ...(file.pixelData === undefined && { noPixels: true as const }),
    ...(surplus > 0 && { surplusPixelBytes: surplus }),
    ...(Number.isInteger(related) && related > 0 && { numberOfSeriesRelatedInstances: related }),
    headerSha256: headerSha256(file),
  };
}

/** Bytes behind those that the header asks for, padded to an even number (PS3.5 section 8.1.1). */
function surplusPixelBytes(file: DicomFile): number {
  const number = (tag: string): number => file.numbers(tag)[0] ?? Number.NaN;
  const samples = number('00280010') * number('00280011') * number('00280002') * (file.numbers('00280008')[0] ?? 1);
  const needed = 2 * Math.ceil((samples * number('00280100')) / 16);
  const { length } = file.pixelData ?? {};
  // One byte more makes an odd length even.
  return length === undefined || !(length > needed + 1) ? 0 : length - needed;
}

/** As the file has it, before anything is decoded. */
export function patientIdentity(file: DataSet): PatientIdentity {
  const values = ['00100020', '00100010', '00100030', '00100040'].map((tag) => trimmed(file.raw(tag)));
  const [patientId, name, birthDate, sex] = values.map((value) => value.toString('hex')) as [
    string,
    string,
    string,
    string,
  ];
  const beyondAscii = values.some((value) => value.some((byte) => byte >= 0x80 || byte === 0x1b));
  return { patientId, name, birthDate, sex, characterSet: beyondAscii ? (file.string('00080005') ?? '') : '' };
}

function trimmed(bytes: Uint8Array = new Uint8Array()): Buffer {
  let end = bytes.length;
  while (end > 0 && (bytes[end - 1] === 0x20 || bytes[end - 1] === 0)) end--;
  return Buffer.from(bytes.buffer, bytes.byteOffset, end);
}

/** Senders write the padding value as US or SS whatever the pixels are: its 16 bits count as those of a pixel. */
function paddingRange(file: DataSet, signed: boolean): [number, number] | undefined {
  const word = (tag: string): number | undefined => {
    const bytes = file.raw(tag);
    if (bytes?.length !== 2) return undefined;
    const value = bytes[0]! | (bytes[1]! << 8);
    return signed ? (value << 16) >> 16 : value;
  };
  const value = word('00280120');
  if (value === undefined) return undefined;
  const limit = word('00280121') ?? value;
  return [Math.min(value, limit), Math.max(value, limit)];
}

/** Attributes that a system changes on its way without changing the image. */
const changedOnTheWay = new Set([
  '00080001',
  '00080054',
  '00080056', // length to end, Retrieve AE Title, Instance Availability
  '00201200',
  '00201202',
  '00201204',
  '00201206',
  '00201208',
  '00201209', // numbers of related instances
]);

/**
 * Digest of tag, length and value of every standard attribute outside sequences, except group lengths, pixels and what
 * changes on the way. The values are those of little endian, so that another transfer syntax changes nothing.
 */
function headerSha256(file: DataSet): string {
  const hash = createHash('sha256');
  const tags = file.tags.filter((tag) => isImageAttribute(tag) && file.vr(tag) !== 'SQ');
  for (const tag of tags.sort()) {
    const value = file.raw(tag)!;
    hash.update(`${tag} ${value.length} `).update(value);
  }
  return hash.digest('hex');
}

function isImageAttribute(tag: string): boolean {
  const group = Number.parseInt(tag.slice(0, 4), 16);
  return group % 2 === 0 && group < 0x7fe0 && !tag.endsWith('0000') && !changedOnTheWay.has(tag);
}
