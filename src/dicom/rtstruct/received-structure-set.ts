import { ContourNodeError } from '../../errors.ts';
import { patientIdentity } from '../ct-header.ts';
import { refuseDoubtful, type DataSet, type DicomFile } from '../data-set.ts';
import { dataSetSha256 } from '../data-set-digest.ts';
import { isUid } from '../uid.ts';
import { isOfStructureSet, tag } from './tags.ts';

/** Approval Status (PS3.3 C.8.8.16): what counts as approved is APPROVED alone. */
export const approvals = ['APPROVED', 'UNAPPROVED', 'REJECTED', 'unknown'] as const;
export type Approval = (typeof approvals)[number];

/** What has to be known of a structure set from elsewhere to find the CT that it was drawn on; no coordinates but planes. */
export interface ReceivedStructureSet {
  readonly sopInstanceUid: string;
  /** Of everything in it; the same in every transfer syntax. */
  readonly contentSha256: string;
  /** Hexadecimal digits, as PatientIdentity has it. */
  readonly patientId: string;
  readonly approval: Approval;
  /** When it was last changed, as its writer says: `YYYYMMDDhhmmss` of that system's own clock. */
  readonly datedAt: string | undefined;
  /** SOP Instance UIDs that its contours name, and those that its frames of reference list. */
  readonly contourImages: readonly string[];
  readonly listedImages: readonly string[];
  readonly frameOfReferenceUids: readonly string[];
  /** z (mm) of every plane with a contour, in no order; NaN for coordinates that are no numbers. */
  readonly planes: readonly number[];
}

/**
 * The references of an RT Structure Set (PS3.3 A.19) of any system. Coordinates are not read, so that a large one does
 * not keep the node from its work.
 *
 * @throws ContourNodeError RTSTRUCT_UNREADABLE it defines no ROI; DICOM_UNREADABLE one of its elements is damaged
 */
export function receivedStructureSet(file: DicomFile): ReceivedStructureSet {
  refuseDoubtful(file, isOfStructureSet);
  if (file.items(tag.StructureSetROISequence).length === 0)
    throw new ContourNodeError('RTSTRUCT_UNREADABLE', 'the structure set defines no ROI');
  const frames = file.items(tag.ReferencedFrameOfReferenceSequence);
  const contours = file.items(tag.ROIContourSequence).flatMap((roi) => roi.items(tag.ContourSequence));
  const frameUids = [
    ...frames.map((frame) => frame.string(tag.FrameOfReferenceUID)),
    ...file.items(tag.StructureSetROISequence).map((roi) => roi.string(tag.ReferencedFrameOfReferenceUID)),
    file.string(tag.FrameOfReferenceUID),
  ];
  const status = file.strings(tag.ApprovalStatus)[0] ?? 'unknown';
  return {
    sopInstanceUid: file.meta.sopInstanceUid,
    contentSha256: dataSetSha256(file),
    patientId: patientIdentity(file).patientId,
    approval: approvals.find((known) => known === status) ?? 'unknown',
    datedAt: lastChange(file),
    contourImages: uids(contours.flatMap((contour) => referenced(contour))),
    listedImages: uids(
      frames
        .flatMap((frame) => frame.items(tag.RTReferencedStudySequence))
        .flatMap((study) => study.items(tag.RTReferencedSeriesSequence))
        .flatMap((series) => referenced(series)),
    ),
    frameOfReferenceUids: uids(frameUids),
    planes: [...new Set(contours.flatMap(planeOf))],
  };
}

function referenced(item: DataSet): (string | undefined)[] {
  return item.items(tag.ContourImageSequence).map((image) => image.string(tag.ReferencedSOPInstanceUID));
}

function uids(found: readonly (string | undefined)[]): string[] {
  return [...new Set(found.filter((uid) => uid !== undefined && isUid(uid)))] as string[];
}

/** A marker names a point and lies in no plane. */
function planeOf(contour: DataSet): number[] {
  if (contour.string(tag.ContourGeometricType) === 'POINT') return [];
  const data = contour.raw(tag.ContourData) ?? new Uint8Array();
  // Three decimal strings of 16 characters; longer ones come, and a few more bytes do no harm.
  const [, , z] = Buffer.from(data.subarray(0, 96)).toString('latin1').split('\\');
  return [z === undefined || z.trim() === '' ? Number.NaN : Number(z)];
}

/** The latest of the moments that a structure set bears: made, changed, reviewed. */
function lastChange(file: DataSet): string | undefined {
  const moments = [
    [tag.InstanceCreationDate, tag.InstanceCreationTime],
    [tag.StructureSetDate, tag.StructureSetTime],
    [tag.ReviewDate, tag.ReviewTime],
  ] as const;
  return moments
    .flatMap(([date, time]) => {
      const day = /^\d{8}$/.exec(file.strings(date)[0] ?? '')?.[0];
      if (day === undefined) return [];
      // PS3.5 table 6.2-1, TM: minutes and seconds may be absent.
      return [day + (/^\d{2,6}/.exec(file.strings(time)[0] ?? '')?.[0] ?? '').padEnd(6, '0')];
    })
    .toSorted()
    .at(-1);
}
