import { ctImageStorage } from '../../src/dicom/ct-instance.ts';
import { fileMetaInformation } from '../../src/dicom/part10.ts';
import { encode, text, unsigned, type DataElement } from '../../src/dicom/rtstruct/data-element.ts';
import { decimalString } from '../../src/dicom/rtstruct/decimal-string.ts';
import { explicitVrLittleEndian } from '../../src/dicom/transfer-syntax.ts';
import type { Volume } from '../volume/volume.ts';
import { type InstanceHeader, instanceElements, pixelDataElement } from './phantom-instance.ts';

export const patientPositions = ['HFS', 'HFP', 'FFS', 'FFP'] as const;
export type PatientPosition = (typeof patientPositions)[number];

/** Attributes that all instances of a written series share; texts are ASCII. */
export interface CtSeriesHeader extends InstanceHeader {
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
    ...instanceElements(header, {
      sopClassUid: ctImageStorage,
      sopInstanceUid,
      modality: 'CT',
      seriesDescription: 'Head and neck, generated',
      seriesNumber: 1,
    }),
    text('00080008', 'CS', 'ORIGINAL', 'PRIMARY', 'AXIAL'),
    text('00180015', 'CS', 'HEADNECK'),
    text('00180050', 'DS', decimalString(Number(thickness.toFixed(3)))),
    text('00180060', 'DS', '120'),
    text('00185100', 'CS', header.patientPosition),
    text('00200012', 'IS', '1'),
    // Scanned from the head down where the head lies first.
    text('00200013', 'IS', String(header.patientPosition.startsWith('HF') ? nz - k : k + 1)),
    text('00200032', 'DS', decimalString(x), decimalString(y), decimalString(grid.z[k]!)),
    text('00200037', 'DS', turned.columns ? '-1' : '1', '0', '0', '0', turned.rows ? '-1' : '1', '0'),
    text('00201041', 'DS', decimalString(grid.z[k]!)),
    unsigned('00280002', 'US', 1),
    text('00280004', 'CS', 'MONOCHROME2'),
    unsigned('00280010', 'US', ny),
    unsigned('00280011', 'US', nx),
    text('00280030', 'DS', decimalString(grid.spacing[1]), decimalString(grid.spacing[0])),
    unsigned('00280100', 'US', 16),
    unsigned('00280101', 'US', 12),
    unsigned('00280102', 'US', 11),
    unsigned('00280103', 'US', 0),
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
  const meta = fileMetaInformation({
    sopClassUid: ctImageStorage,
    sopInstanceUid,
    transferSyntaxUid: explicitVrLittleEndian,
  });
  return Buffer.concat([meta, encode([...elements, pixelDataElement(pixels)], 'explicit')]);
}
