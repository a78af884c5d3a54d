import { ContourNodeError } from '../../errors.ts';
import { copiedElements } from './copied-elements.ts';
import { joined, sequence, text } from './data-element.ts';
import type { DataElement } from './data-element.ts';
import { decimalString, hundredths } from './decimal-string.ts';
import { geometricTypeOf, ringsOf } from './hole-mode.ts';
import type { RoiInput, StructureSetInput } from './structure-set-input.ts';
import { rtStructureSetStorage } from './structure-set.ts';
import type { Ring } from './structure-set.ts';
import { tag } from './tags.ts';

/** Detached Study Management (retired): the class that RT Referenced Study Sequence names by custom. */
const studyClass = '1.2.840.10008.3.1.2.3.1';
/** Out of the way of the series that scanners count from 1. */
const firstSeriesNumber = 1000;

export interface StructureSetUids {
  readonly sopInstanceUid: string;
  readonly seriesInstanceUid: string;
}

/** The data set of an RT Structure Set: the modules of PS3.3 table A.19.3-1. */
export function structureSetElements(input: StructureSetInput, uids: StructureSetUids): DataElement[] {
  return [
    ...copiedElements(input.patientStudy),
    ...rtSeries(input, uids),
    ...frameOfReference(input),
    ...generalEquipment(input),
    ...structureSet(input),
    sequence(
      tag.ROIContourSequence,
      input.rois.map((roi) => roiContour(roi, input)),
    ),
    sequence(tag.RTROIObservationsSequence, input.rois.map(roiObservation)),
    text(tag.ApprovalStatus, 'CS', 'UNAPPROVED'),
    ...sopCommon(input, uids),
  ];
}

/** PS3.3 C.8.8.1 */
function rtSeries(
  { texts, date, time, revision }: StructureSetInput,
  { seriesInstanceUid }: StructureSetUids,
): DataElement[] {
  return [
    text(tag.Modality, 'CS', 'RTSTRUCT'),
    text(tag.SeriesInstanceUID, 'UI', seriesInstanceUid),
    text(tag.SeriesNumber, 'IS', String(firstSeriesNumber + revision)),
    text(tag.SeriesDate, 'DA', date),
    text(tag.SeriesTime, 'TM', time),
    text(tag.SeriesDescription, 'LO', texts.seriesDescription),
    text(tag.OperatorsName, 'PN', ''),
  ];
}

/** PS3.3 C.7.4.1 */
function frameOfReference({ ct }: StructureSetInput): DataElement[] {
  return [text(tag.FrameOfReferenceUID, 'UI', ct.frameOfReferenceUid), text(tag.PositionReferenceIndicator, 'LO', '')];
}

/** PS3.3 C.7.5.1 */
function generalEquipment({ texts, stationName }: StructureSetInput): DataElement[] {
  return [
    text(tag.Manufacturer, 'LO', texts.manufacturer),
    text(tag.ManufacturerModelName, 'LO', texts.modelName),
    text(tag.StationName, 'SH', stationName),
    text(tag.SoftwareVersions, 'LO', ...texts.softwareVersions),
  ];
}

/** PS3.3 C.12.1, with the equipment that drew as contributing equipment (C.12.1.1.5). */
function sopCommon(input: StructureSetInput, { sopInstanceUid }: StructureSetUids): DataElement[] {
  return [
    text(tag.SOPClassUID, 'UI', rtStructureSetStorage),
    text(tag.SOPInstanceUID, 'UI', sopInstanceUid),
    text(tag.InstanceCreationDate, 'DA', input.date),
    text(tag.InstanceCreationTime, 'TM', input.time),
    sequence(tag.ContributingEquipmentSequence, [
      [
        sequence(tag.PurposeOfReferenceCodeSequence, [
          // PS3.16 CID 7005
          [
            text(tag.CodeValue, 'SH', '109102'),
            text(tag.CodingSchemeDesignator, 'SH', 'DCM'),
            text(tag.CodeMeaning, 'LO', 'Processing Equipment'),
          ],
        ]),
        ...generalEquipment(input),
        text(tag.ContributionDateTime, 'DT', input.date + input.time),
        text(tag.ContributionDescription, 'ST', input.texts.description),
      ],
    ]),
  ];
}

/** PS3.3 C.8.8.5 */
function structureSet(input: StructureSetInput): DataElement[] {
  const { texts, ct, rois, generationAlgorithm } = input;
  const predecessor = input.predecessors.at(-1);
  return [
    text(tag.StructureSetLabel, 'SH', texts.label),
    text(tag.StructureSetName, 'LO', texts.name),
    text(tag.StructureSetDescription, 'ST', texts.description),
    text(tag.InstanceNumber, 'IS', String(input.revision)),
    text(tag.StructureSetDate, 'DA', input.date),
    text(tag.StructureSetTime, 'TM', input.time),
    sequence(tag.ReferencedFrameOfReferenceSequence, [
      [
        text(tag.FrameOfReferenceUID, 'UI', ct.frameOfReferenceUid),
        sequence(tag.RTReferencedStudySequence, [
          [
            ...reference(studyClass, ct.studyInstanceUid),
            sequence(tag.RTReferencedSeriesSequence, [
              [
                text(tag.SeriesInstanceUID, 'UI', ct.seriesInstanceUid),
                sequence(
                  tag.ContourImageSequence,
                  ct.images.map((image) => reference(image.sopClassUid, image.sopInstanceUid)),
                ),
              ],
            ]),
          ],
        ]),
      ],
    ]),
    ...(predecessor === undefined
      ? []
      : [sequence(tag.PredecessorStructureSetSequence, [reference(rtStructureSetStorage, predecessor)])]),
    sequence(
      tag.StructureSetROISequence,
      rois.map((roi) => [
        text(tag.ROINumber, 'IS', String(roi.number)),
        text(tag.ReferencedFrameOfReferenceUID, 'UI', ct.frameOfReferenceUid),
        text(tag.ROIName, 'LO', roi.name),
        ...(roi.description === '' ? [] : [text(tag.ROIDescription, 'ST', roi.description)]),
        text(tag.ROIGenerationAlgorithm, 'CS', generationAlgorithm),
        text(tag.ROIGenerationDescription, 'LO', texts.name),
      ]),
    ),
  ];
}

function reference(sopClassUid: string, sopInstanceUid: string): DataElement[] {
  return [text(tag.ReferencedSOPClassUID, 'UI', sopClassUid), text(tag.ReferencedSOPInstanceUID, 'UI', sopInstanceUid)];
}

/** PS3.3 C.8.8.6 */
function roiContour(roi: RoiInput, { ct }: StructureSetInput): DataElement[] {
  const geometricType = geometricTypeOf(
    roi.slices.flatMap(({ polygons }) => polygons),
    roi.holes,
  );
  const contours: DataElement[][] = [];
  for (const { slice, polygons } of roi.slices) {
    const image = ct.images[slice];
    if (image === undefined) throw invalid(`${roi.name} has a contour in a slice that the CT has not`);
    const z = decimalString(image.z);
    for (const ring of ringsOf(polygons, roi.holes)) {
      contours.push([
        text(tag.ContourNumber, 'IS', String(contours.length + 1)),
        sequence(tag.ContourImageSequence, [reference(image.sopClassUid, image.sopInstanceUid)]),
        text(tag.ContourGeometricType, 'CS', geometricType),
        text(tag.NumberOfContourPoints, 'IS', String(ring.length / 2)),
        joined(tag.ContourData, 'DS', contourData(ring, z, roi.name)),
      ]);
    }
  }
  return [
    text(tag.ROIDisplayColor, 'IS', ...roi.colour.map(String)),
    text(tag.ReferencedROINumber, 'IS', String(roi.number)),
    ...(contours.length === 0 ? [] : [sequence(tag.ContourSequence, contours)]),
  ];
}

function contourData(ring: Ring, z: string, roiName: string): string {
  const values: string[] = [];
  for (let p = 0; p < ring.length; p += 2) values.push(hundredths(ring[p]!), hundredths(ring[p + 1]!), z);
  const closedTwice = values[0] === values.at(-3) && values[1] === values.at(-2);
  if (values.length < 9 || closedTwice)
    throw invalid(`${roiName} has a contour of fewer than three points, or with its first point repeated`);
  return values.join('\\');
}

/** PS3.3 C.8.8.8 */
function roiObservation(roi: RoiInput): DataElement[] {
  return [
    text(tag.ObservationNumber, 'IS', String(roi.number)),
    text(tag.ReferencedROINumber, 'IS', String(roi.number)),
    text(tag.RTROIInterpretedType, 'CS', roi.interpretedType),
    text(tag.ROIInterpreter, 'PN', ''),
  ];
}

function invalid(message: string): ContourNodeError {
  return new ContourNodeError('RTSTRUCT_INVALID', message);
}
