import { fileMetaInformation } from '../part10.ts';
import { type Encoding, encode } from '../rtstruct/data-element.ts';
import type { StructureSetUids } from '../rtstruct/structure-set-modules.ts';
import { explicitVrLittleEndian, implicitVrLittleEndian } from '../transfer-syntax.ts';
import { derivedUid } from '../uid.ts';
import { type SegmentationInput, segmentationStorage } from './segmentation-input.ts';
import { segmentationElements } from './segmentation-modules.ts';

/** A segmentation ready to be written, with the same UIDs in either encoding. */
export interface PreparedSegmentation extends StructureSetUids {
  /** The DICOM file (PS3.10). */
  encode(encoding: Encoding): Buffer;
}

/**
 * A Segmentation (PS3.3 A.51) from its input alone. Its UIDs are a function of every byte of its data set and of what it
 * came from, as those of a structure set.
 * @throws RTSTRUCT_INVALID a text breaks its VR
 */
export function prepareSegmentation(input: SegmentationInput): PreparedSegmentation {
  const none = { sopInstanceUid: '', seriesInstanceUid: '', dimensionUid: '' };
  const bytes = encode(segmentationElements(input, none), 'implicit');
  const made = (level: string): string => derivedUid(input.uidRoot, 'SEG', level, bytes, ...input.determinants);
  const uids = {
    sopInstanceUid: made('instance'),
    seriesInstanceUid: made('series'),
    dimensionUid: made('dimensions'),
  };
  const elements = segmentationElements(input, uids);
  return {
    ...uids,
    encode: (encoding) =>
      Buffer.concat([
        fileMetaInformation({
          sopClassUid: segmentationStorage,
          sopInstanceUid: uids.sopInstanceUid,
          transferSyntaxUid: encoding === 'implicit' ? implicitVrLittleEndian : explicitVrLittleEndian,
        }),
        encode(elements, encoding),
      ]),
  };
}
