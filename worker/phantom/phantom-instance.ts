import { type DataElement, text } from '../../src/dicom/rtstruct/data-element.ts';
import { version } from '../../src/version.ts';

/** Attributes that all instances of a written phantom series share; texts are ASCII. */
export interface InstanceHeader {
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
}

/** The modules Patient, Study, Series, Frame of Reference, Equipment and SOP Common (PS3.3 C.7, C.12.1). */
export function instanceElements(
  header: InstanceHeader,
  {
    sopClassUid,
    sopInstanceUid,
    modality,
    seriesDescription,
    seriesNumber,
  }: {
    sopClassUid: string;
    sopInstanceUid: string;
    modality: string;
    seriesDescription: string;
    seriesNumber: number;
  },
): DataElement[] {
  return [
    text('00080016', 'UI', sopClassUid),
    text('00080018', 'UI', sopInstanceUid),
    text('00080020', 'DA', header.date),
    text('00080021', 'DA', header.date),
    text('00080023', 'DA', header.date),
    text('00080030', 'TM', header.time),
    text('00080031', 'TM', header.time),
    text('00080033', 'TM', header.time),
    text('00080050', 'SH', ''),
    text('00080060', 'CS', modality),
    text('00080070', 'LO', 'contour-node'),
    text('00080090', 'PN', ''),
    text('00081030', 'LO', header.studyDescription ?? 'Generated phantom'),
    text('0008103e', 'LO', seriesDescription),
    text('00081090', 'LO', 'phantom'),
    text('00100010', 'PN', header.patientName),
    text('00100020', 'LO', header.patientId),
    text('00100030', 'DA', ''),
    text('00100040', 'CS', 'O'),
    text('00181020', 'LO', version),
    text('00181030', 'LO', 'HeadNeck Phantom'),
    text('0020000d', 'UI', header.studyInstanceUid),
    text('0020000e', 'UI', header.seriesInstanceUid),
    text('00200010', 'SH', '1'),
    text('00200011', 'IS', String(seriesNumber)),
    text('00200052', 'UI', header.frameOfReferenceUid),
    text('00201040', 'LO', ''),
  ];
}

/** Pixel Data of 16 bits allocated. */
export function pixelDataElement(pixels: Uint8Array): DataElement {
  return { tag: '7fe00010', vr: 'OW', bytes: pixels };
}
