import { parseDicom } from '../../../src/dicom/read-data-set.ts';
import { matchToCt } from '../../../src/dicom/rtstruct/match-to-ct.ts';
import { readRtstruct } from '../../../src/dicom/rtstruct/read-rtstruct.ts';
import { receivedStructureSet } from '../../../src/dicom/rtstruct/received-structure-set.ts';
import { writeRtstruct } from '../../../src/dicom/rtstruct/write-rtstruct.ts';
import { exampleInput, exampleMasks, roiOf } from '../../dicom/rtstruct/example-structure-set.ts';
import { catalogued, type OpenTarget } from '../target.ts';

/** An RT Structure Set of another system, on the CT that it was drawn on. */
export const open: OpenTarget = async () => {
  const whole = roiOf('Solid', 1, exampleMasks['Solid']!, 'fill');
  const input = exampleInput([{ ...whole, slices: whole.slices.slice(0, 2) }]);
  const ct = {
    frameOfReferenceUid: input.ct.frameOfReferenceUid,
    slices: input.ct.images.map(({ sopInstanceUid, z }) => ({ sopInstanceUid, z })),
  };
  return {
    samples: [writeRtstruct(input, 'implicit'), writeRtstruct(input, 'explicit')],
    feed: (bytes) =>
      catalogued(() => {
        receivedStructureSet(parseDicom(bytes));
        matchToCt(readRtstruct(bytes), ct);
      }),
  };
};
