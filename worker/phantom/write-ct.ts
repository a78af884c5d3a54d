import { ctImageStorage } from '../../src/dicom/ct-instance.ts';
import { fileMetaInformation } from '../../src/dicom/part10.ts';
import { encode, text, type DataElement } from '../../src/dicom/rtstruct/data-element.ts';
import { decimalString } from '../../src/dicom/rtstruct/decimal-string.ts';
import { explicitVrLittleEndian } from '../../src/dicom/transfer-syntax.ts';
import { version } from '../../src/version.ts';
import type { Volume } from '../volume/volume.ts';

export const patientPositions = ['HFS', 'HFP', 'FFS', 'FFP'] as const;
export type PatientPosition = (typeof patientPositions)[number];

/** Attributes that all instances of a written series share; texts are ASCII. */
export interface CtSeriesHeader {
  readonly patientName: string;
  readonly patientId: string;
  /** Default: Generated phantom. */
  readonly studyDescription?: string;
  readonly studyInstanceUid: string;
  readonly seriesInstanceUid: string;
  readonly frameOfReferenceUid: string;
  /** DICOM DA and TM of study, series and instances. */
  readonly date: string;
  readonly time: string;
  readonly patientPosition: PatientPosition;
  /** SOP Instance UID of slice k. */
  readonly sopInstanceUid: (k: number) => string;
}

/**
 * Orientation of the stored matrix for each patient position (PS3.3 C.7.6.2.1.1): prone reverses rows and columns, feet
 * first mirrors the rows.
 */
const reversed: Record<PatientPosition, { columns: boolean; rows: boolean }> = {
  HFS: { columns: false, rows: false },
  HFP: { columns: true, rows: true },
  FFS: { columns: true, rows: false },
  FFP: { columns: false, rows: true },
};

/** Stored values run from 0 for this CT number; 12 bits reach up to 3071 HU. */
const intercept = -1024;

/** Slice k of a volume as a CT Image Storage file (PS3.3 A.3), Explicit VR Little Endian, 12 bits unsigned. */
export function writeCtSlice({ grid, hu }: Volume, k: number, header: CtSeriesHeader): Buffer {
  const [nx, ny, nz] = grid.size;
  const turned = reversed[header.patientPosition];
  const sopInstanceUid = header.sopInstanceUid(k);
  const x = grid.origin[0] + (turned.columns ? (nx - 1) * grid.spacing[0] : 0);
  const y = grid.origin[1] + (turned.rows ? (ny - 1) * grid.spacing[1] : 0);
  const thickness = nz > 1 ? grid.z[1]! - grid.z[0]! : 1;
  const elements: DataElement[] = [
    text('00080008', 'CS', 'ORIGINAL', 'PRIMARY', 'AXIAL'),
    text('00080016', 'UI', ctImageStorage),
    text('00080018', 'UI', sopInstanceUid),
    text('00080020', 'DA', header.date),
    text('00080021', 'DA', header.date),
    text('00080023', 'DA', header.date),
    text('00080030', 'TM', header.time),
    text('00080031', 'TM', header.time),
    text('00080033', 'TM', header.time),
    text('00080050', 'SH', ''),
    text('00080060', 'CS', 'CT'),
    text('00080070', 'LO', 'contour-node'),
    text('00080090', 'PN', ''),
    text('00081030', 'LO', header.studyDescription ?? 'Generated phantom'),
    text('0008103e', 'LO', 'Head and neck, generated'),
    text('00081090', 'LO', 'phantom'),
    text('00100010', 'PN', header.patientName),
    text('00100020', 'LO', header.patientId),
    text('00100030', 'DA', ''),
    text('00100040', 'CS', 'O'),
    text('00180015', 'CS', 'HEADNECK'),
    text('00180050', 'DS', decimalString(Number(thickness.toFixed(3)))),
    text('00180060', 'DS', '120'),
    text('00181020', 'LO', version),
    text('00181030', 'LO', 'HeadNeck Phantom'),
    text('00185100', 'CS', header.patientPosition),
    text('0020000d', 'UI', header.studyInstanceUid),
    text('0020000e', 'UI', header.seriesInstanceUid),
    text('00200010', 'SH', '1'),
    text('00200011', 'IS', '1'),
    text('00200012', 'IS', '1'),
    // Scanned from the head down where the head lies first.
    text('00200013', 'IS', String(header.patientPosition.startsWith('HF') ? nz - k : k + 1)),
    text('00200032', 'DS', decimalString(x), decimalString(y), decimalString(grid.z[k]!)),
    text('00200037', 'DS', turned.columns ? '-1' : '1', '0', '0', '0', turned.rows ? '-1' : '1', '0'),
    text('00200052', 'UI', header.frameOfReferenceUid),
    text('00201040', 'LO', ''),
    text('00201041', 'DS', decimalString(grid.z[k]!)),
    unsignedShort('00280002', 1),
    text('00280004', 'CS', 'MONOCHROME2'),
    unsignedShort('00280010', ny),
    unsignedShort('00280011', nx),
    text('00280030', 'DS', decimalString(grid.spacing[1]), decimalString(grid.spacing[0])),
    unsignedShort('00280100', 16),
    unsignedShort('00280101', 12),
    unsignedShort('00280102', 11),
    unsignedShort('00280103', 0),
    text('00281050', 'DS', '40'),
    text('00281051', 'DS', '400'),
    text('00281052', 'DS', String(intercept)),
    text('00281053', 'DS', '1'),
    text('00281054', 'LO', 'HU'),
  ];
  const pixels = Buffer.alloc(nx * ny * 2);
  for (let j = 0; j < ny; j++) {
    const row = (k * ny + (turned.rows ? ny - 1 - j : j)) * nx;
    for (let i = 0; i < nx; i++) {
      const stored = hu[row + (turned.columns ? nx - 1 - i : i)]! - intercept;
      pixels.writeUInt16LE(Math.min(4095, Math.max(0, stored)), (j * nx + i) * 2);
    }
  }
  // Pixel Data, OW: a 32-bit length in explicit VR (PS3.5 section 7.1.2).
  const pixelData = Buffer.from([0xe0, 0x7f, 0x10, 0x00, 0x4f, 0x57, 0, 0, 0, 0, 0, 0]);
  pixelData.writeUInt32LE(pixels.length, 8);
  const meta = fileMetaInformation({
    sopClassUid: ctImageStorage,
    sopInstanceUid,
    transferSyntaxUid: explicitVrLittleEndian,
  });
  return Buffer.concat([meta, encode(elements, 'explicit'), pixelData, pixels]);
}

function unsignedShort(tag: string, value: number): DataElement {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return { tag, vr: 'US', bytes };
}
