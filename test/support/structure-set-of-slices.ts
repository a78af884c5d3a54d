import { parseDicom } from '../../src/dicom/read-data-set.ts';
import { prepareRtstruct, type PreparedStructureSet } from '../../src/dicom/rtstruct/write-rtstruct.ts';
import { patientStudyElements } from '../../src/dicom/patient-study.ts';
import { exampleInput } from '../dicom/rtstruct/example-structure-set.ts';
import { type CtSlice, ctSliceFile, sopInstanceUidOf } from './ct-slice.ts';

/** A structure set of this node for a CT: a square of some mm in each of its inner slices. */
export function structureSetOfSlices(
  slices: readonly CtSlice[],
  names: readonly string[] = ['GTVp^AI'],
): PreparedStructureSet {
  const [first] = slices;
  const header = parseDicom(ctSliceFile(first!));
  const outer = Float64Array.from([-8, -8, 4, -8, 4, 4, -8, 4]);
  return prepareRtstruct(
    exampleInput(
      names.map((name, at) => ({
        number: at + 1,
        name,
        description: '',
        interpretedType: 'GTV',
        colour: [255, 0, 0],
        holes: 'fill',
        slices: slices.slice(1, -1).map((_, slice) => ({ slice: slice + 1, polygons: [{ outer, holes: [] }] })),
      })),
      {
        patientStudy: patientStudyElements(header),
        ct: {
          studyInstanceUid: header.string('0020000d')!,
          seriesInstanceUid: header.string('0020000e')!,
          frameOfReferenceUid: header.string('00200052')!,
          images: slices.map((slice) => ({
            sopClassUid: '1.2.840.10008.5.1.4.1.1.2',
            sopInstanceUid: sopInstanceUidOf(slice),
            z: slice.z ?? slice.number * 3,
          })),
        },
      },
    ),
  );
}
