import { columnOf, cross } from '../../src/dicom/affine.ts';
import { mrImageStorage } from '../../src/dicom/mr-image.ts';
import { fileMetaInformation } from '../../src/dicom/part10.ts';
import { encode, text, unsigned, type DataElement } from '../../src/dicom/rtstruct/data-element.ts';
import { decimalString } from '../../src/dicom/rtstruct/decimal-string.ts';
import { explicitVrLittleEndian } from '../../src/dicom/transfer-syntax.ts';
import type { ModalityImage } from '../volume/modality-image.ts';
import { type InstanceHeader, instanceElements, pixelDataElement } from './phantom-instance.ts';

/** The same for all slices of a written MR. */
export interface MrSeriesHeader extends InstanceHeader {
  /** SOP Instance UID of slice k. */
  readonly sopInstanceUid: (k: number) => string;
}

/**
 * Slice k of a T1-weighted spin echo after contrast agent as an MR Image Storage file (PS3.3 A.4), Explicit VR Little
 * Endian, 12 bits unsigned.
 */
export function writeMrSlice(
  { size: [nx, ny, nz], values, toPatient }: ModalityImage,
  k: number,
  header: MrSeriesHeader,
) {
  const sopInstanceUid = header.sopInstanceUid(k);
  const [row, column, step] = [0, 1, 2].map((axis) => columnOf(toPatient, axis)) as [Three, Three, Three];
  const [dx, dy, dz] = [row, column, step].map((axis) => Math.hypot(...axis)) as [number, number, number];
  const [across, down] = [unit(row), unit(column)];
  const normal = cross(across, down);
  const origin = columnOf(toPatient, 3).map((value, axis) => value + k * step[axis]!);
  const elements: DataElement[] = [
    ...instanceElements(header, {
      sopClassUid: mrImageStorage,
      sopInstanceUid,
      modality: 'MR',
      seriesDescription: 'T1 SE with contrast agent, generated',
      seriesNumber: 2,
    }),
    text('00080008', 'CS', 'ORIGINAL', 'PRIMARY', 'OTHER'),
    text('00180010', 'LO', 'generated agent'),
    text('00180015', 'CS', 'HEADNECK'),
    text('00180020', 'CS', 'SE'),
    text('00180021', 'CS', 'NONE'),
    text('00180022', 'CS', ''),
    text('00180023', 'CS', '2D'),
    text('00180050', 'DS', decimalString(dz)),
    text('00180080', 'DS', '600'),
    text('00180081', 'DS', '10'),
    text('00180087', 'DS', '1.5'),
    text('00180088', 'DS', decimalString(dz)),
    text('00180091', 'IS', '1'),
    text('00185100', 'CS', 'HFS'),
    text('00200012', 'IS', '1'),
    text('00200013', 'IS', String(nz - k)),
    text('00200032', 'DS', ...origin.map(decimalString)),
    text('00200037', 'DS', ...[...across, ...down].map(decimalString)),
    text('00201041', 'DS', decimalString(origin.reduce((sum, value, axis) => sum + value * normal[axis]!, 0))),
    unsigned('00280002', 'US', 1),
    text('00280004', 'CS', 'MONOCHROME2'),
    unsigned('00280010', 'US', ny),
    unsigned('00280011', 'US', nx),
    text('00280030', 'DS', decimalString(dy), decimalString(dx)),
    unsigned('00280100', 'US', 16),
    unsigned('00280101', 'US', 12),
    unsigned('00280102', 'US', 11),
    unsigned('00280103', 'US', 0),
    text('00281050', 'DS', '500'),
    text('00281051', 'DS', '1000'),
  ];
  const pixels = Buffer.alloc(nx * ny * 2);
  for (let at = 0; at < nx * ny; at += 1) pixels.writeUInt16LE(values[k * nx * ny + at]!, at * 2);
  const meta = fileMetaInformation({
    sopClassUid: mrImageStorage,
    sopInstanceUid,
    transferSyntaxUid: explicitVrLittleEndian,
  });
  return Buffer.concat([meta, encode([...elements, pixelDataElement(pixels)], 'explicit')]);
}

type Three = [number, number, number];

function unit(vector: Three): Three {
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length) as Three;
}
