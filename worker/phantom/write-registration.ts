import { type Affine, identity, inverse } from '../../src/dicom/affine.ts';
import { fileMetaInformation } from '../../src/dicom/part10.ts';
import { type DataElement, encode, joined, sequence, text } from '../../src/dicom/rtstruct/data-element.ts';
import { decimalString } from '../../src/dicom/rtstruct/decimal-string.ts';
import { spatialRegistrationStorage } from '../../src/dicom/spatial-registration.ts';
import { explicitVrLittleEndian } from '../../src/dicom/transfer-syntax.ts';
import { type InstanceHeader, instanceElements } from './phantom-instance.ts';

/** A series that a registration names. */
export interface RegisteredSeries {
  readonly studyInstanceUid: string;
  readonly seriesInstanceUid: string;
  readonly frameOfReferenceUid: string;
  readonly sopClassUid: string;
  readonly sopInstanceUids: readonly string[];
}

/**
 * A Spatial Registration (PS3.3 A.39) of an image to a CT, whose frame of reference it has: its matrix takes points of the
 * image's frame to the CT's (C.20.2.1.1), so it is the inverse of `fromCt`.
 * @param header of the registration's own series; its frame of reference is the CT's
 */
export function writeRegistration(
  header: InstanceHeader & { readonly sopInstanceUid: string },
  ct: RegisteredSeries,
  image: RegisteredSeries,
  fromCt: Affine,
): Buffer {
  const elements: DataElement[] = [
    ...instanceElements(header, {
      sopClassUid: spatialRegistrationStorage,
      sopInstanceUid: header.sopInstanceUid,
      modality: 'REG',
      seriesDescription: 'MR to CT, true registration of a phantom',
      seriesNumber: 3,
    }),
    text('00180015', 'CS', 'HEADNECK'),
    text('00181000', 'LO', 'none'),
    text('00200013', 'IS', '1'),
    text('00700080', 'CS', 'REGISTRATION'),
    text('00700081', 'LO', 'MR to CT'),
    text('00700084', 'PN', ''),
    sequence('00081115', [ct, image].map(seriesItem)),
    sequence('00700308', [registrationItem(ct, identity), registrationItem(image, inverse(fromCt))]),
  ];
  const meta = fileMetaInformation({
    sopClassUid: spatialRegistrationStorage,
    sopInstanceUid: header.sopInstanceUid,
    transferSyntaxUid: explicitVrLittleEndian,
  });
  return Buffer.concat([meta, encode(elements, 'explicit')]);
}

function images({ sopClassUid, sopInstanceUids }: RegisteredSeries): DataElement[][] {
  return sopInstanceUids.map((uid) => [text('00081150', 'UI', sopClassUid), text('00081155', 'UI', uid)]);
}

/** Common Instance Reference (PS3.3 C.12.2). */
function seriesItem(series: RegisteredSeries): DataElement[] {
  return [text('0020000e', 'UI', series.seriesInstanceUid), sequence('0008114a', images(series))];
}

function registrationItem(series: RegisteredSeries, matrix: Affine): DataElement[] {
  return [
    text('00200052', 'UI', series.frameOfReferenceUid),
    sequence('00081140', images(series)),
    sequence('00700309', [
      [
        sequence('0070030d', []),
        sequence('0070030a', [
          [text('0070030c', 'CS', 'RIGID'), joined('300600c6', 'DS', matrix.map(decimalString).join('\\'))],
        ]),
      ],
    ]),
  ];
}
