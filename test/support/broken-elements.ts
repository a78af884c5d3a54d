import { deflateRawSync } from 'node:zlib';
import { parseDicom } from '../../src/dicom/read-data-set.ts';
import {
  deflatedExplicitVrLittleEndian,
  explicitVrBigEndian,
  implicitVrLittleEndian,
} from '../../src/dicom/transfer-syntax.ts';
import { element } from '../dicom/generated-ct.ts';

/** How a transfer syntax writes its elements, as `element` takes it. */
export function vrFlags(syntax: string): { implicitVr: boolean; bigEndian: boolean } {
  return { implicitVr: syntax === implicitVrLittleEndian, bigEndian: syntax === explicitVrBigEndian };
}

/** A data set with `extra` in front of the first element whose tag is not below `before`. */
export function withBytes(file: Buffer, before: string, extra: Buffer, syntax: string): Buffer {
  const { transferSyntax, bytes, dataSetOffset } = parseDicom(file);
  const tag = element(before, 'OB', Buffer.alloc(0), transferSyntax).subarray(0, 4);
  const at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(tag, dataSetOffset);
  const dataSet = Buffer.concat([bytes.subarray(dataSetOffset, at), extra, bytes.subarray(at)]);
  const meta = file.subarray(0, 144 + file.readUInt32LE(140));
  return Buffer.concat([meta, syntax === deflatedExplicitVrLittleEndian ? deflateRawSync(dataSet) : dataSet]);
}

/** Elements that break the standard and that nobody needs, by what is wrong with them; for somewhere before (0010,0010). */
export function brokenElements(syntax: string): Record<string, Buffer> {
  const flags = vrFlags(syntax);
  const item = (value: Buffer): Buffer => element('fffee000', '', value, { ...flags, implicitVr: true });
  const delimiter = element('fffee0dd', '', Buffer.alloc(0), { ...flags, implicitVr: true });
  const open = (header: Buffer): Buffer => Buffer.concat([header.subarray(0, -4), Buffer.alloc(4, 0xff)]);
  const sequence = (value: Buffer): Buffer => element('00081140', 'SQ', value, flags);

  const faults: Record<string, Buffer> = {
    'an element that comes twice': element('00080060', 'CS', Buffer.from('CT'), flags),
    'another value of an element that nobody needs': element('00080060', 'CS', Buffer.from('MR'), flags),
    'a sequence whose content is none': sequence(Buffer.from('this is no item. ')),
    'a sequence whose items are longer than itself': sequence(item(Buffer.alloc(40)).fill(0xee, 20)),
    'a sequence that is open and broken': Buffer.concat([
      open(sequence(Buffer.alloc(0))),
      Buffer.from('no item here'),
      delimiter,
    ]),
    'a sequence that never ends': Buffer.concat([
      open(sequence(Buffer.alloc(0))),
      item(Buffer.alloc(0)),
      Buffer.from('no end'),
    ]),
    'an open sequence of which an item is broken': Buffer.concat([
      open(sequence(Buffer.alloc(0))),
      item(Buffer.from('\x08\x00\x60\x00ZZ\xff\xff', 'latin1')),
      delimiter,
    ]),
  };
  if (!flags.implicitVr) {
    const bytes = (header: string, value: string) => {
      const head = element('00081010', 'SH', Buffer.alloc(0), flags).subarray(0, 4);
      return Buffer.concat([head, Buffer.from(header, 'latin1'), Buffer.from(value)]);
    };
    const [two, four] = flags.bigEndian ? ['\0\x06', '\0\0\0\x06'] : ['\x06\0', '\x06\0\0\0'];
    faults['a VR of a later standard'] = bytes(`ZZ\0\0${four}`, 'newer ');
    faults['a VR that is none, with a short length'] = bytes(`??${two}`, 'wrong ');
    faults['an element without VR'] = bytes(four, 'no VR ');
  }
  return faults;
}
