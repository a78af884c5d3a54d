import { copiedElements } from '../rtstruct/copied-elements.ts';
import { type DataElement, sequence, text, unsigned } from '../rtstruct/data-element.ts';
import { decimalString } from '../rtstruct/decimal-string.ts';
import {
  code,
  contributingEquipment,
  frameOfReference,
  generalEquipment,
  generalSeries,
  imageReference,
  instanceReferences,
  type StructureSetUids,
} from '../rtstruct/structure-set-modules.ts';
import { tag as common } from '../rtstruct/tags.ts';
import type { Code } from './anatomic-codes.ts';
import { displayColour } from './display-colour.ts';
import { segmentProperty } from './segment-property.ts';
import { framesOf, packedPixels, type SegmentFrame } from './segmentation-frames.ts';
import { type SegmentationInput, segmentationStorage, type SegmentInput } from './segmentation-input.ts';
import { tag } from './tags.ts';

/** Out of the way of the series that scanners count from 1, and of structure sets. */
const firstSeriesNumber = 2000;

export interface SegmentationUids extends StructureSetUids {
  readonly dimensionUid: string;
}

/** The data set of a Segmentation: the modules of PS3.3 table A.51-1. */
export function segmentationElements(input: SegmentationInput, uids: SegmentationUids): DataElement[] {
  const frames = framesOf(input.segments);
  return [
    ...copiedElements(input.patientStudy),
    // PS3.3 C.7.3.1 and C.8.20.1
    ...generalSeries(input, uids, { modality: 'SEG', number: firstSeriesNumber + input.revision }),
    ...frameOfReference(input),
    ...generalEquipment(input),
    // Type 1 in Enhanced General Equipment (PS3.3 C.7.5.2); a program has no serial number.
    text(tag.DeviceSerialNumber, 'LO', input.stationName),
    ...image(input, frames),
    sequence(tag.SegmentSequence, input.segments.map(segment(input))),
    ...functionalGroups(input, frames),
    ...dimensions(uids),
    // PS3.3 C.12.2
    sequence(tag.ReferencedSeriesSequence, [
      [
        text(common.SeriesInstanceUID, 'UI', input.ct.seriesInstanceUid),
        sequence(tag.ReferencedInstanceSequence, instanceReferences(input.ct.images)),
      ],
    ]),
    text(common.SOPClassUID, 'UI', segmentationStorage),
    text(common.SOPInstanceUID, 'UI', uids.sopInstanceUid),
    text(common.InstanceCreationDate, 'DA', input.date),
    text(common.InstanceCreationTime, 'TM', input.time),
    contributingEquipment(input),
  ];
}

/** PS3.3 C.7.6.1, C.7.6.3 and C.8.20.2 */
function image(input: SegmentationInput, frames: readonly SegmentFrame[]): DataElement[] {
  const { date, time, revision, texts, grid, lossy } = input;
  return [
    text(tag.ImageType, 'CS', 'DERIVED', 'PRIMARY'),
    text(common.InstanceNumber, 'IS', String(revision)),
    text(tag.ContentDate, 'DA', date),
    text(tag.ContentTime, 'TM', time),
    text(tag.ContentLabel, 'CS', 'SEGMENTATION'),
    text(tag.ContentDescription, 'LO', texts.name),
    text(tag.ContentCreatorName, 'PN', ''),
    unsigned(tag.SamplesPerPixel, 'US', 1),
    text(tag.PhotometricInterpretation, 'CS', 'MONOCHROME2'),
    text(tag.NumberOfFrames, 'IS', String(frames.length)),
    unsigned(tag.Rows, 'US', grid.rows),
    unsigned(tag.Columns, 'US', grid.columns),
    unsigned(tag.BitsAllocated, 'US', 1),
    unsigned(tag.BitsStored, 'US', 1),
    unsigned(tag.HighBit, 'US', 0),
    unsigned(tag.PixelRepresentation, 'US', 0),
    text(tag.LossyImageCompression, 'CS', lossy === undefined ? '00' : '01'),
    ...(lossy ?? []),
    text(tag.SegmentationType, 'CS', 'BINARY'),
    // An organ lies within the body, a tumour within its margin.
    text(tag.SegmentsOverlap, 'CS', input.segments.length > 1 ? 'UNDEFINED' : 'NO'),
    { tag: tag.PixelData, vr: 'OW', bytes: packedPixels(frames, input.segments, grid) },
  ];
}

/** PS3.3 C.8.20.4 */
function segment({ texts }: SegmentationInput): (segment: SegmentInput, index: number) => DataElement[] {
  return ({ label, description, name, type: interpretedType, colour }, index) => {
    const { category, type, modifier } = segmentProperty(name, interpretedType);
    const modifiers =
      modifier === undefined ? [] : [codeSequence(tag.SegmentedPropertyTypeModifierCodeSequence, modifier)];
    return [
      unsigned(tag.SegmentNumber, 'US', index + 1),
      text(tag.SegmentLabel, 'LO', label),
      ...(description === '' ? [] : [text(tag.SegmentDescription, 'ST', description)]),
      text(tag.SegmentAlgorithmType, 'CS', 'AUTOMATIC'),
      text(tag.SegmentAlgorithmName, 'LO', texts.name),
      codeSequence(tag.SegmentedPropertyCategoryCodeSequence, category),
      sequence(tag.SegmentedPropertyTypeCodeSequence, [[...codeItem(type), ...modifiers]]),
      unsigned(tag.RecommendedDisplayCIELabValue, 'US', ...displayColour(colour)),
    ];
  };
}

/** PS3.3 C.7.6.16 */
function functionalGroups({ ct, grid }: SegmentationInput, frames: readonly SegmentFrame[]): DataElement[] {
  const { spacing, origins, column } = grid;
  const position = new Map(
    [...new Set(frames.map(({ slice }) => slice))].toSorted((a, b) => a - b).map((k, n) => [k, n + 1]),
  );
  const [first, second] = [origins[0]!, origins[1]];
  const step = second === undefined ? undefined : Math.hypot(...first.map((at, axis) => second[axis]! - at));
  const orientation = [1, 0, 0, 0, ...column].map(decimalString);
  return [
    sequence(tag.SharedFunctionalGroupsSequence, [
      [
        sequence(tag.PixelMeasuresSequence, [
          [
            ...(step === undefined ? [] : [text(tag.SliceThickness, 'DS', decimalString(step))]),
            text(tag.PixelSpacing, 'DS', decimalString(spacing[1]), decimalString(spacing[0])),
          ],
        ]),
        sequence(tag.PlaneOrientationSequence, [[text(tag.ImageOrientationPatient, 'DS', ...orientation)]]),
      ],
    ]),
    sequence(
      tag.PerFrameFunctionalGroupsSequence,
      frames.map(({ segment: number, slice }) => [
        sequence(tag.DerivationImageSequence, [
          [
            sequence(tag.SourceImageSequence, [
              [
                ...imageReference(ct.images[slice]!),
                ...(grid.isAsStored ? [text(tag.SpatialLocationsPreserved, 'CS', 'YES')] : []),
                // PS3.16 CID 7202
                sequence(common.PurposeOfReferenceCodeSequence, [
                  code('121322', 'DCM', 'Source image for image processing operation'),
                ]),
              ],
            ]),
            // PS3.16 CID 7203
            sequence(tag.DerivationCodeSequence, [code('113076', 'DCM', 'Segmentation')]),
          ],
        ]),
        sequence(tag.FrameContentSequence, [[unsigned(tag.DimensionIndexValues, 'UL', number, position.get(slice)!)]]),
        sequence(tag.PlanePositionSequence, [
          [text(tag.ImagePositionPatient, 'DS', ...origins[slice]!.map(decimalString))],
        ]),
        sequence(tag.SegmentIdentificationSequence, [[unsigned(tag.ReferencedSegmentNumber, 'US', number)]]),
      ]),
    ),
  ];
}

/** PS3.3 C.7.6.17: segment by segment, and within one from the feet to the head. */
function dimensions({ dimensionUid }: SegmentationUids): DataElement[] {
  const index = (pointer: string, group: string): DataElement[] => [
    text(tag.DimensionOrganizationUID, 'UI', dimensionUid),
    attributeTag(tag.DimensionIndexPointer, pointer),
    attributeTag(tag.FunctionalGroupPointer, group),
  ];
  return [
    sequence(tag.DimensionOrganizationSequence, [[text(tag.DimensionOrganizationUID, 'UI', dimensionUid)]]),
    sequence(tag.DimensionIndexSequence, [
      index(tag.ReferencedSegmentNumber, tag.SegmentIdentificationSequence),
      index(tag.ImagePositionPatient, tag.PlanePositionSequence),
    ]),
  ];
}

/** VR AT: group and element as two numbers of 16 bits. */
function attributeTag(at: string, pointed: string): DataElement {
  const [group, element] = [pointed.slice(0, 4), pointed.slice(4)].map((part) => Number.parseInt(part, 16));
  return { ...unsigned(at, 'US', group!, element!), vr: 'AT' };
}

function codeSequence(at: string, one: Code): DataElement {
  return sequence(at, [codeItem(one)]);
}

function codeItem({ value, scheme, meaning }: Code): DataElement[] {
  return code(value, scheme, meaning);
}
