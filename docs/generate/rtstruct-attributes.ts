/** One attribute of the RT Structure Set that the node writes. */
export interface WrittenAttribute {
  /** Module of PS3.3 table A.19.3-1. */
  readonly module: string;
  /** Keywords from the data set inwards. */
  readonly path: string;
  /** Type in PS3.3. */
  readonly type: '1' | '1C' | '2' | '2C' | '3';
  /** `CT`: copied as raw bytes; otherwise who says it. */
  readonly source: string;
  readonly rule: string;
}

const copied = 'value bytes unchanged';
const copiedOrEmpty = 'value bytes unchanged; empty where the CT has none, or a value that breaks its VR';
const copiedOrAbsent = 'value bytes unchanged; absent where the CT has none, or a value that breaks its VR';

/** Path, type, source, rule of every attribute, by module. test/project/conformance/written-attributes.test.ts compares it with the writer. */
const modules: Readonly<Record<string, readonly (readonly [string, WrittenAttribute['type'], string, string])[]>> = {
  Patient: [
    ['PatientName', '2', 'CT', copied],
    ['PatientID', '2', 'CT', copied],
    ['IssuerOfPatientID', '3', 'CT', copied],
    ['PatientBirthDate', '2', 'CT', copied],
    ['PatientBirthTime', '3', 'CT', copied],
    ['PatientSex', '2', 'CT', copied],
  ],
  'General Study': [
    ['StudyInstanceUID', '1', 'CT', copied],
    ['StudyDate', '2', 'CT', copiedOrEmpty],
    ['StudyTime', '2', 'CT', copiedOrEmpty],
    ['ReferringPhysicianName', '2', 'CT', copiedOrEmpty],
    ['StudyID', '2', 'CT', copiedOrEmpty],
    ['AccessionNumber', '2', 'CT', copiedOrEmpty],
    ['StudyDescription', '3', 'CT', copiedOrAbsent],
  ],
  'Patient Study': [
    ['PatientAge', '3', 'CT', copiedOrAbsent],
    ['PatientSize', '3', 'CT', copiedOrAbsent],
    ['PatientWeight', '3', 'CT', copiedOrAbsent],
  ],
  'RT Series': [
    ['Modality', '1', 'node', '`RTSTRUCT`'],
    ['SeriesInstanceUID', '1', 'node', 'derived, see above'],
    ['SeriesNumber', '2', 'node', '1000 and the revision'],
    ['SeriesDate', '3', 'node', 'when the revision was first written'],
    ['SeriesTime', '3', 'node', 'when the revision was first written'],
    [
      'SeriesDescription',
      '3',
      'bundle, node',
      '`DEMO`, `RSRCH` or `AI`, model, version of the node; at most 64 characters',
    ],
    ['OperatorsName', '2', 'node', 'empty: no operator'],
  ],
  'Frame of Reference': [
    ['FrameOfReferenceUID', '1', 'CT', "the CT's"],
    ['PositionReferenceIndicator', '2', 'node', 'empty'],
  ],
  'General Equipment': [
    ['Manufacturer', '2', 'node', '`contour-node`'],
    ['ManufacturerModelName', '3', 'bundle', 'name of the bundle'],
    ['StationName', '3', 'configuration', '`dicom.aeTitle`'],
    ['SoftwareVersions', '3', 'node, bundle', 'two values: the node and the bundle with their versions'],
  ],
  'Structure Set': [
    [
      'StructureSetLabel',
      '1',
      'bundle, node',
      '`DEMO`, `RSRCH` or `AI`, the bundle, the revision; at most 16 characters',
    ],
    ['StructureSetName', '3', 'bundle', 'name and version'],
    [
      'StructureSetDescription',
      '3',
      'bundle, node',
      'that it is automatic, with which model, and that nobody has reviewed it',
    ],
    ['InstanceNumber', '3', 'node', 'the revision'],
    ['StructureSetDate', '2', 'node', 'when the revision was first written'],
    ['StructureSetTime', '2', 'node', 'when the revision was first written'],
    ['ReferencedFrameOfReferenceSequence', '3', 'CT', 'one item'],
    ['ReferencedFrameOfReferenceSequence > FrameOfReferenceUID', '1', 'CT', "the CT's"],
    ['ReferencedFrameOfReferenceSequence > RTReferencedStudySequence', '3', 'CT', 'one item'],
    [
      'ReferencedFrameOfReferenceSequence > RTReferencedStudySequence > ReferencedSOPClassUID',
      '1',
      'node',
      '1.2.840.10008.3.1.2.3.1 (retired, and what planning systems expect)',
    ],
    [
      'ReferencedFrameOfReferenceSequence > RTReferencedStudySequence > ReferencedSOPInstanceUID',
      '1',
      'CT',
      'Study Instance UID',
    ],
    [
      'ReferencedFrameOfReferenceSequence > RTReferencedStudySequence > RTReferencedSeriesSequence',
      '1',
      'CT',
      'one item',
    ],
    [
      'ReferencedFrameOfReferenceSequence > RTReferencedStudySequence > RTReferencedSeriesSequence > SeriesInstanceUID',
      '1',
      'CT',
      "the CT's",
    ],
    [
      'ReferencedFrameOfReferenceSequence > RTReferencedStudySequence > RTReferencedSeriesSequence > ContourImageSequence',
      '1',
      'CT',
      'every slice of the volume',
    ],
    [
      'ReferencedFrameOfReferenceSequence > RTReferencedStudySequence > RTReferencedSeriesSequence > ContourImageSequence > ReferencedSOPClassUID',
      '1',
      'CT',
      'of the slice',
    ],
    [
      'ReferencedFrameOfReferenceSequence > RTReferencedStudySequence > RTReferencedSeriesSequence > ContourImageSequence > ReferencedSOPInstanceUID',
      '1',
      'CT',
      'of the slice',
    ],
    ['PredecessorStructureSetSequence', '3', 'node', 'only where an earlier revision was delivered'],
    ['PredecessorStructureSetSequence > ReferencedSOPClassUID', '1', 'node', 'RT Structure Set Storage'],
    ['PredecessorStructureSetSequence > ReferencedSOPInstanceUID', '1', 'node', 'of the earlier one'],
    ['StructureSetROISequence', '3', 'bundle', 'one item for each ROI that the destination gets'],
    ['StructureSetROISequence > ROINumber', '1', 'node', 'counted from 1'],
    ['StructureSetROISequence > ReferencedFrameOfReferenceUID', '1', 'CT', "the CT's"],
    [
      'StructureSetROISequence > ROIName',
      '2',
      'bundle, configuration',
      '`destinations[].roiNames` or the name in the bundle, with `roiSuffix`; at most 16 characters',
    ],
    [
      'StructureSetROISequence > ROIDescription',
      '3',
      'bundle',
      'what the ROI contains; absent where the bundle says nothing',
    ],
    ['StructureSetROISequence > ROIGenerationAlgorithm', '2', 'node', '`AUTOMATIC`'],
    ['StructureSetROISequence > ROIGenerationDescription', '3', 'bundle', 'name and version'],
  ],
  'ROI Contour': [
    ['ROIContourSequence', '3', 'bundle', 'one item for each ROI'],
    ['ROIContourSequence > ROIDisplayColor', '3', 'bundle', 'three numbers'],
    ['ROIContourSequence > ReferencedROINumber', '1', 'node', 'the ROI Number'],
    [
      'ROIContourSequence > ContourSequence',
      '3',
      'node',
      'one item for each closed contour; absent for an ROI without any',
    ],
    ['ROIContourSequence > ContourSequence > ContourNumber', '3', 'node', 'counted from 1 in its ROI'],
    ['ROIContourSequence > ContourSequence > ContourImageSequence', '3', 'CT', 'the one slice that it lies in'],
    ['ROIContourSequence > ContourSequence > ContourImageSequence > ReferencedSOPClassUID', '1', 'CT', 'of the slice'],
    [
      'ROIContourSequence > ContourSequence > ContourImageSequence > ReferencedSOPInstanceUID',
      '1',
      'CT',
      'of the slice',
    ],
    [
      'ROIContourSequence > ContourSequence > ContourGeometricType',
      '1',
      'configuration',
      '`CLOSED_PLANAR`, or `CLOSEDPLANAR_XOR` where `holes` says so and the ROI has holes',
    ],
    ['ROIContourSequence > ContourSequence > NumberOfContourPoints', '1', 'node', 'at least 3'],
    [
      'ROIContourSequence > ContourSequence > ContourData',
      '1',
      'node',
      'mm, patient coordinates; x and y to 0.01 mm, z as Image Position (Patient) has it; at most 16 characters a value, the first point not repeated',
    ],
  ],
  'RT ROI Observations': [
    ['RTROIObservationsSequence', '3', 'bundle', 'one item for each ROI'],
    ['RTROIObservationsSequence > ObservationNumber', '1', 'node', 'the ROI Number'],
    ['RTROIObservationsSequence > ReferencedROINumber', '1', 'node', 'the ROI Number'],
    [
      'RTROIObservationsSequence > RTROIInterpretedType',
      '2',
      'bundle, configuration',
      '`destinations[].roiTypes` or the type in the bundle',
    ],
    ['RTROIObservationsSequence > ROIInterpreter', '2', 'node', 'empty'],
  ],
  Approval: [['ApprovalStatus', '1', 'node', '`UNAPPROVED`']],
  'SOP Common': [
    ['SpecificCharacterSet', '1C', 'CT', copied],
    ['SOPClassUID', '1', 'node', 'RT Structure Set Storage'],
    ['SOPInstanceUID', '1', 'node', 'derived, see above'],
    ['InstanceCreationDate', '3', 'node', 'when the revision was first written'],
    ['InstanceCreationTime', '3', 'node', 'when the revision was first written'],
    ['ContributingEquipmentSequence', '3', 'node', 'one item'],
    ['ContributingEquipmentSequence > PurposeOfReferenceCodeSequence', '1', 'node', 'one item'],
    ['ContributingEquipmentSequence > PurposeOfReferenceCodeSequence > CodeValue', '1C', 'node', '`109102`'],
    ['ContributingEquipmentSequence > PurposeOfReferenceCodeSequence > CodingSchemeDesignator', '1C', 'node', '`DCM`'],
    [
      'ContributingEquipmentSequence > PurposeOfReferenceCodeSequence > CodeMeaning',
      '1',
      'node',
      '`Processing Equipment`',
    ],
    ['ContributingEquipmentSequence > Manufacturer', '1', 'node', '`contour-node`'],
    ['ContributingEquipmentSequence > ManufacturerModelName', '3', 'bundle', 'name of the bundle'],
    ['ContributingEquipmentSequence > StationName', '3', 'configuration', '`dicom.aeTitle`'],
    [
      'ContributingEquipmentSequence > SoftwareVersions',
      '3',
      'node, bundle',
      'the node and the bundle with their versions',
    ],
    ['ContributingEquipmentSequence > ContributionDateTime', '3', 'node', 'when the revision was first written'],
    [
      'ContributingEquipmentSequence > ContributionDescription',
      '3',
      'bundle, node',
      'as the Structure Set Description',
    ],
  ],
};

export const writtenAttributes: readonly WrittenAttribute[] = Object.entries(modules).flatMap(([module, attributes]) =>
  attributes.map(([path, type, source, rule]) => ({ module, path, type, source, rule })),
);
