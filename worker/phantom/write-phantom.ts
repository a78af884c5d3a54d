import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ctImageStorage } from '../../src/dicom/ct-instance.ts';
import { mrImageStorage } from '../../src/dicom/mr-image.ts';
import { parseDicom } from '../../src/dicom/read-data-set.ts';
import { patientStudyElements } from '../../src/dicom/patient-study.ts';
import { writeRtstruct } from '../../src/dicom/rtstruct/write-rtstruct.ts';
import { derivedUid } from '../../src/dicom/uid.ts';
import { version } from '../../src/version.ts';
import { maskContours } from '../contours/roi-contours.ts';
import { generatePhantom, type Phantom, type PhantomOptions } from './generate-phantom.ts';
import { writeCtSlice, type CtSeriesHeader, type PatientPosition } from './write-ct.ts';
import { writeMrSlice } from './write-mr.ts';
import { writeRegistration } from './write-registration.ts';

export interface WritePhantomOptions extends PhantomOptions {
  /** Default HFS; the patient stays the same, the stored matrix is turned. */
  readonly patientPosition?: PatientPosition;
  readonly onProgress?: (slices: number, total: number) => void;
}

export interface WrittenPhantom {
  readonly phantom: Phantom;
  /** From the feet to the head. */
  readonly ctFiles: readonly string[];
  /** The true structure set. */
  readonly structureSet: string;
  /** With `mr`: the MR from the feet to the head, and its registration to the CT. */
  readonly mrFiles: readonly string[];
  readonly registration?: string;
}

/** Colour and RT ROI Interpreted Type of the truth. */
const display: Record<string, { colour: readonly [number, number, number]; type: string }> = {
  GTVp: { colour: [255, 0, 0], type: 'GTV' },
  Parotid_L: { colour: [0, 160, 255], type: 'ORGAN' },
  Parotid_R: { colour: [0, 255, 160], type: 'ORGAN' },
  Mandible: { colour: [255, 200, 0], type: 'ORGAN' },
  SpinalCord: { colour: [255, 0, 255], type: 'ORGAN' },
};

/**
 * Writes the phantom of a seed: `ct/0001.dcm` … (from the feet to the head) and `truth.dcm`, its true structure set; with
 * `mr` also `mr/0001.dcm` … and `registration.dcm`, the true registration.
 * The same seed and options give the same bytes.
 */
export async function writePhantom(
  folder: string,
  seed: number,
  options: WritePhantomOptions = {},
): Promise<WrittenPhantom> {
  const { patientPosition = 'HFS', onProgress, ...scan } = options;
  const phantom = generatePhantom(seed, scan);
  const { volume } = phantom;
  const uid = (...parts: string[]): string =>
    derivedUid('2.25', 'phantom', version, String(seed), JSON.stringify(scan), patientPosition, ...parts);
  const header: CtSeriesHeader = {
    patientName: `Phantom^${seed}`,
    patientId: `PHANTOM-${seed}`,
    studyInstanceUid: uid('study'),
    seriesInstanceUid: uid('series'),
    frameOfReferenceUid: uid('frame'),
    date: '20260101',
    time: '120000',
    patientPosition,
    sopInstanceUid: (k) => uid('image', String(k)),
  };
  const mrSlices = phantom.mr?.image.size[2] ?? 0;
  const total = volume.grid.z.length + mrSlices;
  const ctFiles = await writeSlices(folder, 'ct', volume.grid.z.length, (k) => {
    onProgress?.(k + 1, total);
    return writeCtSlice(volume, k, header);
  });
  const structureSet = join(folder, 'truth.dcm');
  await writeFile(structureSet, trueStructureSet(phantom, header));
  if (phantom.mr === undefined) return { phantom, ctFiles, structureSet, mrFiles: [] };

  const { image, fromCt } = phantom.mr;
  const ofMr = {
    ...header,
    seriesInstanceUid: uid('mr series'),
    frameOfReferenceUid: uid('mr frame'),
    sopInstanceUid: (k: number) => uid('mr image', String(k)),
  };
  const mrFiles = await writeSlices(folder, 'mr', mrSlices, (k) => {
    onProgress?.(volume.grid.z.length + k + 1, total);
    return writeMrSlice(image, k, ofMr);
  });
  const uids = (slices: number, of: (k: number) => string) => Array.from({ length: slices }, (_, k) => of(k));
  const registration = join(folder, 'registration.dcm');
  const bytes = writeRegistration(
    { ...header, seriesInstanceUid: uid('registration series'), sopInstanceUid: uid('registration') },
    { ...header, sopClassUid: ctImageStorage, sopInstanceUids: uids(volume.grid.z.length, header.sopInstanceUid) },
    { ...ofMr, sopClassUid: mrImageStorage, sopInstanceUids: uids(mrSlices, ofMr.sopInstanceUid) },
    fromCt,
  );
  await writeFile(registration, bytes);
  return { phantom, ctFiles, structureSet, mrFiles, registration };
}

/** `FOLDER/NAME/0001.dcm` and so on. */
async function writeSlices(
  folder: string,
  name: string,
  slices: number,
  bytesOf: (k: number) => Buffer,
): Promise<string[]> {
  await mkdir(join(folder, name), { recursive: true });
  const files: string[] = [];
  for (let k = 0; k < slices; k++) {
    const path = join(folder, name, `${String(k + 1).padStart(4, '0')}.dcm`);
    await writeFile(path, bytesOf(k));
    files.push(path);
  }
  return files;
}

function trueStructureSet({ volume, truth }: Phantom, header: CtSeriesHeader): Buffer {
  const rois = truth.map(({ name, mask }, index) => ({
    number: index + 1,
    name,
    description: name === 'GTVp' ? 'with retropharyngeal nodes' : '',
    interpretedType: display[name]?.type ?? 'ORGAN',
    colour: display[name]?.colour ?? ([255, 255, 255] as const),
    holes: 'keyhole' as const,
    slices: maskContours(mask),
  }));
  return writeRtstruct(
    {
      uidRoot: '2.25',
      patientStudy: patientStudyElements(parseDicom(writeCtSlice(volume, 0, header))),
      ct: {
        ...header,
        images: Array.from(volume.grid.z, (z, k) => ({
          sopClassUid: ctImageStorage,
          sopInstanceUid: header.sopInstanceUid(k),
          z,
        })),
      },
      texts: {
        label: 'PHANTOM TRUTH',
        name: 'Truth of a generated phantom',
        seriesDescription: 'Truth of a generated phantom',
        manufacturer: 'contour-node',
        modelName: 'phantom',
        softwareVersions: [version],
        description: 'What the phantom was generated from; no person contoured it.',
      },
      stationName: 'PHANTOM',
      date: header.date,
      time: header.time,
      revision: 1,
      predecessors: [],
      generationAlgorithm: '',
      rois,
      determinants: [],
    },
    'explicit',
  );
}
