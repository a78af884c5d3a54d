import { fileMetaInformation } from '../part10.ts';
import { explicitVrLittleEndian, implicitVrLittleEndian } from '../transfer-syntax.ts';
import { encode, longestShortValue } from './data-element.ts';
import type { DataElement, Encoding } from './data-element.ts';
import type { StructureSetInput } from './structure-set-input.ts';
import { structureSetElements } from './structure-set-modules.ts';
import type { StructureSetUids } from './structure-set-modules.ts';
import { structureSetUids } from './structure-set-uid.ts';
import { rtStructureSetStorage } from './structure-set.ts';

/** A structure set ready to be written, with the same UIDs in either encoding. */
export interface PreparedStructureSet extends StructureSetUids {
  /** The encodings that can hold it: explicit VR takes no contour of more than 65,534 bytes. */
  readonly encodings: readonly Encoding[];
  /** The DICOM file (PS3.10): preamble, file meta information, data set, nothing behind it. */
  encode(encoding: Encoding): Buffer;
}

/**
 * An RT Structure Set (PS3.3 A.19) from its input alone: no clock, no chance; the same input gives the same bytes.
 * @throws RTSTRUCT_INVALID a text breaks its VR, or a contour lies in no slice, has fewer than three points or repeats
 *   its first one
 */
export function prepareRtstruct(input: StructureSetInput): PreparedStructureSet {
  const uids = structureSetUids(input);
  const elements = structureSetElements(input, uids);
  return {
    ...uids,
    encodings: isShort(elements) ? ['implicit', 'explicit'] : ['implicit'],
    encode: (encoding) =>
      Buffer.concat([
        fileMetaInformation({
          sopClassUid: rtStructureSetStorage,
          sopInstanceUid: uids.sopInstanceUid,
          transferSyntaxUid: encoding === 'implicit' ? implicitVrLittleEndian : explicitVrLittleEndian,
        }),
        encode(elements, encoding),
      ]),
  };
}

/**
 * The file of one encoding.
 * @throws RTSTRUCT_INVALID as prepareRtstruct, and in explicit VR for a contour of more than 65,534 bytes
 */
export function writeRtstruct(input: StructureSetInput, encoding: Encoding): Buffer {
  return prepareRtstruct(input).encode(encoding);
}

function isShort(elements: readonly DataElement[]): boolean {
  return elements.every((element) =>
    'items' in element ? element.items.every(isShort) : element.bytes.length <= longestShortValue,
  );
}
