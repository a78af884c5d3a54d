import { Dataset } from './dcmjs-dimse.ts';

type Vr = 'UI' | 'US' | 'LO';

/** The elements of the responses that this node gives, PS3.7 annex E, in the order of their tags. */
const elements: readonly (readonly [keyword: string, element: number, vr: Vr])[] = [
  ['AffectedSOPClassUID', 0x0002, 'UI'],
  ['CommandField', 0x0100, 'US'],
  ['MessageIDBeingRespondedTo', 0x0120, 'US'],
  ['CommandDataSetType', 0x0800, 'US'],
  ['Status', 0x0900, 'US'],
  ['ErrorComment', 0x0902, 'LO'],
  ['AffectedSOPInstanceUID', 0x1000, 'UI'],
];

/**
 * The command set of a response. dcmjs allocates half a megabyte to encode these hundred bytes; at one response
 * for each instance that was most of the garbage collector's work.
 */
export class ResponseCommandSet extends Dataset {
  override getDenaturalizedCommandDataset(): Buffer {
    const parts = elements.flatMap(([keyword, element, vr]) => {
      const value: unknown = this.getElements()[keyword];
      return value === undefined || value === '' ? [] : [encode(element, vr, value as string | number)];
    });
    const group = Buffer.concat(parts);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(group.length);
    return Buffer.concat([header(0x0000, 4), length, group]);
  }
}

function encode(element: number, vr: Vr, value: string | number): Buffer {
  if (vr === 'US') {
    const bytes = Buffer.alloc(2);
    bytes.writeUInt16LE(Number(value));
    return Buffer.concat([header(element, 2), bytes]);
  }
  const text = String(value);
  const padded = text.length % 2 === 0 ? text : text + (vr === 'UI' ? '\0' : ' ');
  return Buffer.concat([header(element, padded.length), Buffer.from(padded, 'latin1')]);
}

/** Tag (0000,eeee) and length, Implicit VR Little Endian as every command set (PS3.7 6.3.1). */
function header(element: number, length: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(element, 2);
  bytes.writeUInt32LE(length, 4);
  return bytes;
}
