import { ContourNodeError } from '../../errors.ts';
import type { Warning } from '../../warning.ts';
import type { SlicePlanes } from '../ct-geometry.ts';
import { parseDicom } from '../read-data-set.ts';
import { refuseDoubtful, type DataSet } from '../data-set.ts';
import { rtStructureSetStorage } from './structure-set.ts';
import type { Contour, StructureSet, StructureSetRoi } from './structure-set.ts';
import { isOfStructureSet, tag } from './tags.ts';

/** Terms of Contour Geometric Type (PS3.3 C.8.8.6.1) that enclose an area. */
const closed = new Set(['CLOSED_PLANAR', 'CLOSEDPLANAR_XOR']);
/** PS3.5 table 6.2-1: DS. */
const longestDecimalString = 16;
/** Direction cosines of the columns of a plane, along y and z; its rows run along x. */
type PlaneColumn = SlicePlanes['column'];

const axial: PlaneColumn = [1, 0];
/** Points of one contour may lie this far apart along the normal of its plane, mm: what rounding in other programs leaves. */
const planeTolerance = 0.05;

/**
 * Reads an RT Structure Set (PS3.3 A.19) of any system. Contours that enclose no area in an axial plane (points, open
 * or oblique lines, fewer than three points, coordinates that are no numbers) are left out, with a warning for each ROI
 * and cause. Coordinates that break the VR (longer than 16 characters) are read with a warning.
 *
 * @param column of the CT's planes, where they are tilted: the contours have to lie in these
 * @throws DICOM_UNREADABLE not DICOM or truncated
 * @throws RTSTRUCT_UNREADABLE another SOP class, or no ROI at all
 */
export function readRtstruct(bytes: Uint8Array, column: PlaneColumn = axial): StructureSet {
  const file = parseDicom(bytes);
  if (file.meta.sopClassUid !== rtStructureSetStorage) {
    throw new ContourNodeError('RTSTRUCT_UNREADABLE', 'the file is not an RT Structure Set', {
      remedy: 'give an RTSTRUCT file',
    });
  }
  refuseDoubtful(file, isOfStructureSet);
  const definitions = file.items(tag.StructureSetROISequence);
  if (definitions.length === 0) throw new ContourNodeError('RTSTRUCT_UNREADABLE', 'the structure set defines no ROI');

  const warnings: Warning[] = [];
  const observations = byReferencedRoi(file.items(tag.RTROIObservationsSequence));
  const roiContours = byReferencedRoi(file.items(tag.ROIContourSequence));
  const rois = definitions.map((definition, index) => {
    const number = definition.numbers(tag.ROINumber)[0] ?? index + 1;
    return readRoi(number, definition, observations.get(number), roiContours.get(number), column, warnings);
  });

  const frames = file.items(tag.ReferencedFrameOfReferenceSequence);
  const seriesUids = new Set(
    frames
      .flatMap((frame) => frame.items(tag.RTReferencedStudySequence))
      .flatMap((study) => study.items(tag.RTReferencedSeriesSequence))
      .flatMap((series) => series.string(tag.SeriesInstanceUID) ?? []),
  );
  const [referencedSeriesUid] = seriesUids;
  return {
    sopInstanceUid: file.meta.sopInstanceUid,
    label: file.texts(tag.StructureSetLabel)[0] ?? '',
    patientId: file.texts(tag.PatientID)[0] ?? '',
    studyInstanceUid: file.string(tag.StudyInstanceUID) ?? '',
    frameOfReferenceUid:
      frames[0]?.string(tag.FrameOfReferenceUID) ??
      definitions[0]!.string(tag.ReferencedFrameOfReferenceUID) ??
      file.string(tag.FrameOfReferenceUID) ??
      '',
    ...(seriesUids.size === 1 && referencedSeriesUid !== undefined ? { referencedSeriesUid } : {}),
    rois,
    warnings,
  };
}

function byReferencedRoi(items: readonly DataSet[]): Map<number, DataSet> {
  const found = new Map<number, DataSet>();
  for (const item of items) {
    const number = item.numbers(tag.ReferencedROINumber)[0];
    if (number !== undefined && !found.has(number)) found.set(number, item);
  }
  return found;
}

function readRoi(
  number: number,
  definition: DataSet,
  observation: DataSet | undefined,
  roiContour: DataSet | undefined,
  column: PlaneColumn,
  warnings: Warning[],
): StructureSetRoi {
  const name = definition.texts(tag.ROIName)[0] ?? `ROI ${number}`;
  const contours: Contour[] = [];
  const leftOut = new Map<string, number>();
  let tooLong = 0;
  for (const item of roiContour?.items(tag.ContourSequence) ?? []) {
    const geometricType = item.string(tag.ContourGeometricType) ?? '';
    const points = Float64Array.from(item.numbers(tag.ContourData));
    const cause = unusable(geometricType, points, column);
    if (cause !== undefined) {
      leftOut.set(cause, (leftOut.get(cause) ?? 0) + 1);
      continue;
    }
    if (hasLongDecimalString(item.raw(tag.ContourData))) tooLong++;
    const referencedSopInstanceUid = item.items(tag.ContourImageSequence)[0]?.string(tag.ReferencedSOPInstanceUID);
    contours.push({
      points,
      geometricType,
      ...(referencedSopInstanceUid === undefined ? {} : { referencedSopInstanceUid }),
    });
  }
  for (const [cause, count] of leftOut) {
    warnings.push({
      code: 'CONTOURS_LEFT_OUT',
      text: `${name}: ${count} contour${count === 1 ? '' : 's'} left out: ${cause}`,
    });
  }
  if (tooLong > 0) {
    warnings.push({
      code: 'DECIMAL_STRING_TOO_LONG',
      text: `${name}: ${tooLong} contours with coordinates longer than 16 characters`,
    });
  }
  const colour = roiContour?.numbers(tag.ROIDisplayColor) ?? [];
  const frameOfReferenceUid = definition.string(tag.ReferencedFrameOfReferenceUID);
  return {
    number,
    name,
    type: observation?.string(tag.RTROIInterpretedType) ?? '',
    ...(colour.length === 3 ? { colour: colour as unknown as readonly [number, number, number] } : {}),
    ...(frameOfReferenceUid === undefined ? {} : { frameOfReferenceUid }),
    contours,
  };
}

/** Why a contour encloses no area in a plane of those columns. */
function unusable(geometricType: string, points: Float64Array, [cy, cz]: PlaneColumn): string | undefined {
  if (!closed.has(geometricType)) return `geometric type ${geometricType === '' ? 'absent' : geometricType}`;
  if (points.length % 3 !== 0 || points.some(Number.isNaN)) return 'coordinates that are no triplets of numbers';
  if (points.length < 9) return 'fewer than three points';
  const height = (p: number): number => (cz === 0 ? points[p + 2]! : points[p + 2]! * cy - points[p + 1]! * cz);
  for (let p = 3; p < points.length; p += 3) {
    if (Math.abs(height(p) - height(0)) > planeTolerance)
      return cz === 0 ? 'not in an axial plane' : 'not in a plane of the tilted slices';
  }
  return undefined;
}

function hasLongDecimalString(value: Uint8Array | undefined): boolean {
  let length = 0;
  for (const byte of value ?? []) {
    length = byte === 0x5c ? 0 : length + 1;
    // The padding space of the whole value does not count.
    if (length > longestDecimalString && byte !== 0x20) return true;
  }
  return false;
}
