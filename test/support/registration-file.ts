import { fileMetaInformation } from '../../src/dicom/part10.ts';
import { type DataElement, encode, joined, sequence, text } from '../../src/dicom/rtstruct/data-element.ts';
import { spatialRegistrationStorage } from '../../src/dicom/spatial-registration.ts';
import { transferSyntaxes } from './ct-slice.ts';

export interface RegistrationFile {
  readonly series: string;
  readonly sopInstanceUid?: string;
  readonly study?: string;
  readonly patientId?: string;
  readonly patient?: string;
  readonly birthDate?: string;
  readonly sex?: string;
  /** Frame of Reference UID of the registration itself: where the matrices lead to. */
  readonly frame: string;
  readonly items: readonly {
    /** Where they come from. */
    readonly frame?: string;
    readonly images?: readonly string[];
    /** One matrix or several. */
    readonly matrix: readonly number[] | readonly (readonly number[])[];
    readonly type?: string;
  }[];
  readonly encoding?: 'implicit' | 'explicit';
}

export const identityMatrix = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];

/** Row-major: a shift, mm. */
export function shiftMatrix(x: number, y: number, z: number): number[] {
  return [1, 0, 0, x, 0, 1, 0, y, 0, 0, 1, z, 0, 0, 0, 1];
}

export function registrationUidOf(registration: RegistrationFile): string {
  return registration.sopInstanceUid ?? `${registration.series}.1`;
}

/** A Spatial Registration (PS3.3 A.39) as a DICOM file. */
export function registrationFile(registration: RegistrationFile): Buffer {
  const { encoding = 'implicit', items } = registration;
  const elements: DataElement[] = [
    text('00080016', 'UI', spatialRegistrationStorage),
    text('00080018', 'UI', registrationUidOf(registration)),
    text('00080020', 'DA', '20260102'),
    text('00080060', 'CS', 'REG'),
    text('00100010', 'PN', registration.patient ?? 'Doe^Jane'),
    text('00100020', 'LO', registration.patientId ?? 'P-1'),
    text('00100030', 'DA', registration.birthDate ?? '19600101'),
    text('00100040', 'CS', registration.sex ?? 'F'),
    text('0020000d', 'UI', registration.study ?? '1.2.3.900'),
    text('0020000e', 'UI', registration.series),
    text('00200052', 'UI', registration.frame),
    sequence('00700308', items.map(registrationItem)),
  ];
  return Buffer.concat([
    fileMetaInformation({
      sopClassUid: spatialRegistrationStorage,
      sopInstanceUid: registrationUidOf(registration),
      transferSyntaxUid: transferSyntaxes[encoding],
    }),
    encode(elements, encoding),
  ]);
}

function registrationItem({
  frame,
  images = [],
  matrix,
  type = 'RIGID',
}: RegistrationFile['items'][number]): DataElement[] {
  const matrices = (typeof matrix[0] === 'number' ? [matrix] : matrix) as readonly (readonly number[])[];
  return [
    ...(frame === undefined ? [] : [text('00200052', 'UI', frame)]),
    ...(images.length === 0
      ? []
      : [
          sequence(
            '00081140',
            images.map((uid) => [text('00081155', 'UI', uid)]),
          ),
        ]),
    sequence('00700309', [
      [
        sequence('0070030d', []),
        sequence(
          '0070030a',
          matrices.map((values) => [
            joined('300600c6', 'DS', values.map((value) => String(Number(value.toPrecision(9)))).join('\\')),
            ...(type === '' ? [] : [text('0070030c', 'CS', type)]),
          ]),
        ),
      ],
    ]),
  ];
}
