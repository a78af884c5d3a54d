import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type DataSet, type DicomFile } from '../../src/dicom/data-set.ts';
import { readHeader } from '../../src/dicom/read-data-set.ts';

/** The CT of the stand-in planning system; structure sets have to belong to it. */
export interface KnownCt {
  readonly patientId: string;
  readonly studyInstanceUid: string;
  readonly frameOfReferenceUid: string;
  /** z of the plane in mm by SOP Instance UID. */
  readonly images: ReadonlyMap<string, number>;
}

/** Reads the CT instances of a folder and ignores other files. */
export async function knownCt(folder: string): Promise<KnownCt> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const images = new Map<string, number>();
  let first: DicomFile | undefined;
  for (const entry of entries.filter((one) => one.isFile())) {
    const file = await readHeader(join(entry.parentPath, entry.name)).catch(() => undefined);
    if (file === undefined || file.meta.sopClassUid !== '1.2.840.10008.5.1.4.1.1.2') continue;
    first ??= file;
    images.set(file.meta.sopInstanceUid, file.numbers('00200032')[2] ?? NaN);
  }
  if (first === undefined) throw new Error('no CT images in the folder');
  return {
    patientId: first.string('00100020') ?? '',
    studyInstanceUid: first.string('0020000d') ?? '',
    frameOfReferenceUid: first.string('00200052') ?? '',
    images,
  };
}

/**
 * The reasons for which an import as strict as Pinnacle's and Eclipse's would refuse this structure set; none when it would
 * accept it. Without a CT only the file itself is checked.
 */
export function refusals(file: DicomFile, ct: KnownCt | undefined): string[] {
  return [...judge(file, ct)];
}

function* judge(file: DicomFile, ct: KnownCt | undefined): Generator<string> {
  const label = file.string('30060002') ?? '';
  if (label === '' || label.length > 16) yield `Structure Set Label of ${label.length} characters`;
  if (file.string('00080060') !== 'RTSTRUCT') yield 'Modality is not RTSTRUCT';
  if (ct !== undefined) {
    if (file.string('00100020') !== ct.patientId && ct.patientId !== '') yield 'another Patient ID than the CT';
    if (file.string('0020000d') !== ct.studyInstanceUid) yield 'another Study Instance UID than the CT';
  }

  const frames = file.items('30060010');
  const frame = frames[0]?.string('00200052');
  if (frame === undefined) yield 'no Referenced Frame of Reference';
  if (ct !== undefined && frame !== ct.frameOfReferenceUid) yield "a Frame of Reference UID that is not the CT's";
  const referenced = new Set(
    frames
      .flatMap((item) => item.items('30060012'))
      .flatMap((study) => study.items('30060014'))
      .flatMap((series) => series.items('30060016'))
      .map((image) => image.string('00081155') ?? ''),
  );
  if (
    ct !== undefined &&
    (referenced.size !== ct.images.size || [...ct.images.keys()].some((uid) => !referenced.has(uid)))
  ) {
    yield `${referenced.size} images referenced, the CT has ${ct.images.size}`;
  }

  const rois = new Map(file.items('30060020').map((roi) => [roi.string('30060022') ?? '', roi]));
  if (rois.size === 0) yield 'no ROI';
  for (const [number, roi] of rois) yield* judgeRoi(number, roi, frame);
  const observed = new Set(file.items('30060080').map((observation) => observation.string('30060084')));
  for (const number of rois.keys()) if (!observed.has(number)) yield `ROI ${number} without RT ROI Observation`;
  for (const contoured of file.items('30060039')) {
    const number = contoured.string('30060084') ?? '';
    if (!rois.has(number)) yield `contours of an ROI ${number} that does not exist`;
    for (const contour of contoured.items('30060040')) yield* judgeContour(number, contour, referenced, ct);
  }
}

function* judgeRoi(number: string, roi: DataSet, frame: string | undefined): Generator<string> {
  const name = roi.string('30060026') ?? '';
  if (name === '' || name.length > 16) yield `ROI ${number} has a name of ${name.length} characters`;
  if (roi.string('30060024') !== frame) yield `ROI ${number} lies in another frame of reference`;
}

function* judgeContour(
  roi: string,
  contour: DataSet,
  referenced: ReadonlySet<string>,
  ct: KnownCt | undefined,
): Generator<string> {
  const values = contour.strings('30060050');
  const points = contour.numbers('30060046')[0] ?? 0;
  const long = values.find((value) => value.length > 16);
  if (long !== undefined) yield `ROI ${roi}: a decimal string of ${long.length} characters`;
  const coordinates = values.map(Number);
  if (coordinates.some((value) => !Number.isFinite(value))) yield `ROI ${roi}: a coordinate that is no number`;
  if (values.length !== points * 3) yield `ROI ${roi}: ${values.length} coordinates for ${points} points`;
  if (contour.string('30060042') === 'CLOSED_PLANAR') {
    if (points < 3) yield `ROI ${roi}: a closed contour of ${points} points`;
    if (points > 1 && [0, 1, 2].every((axis) => coordinates[axis] === coordinates.at(axis - 3))) {
      yield `ROI ${roi}: the first point is repeated at the end`;
    }
  }
  const images = contour.items('30060016').map((image) => image.string('00081155') ?? '');
  if (images.length !== 1) yield `ROI ${roi}: a contour with ${images.length} image references`;
  for (const image of images) {
    if (!referenced.has(image)) yield `ROI ${roi}: a contour on an image that is not in the list`;
    const z = ct?.images.get(image);
    if (z !== undefined && coordinates.some((value, i) => i % 3 === 2 && Math.abs(value - z) > 0.01)) {
      yield `ROI ${roi}: a contour beside the plane of its image`;
    }
  }
}
