import { ContourNodeError } from '../../errors.ts';
import { copiedElements } from './copied-elements.ts';
import { joined, sequence, text } from './data-element.ts';
import type { DataElement } from './data-element.ts';
import { contourData } from './contour-data.ts';
import { geometricTypeOf, ringsOf } from './hole-mode.ts';
import type { ReferencedImage, RoiInput, StructureSetInput } from './structure-set-input.ts';
import { rtStructureSetStorage } from './structure-set.ts';
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
function rtSeries(input: StructureSetInput, uids: StructureSetUids): DataElement[] {
  const series = { modality: 'RTSTRUCT', number: firstSeriesNumber + input.revision };
  return [...generalSeries(input, uids, series), text(tag.OperatorsName, 'PN', '')];
}

/** PS3.3 C.7.3.1 */
export function generalSeries(
  { texts, date, time }: Pick<StructureSetInput, 'texts' | 'date' | 'time'>,
  { seriesInstanceUid }: StructureSetUids,
  { modality, number }: { readonly modality: string; readonly number: number },
): DataElement[] {
  return [
    text(tag.Modality, 'CS', modality),
    text(tag.SeriesInstanceUID, 'UI', seriesInstanceUid),
    text(tag.SeriesNumber, 'IS', String(number)),
    text(tag.SeriesDate, 'DA', date),
    text(tag.SeriesTime, 'TM', time),
    text(tag.SeriesDescription, 'LO', texts.seriesDescription),
  ];
}

/** PS3.3 C.7.4.1 */
export function frameOfReference({ ct }: Pick<StructureSetInput, 'ct'>): DataElement[] {
  return [text(tag.FrameOfReferenceUID, 'UI', ct.frameOfReferenceUid), text(tag.PositionReferenceIndicator, 'LO', '')];
}

type Equipment = Pick<StructureSetInput, 'texts' | 'stationName'>;

/** PS3.3 C.7.5.1 */
export function generalEquipment({ texts, stationName }: Equipment): DataElement[] {
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
    contributingEquipment(input),
  ];
}

/** PS3.3 C.12.1.1.5 */
export function contributingEquipment(input: Equipment & Pick<StructureSetInput, 'date' | 'time'>): DataElement {
  return sequence(tag.ContributingEquipmentSequence, [
    [
      // PS3.16 CID 7005
      sequence(tag.PurposeOfReferenceCodeSequence, [code('109102', 'DCM', 'Processing Equipment')]),
      ...generalEquipment(input),
      text(tag.ContributionDateTime, 'DT', input.date + input.time),
      text(tag.ContributionDescription, 'ST', input.texts.description),
    ],
  ]);
}

/** PS3.3 8.8: an item of a code sequence. */
export function code(value: string, scheme: string, meaning: string): DataElement[] {
  return [
    text(tag.CodeValue, 'SH', value),
    text(tag.CodingSchemeDesignator, 'SH', scheme),
    text(tag.CodeMeaning, 'LO', meaning),
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
                sequence(tag.ContourImageSequence, instanceReferences(ct.images)),
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

/** PS3.3 table 10-3: of a multi-frame instance the frame is named. */
export function imageReference({ sopClassUid, sopInstanceUid, frameNumber }: ReferencedImage): DataElement[] {
  const frame = frameNumber === undefined ? [] : [text(tag.ReferencedFrameNumber, 'IS', String(frameNumber))];
  return [...reference(sopClassUid, sopInstanceUid), ...frame];
}

/** Every image once; a multi-frame instance with all its frames that are slices. */
export function instanceReferences(images: readonly ReferencedImage[]): DataElement[][] {
  return Array.from(Map.groupBy(images, ({ sopInstanceUid }) => sopInstanceUid).values(), (frames) => {
    const [first] = frames as [ReferencedImage];
    const numbers = frames.flatMap(({ frameNumber }) => frameNumber ?? []).toSorted((a, b) => a - b);
    const named = numbers.length === 0 ? [] : [text(tag.ReferencedFrameNumber, 'IS', ...numbers.map(String))];
    return [...reference(first.sopClassUid, first.sopInstanceUid), ...named];
  });
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
    for (const ring of ringsOf(polygons, roi.holes)) {
      const data = contourData(ring, image);
      if (data === undefined)
        throw invalid(`${roi.name} has a contour of fewer than three points, or with its first point repeated`);
      contours.push([
        text(tag.ContourNumber, 'IS', String(contours.length + 1)),
        sequence(tag.ContourImageSequence, [imageReference(image)]),
        text(tag.ContourGeometricType, 'CS', geometricType),
        text(tag.NumberOfContourPoints, 'IS', String(ring.length / 2)),
        joined(tag.ContourData, 'DS', data),
      ]);
    }
  }
  return [
    text(tag.ROIDisplayColor, 'IS', ...roi.colour.map(String)),
    text(tag.ReferencedROINumber, 'IS', String(roi.number)),
    ...(contours.length === 0 ? [] : [sequence(tag.ContourSequence, contours)]),
  ];
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
