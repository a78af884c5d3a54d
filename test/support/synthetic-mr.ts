import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Affine, inverse, product, transformed } from '../../src/dicom/affine.ts';
import { mrImageStorage } from '../../src/dicom/mr-image.ts';
import { writeMrSlice } from '../../worker/phantom/write-mr.ts';
import { writeRegistration } from '../../worker/phantom/write-registration.ts';
import { alongAxes, rigid } from '../../worker/registration/rigid.ts';
import type { ModalityImage, PlacedImage } from '../../worker/volume/modality-image.ts';
import { type Ellipsoid, signedDepth } from './synthetic-ct.ts';

/** The head lies otherwise in the MR than in the CT of synthetic-ct.ts: by 24 mm and 8 degrees. */
export const headElsewhere: Affine = rigid([0.1, -0.05, 0.14], [18, -12, 9]);

/**
 * An MR of the patient of synthetic-ct.ts: a cylinder of signal 300 with ellipsoids of signal 900, in oblique slices.
 * @param ellipsoids in the frame of reference of the CT
 */
export function cylinderInMr(
  body: { centre: readonly [number, number]; radii: readonly [number, number] },
  ellipsoids: readonly Ellipsoid[],
  fromCt: Affine = headElsewhere,
): PlacedImage {
  const size = [120, 120, 40] as const;
  const spacing = [1.9, 1.9, 3];
  const own = rigid([0.07, 0, 0], transformed(fromCt, [0, 0, 18]));
  const middle = size.map((count, axis) => -((count - 1) / 2) * spacing[axis]!);
  const toPatient = product(own, alongAxes(spacing, middle));
  const toCt = product(inverse(fromCt), toPatient);
  const values = new Int16Array(size[0] * size[1] * size[2]);
  for (let k = 0, at = 0; k < size[2]; k += 1) {
    for (let j = 0; j < size[1]; j += 1) {
      for (let i = 0; i < size[0]; i += 1, at += 1) {
        const [x, y, z] = transformed(toCt, [i, j, k]);
        const inBody = ((x - body.centre[0]) / body.radii[0]) ** 2 + ((y - body.centre[1]) / body.radii[1]) ** 2 < 1;
        const isBright = ellipsoids.some((ellipsoid) => signedDepth(ellipsoid, x, y, z) > 0);
        values[at] = isBright ? 900 : inBody ? 300 : 0;
      }
    }
  }
  return { image: { size, values, toPatient }, fromCt };
}

/** Of the MR that `writeMrFolder` writes. */
export const mrUids = { series: '2.25.7710', frame: '2.25.7712' };

/** Writes an MR of the patient of `writeCtFolder`. @returns its files, from the feet to the head */
export async function writeMrFolder(
  folder: string,
  image: ModalityImage,
  { series, frame } = mrUids,
): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const files: string[] = [];
  for (let k = 0; k < image.size[2]; k += 1) {
    const path = join(folder, `mr-${k + 1}.dcm`);
    const header = {
      ...mrHeader,
      seriesInstanceUid: series,
      frameOfReferenceUid: frame,
      sopInstanceUid: (n: number) => `${series}.${n + 1}`,
    };
    await writeFile(path, writeMrSlice(image, k, header));
    files.push(path);
  }
  return files;
}

const mrHeader = {
  patientName: 'Test^Ellipsoid',
  patientId: 'T1',
  studyInstanceUid: '2.25.7701',
  seriesInstanceUid: mrUids.series,
  frameOfReferenceUid: mrUids.frame,
  date: '20260102',
  time: '030405',
};

/** Writes the registration of that MR to that CT. */
export async function writeRegistrationFile(path: string, fromCt: Affine, patientId = 'T1'): Promise<void> {
  const series = (uid: string, frame: string, sopClassUid: string) => ({
    studyInstanceUid: '2.25.7701',
    seriesInstanceUid: uid,
    frameOfReferenceUid: frame,
    sopClassUid,
    sopInstanceUids: [`${uid}.1`],
  });
  const header = {
    ...mrHeader,
    patientId,
    seriesInstanceUid: '2.25.7720',
    frameOfReferenceUid: '2.25.7702',
    sopInstanceUid: '2.25.7721',
  };
  const ct = series('2.25.7700', '2.25.7702', '1.2.840.10008.5.1.4.1.1.2');
  await writeFile(path, writeRegistration(header, ct, series(mrUids.series, mrUids.frame, mrImageStorage), fromCt));
}
