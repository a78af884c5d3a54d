import { version } from '../version.ts';
import { derivedUid } from './uid.ts';

/** Names this program in the file meta information and at association (PS3.7 D.3.3.2). */
export const implementationClassUid = derivedUid('2.25', 'contour-node', 'implementation class');
export const implementationVersionName = `CONTOURNODE${version}`.slice(0, 16);

export interface FileMetaInformation {
  sopClassUid: string;
  sopInstanceUid: string;
  transferSyntaxUid: string;
  /** AE title of the sender, where there was one. */
  sourceAeTitle?: string;
}

/**
 * Preamble, prefix `DICM` and file meta information group, Explicit VR Little Endian (PS3.10 section 7.1): followed by
 * a data set in the transfer syntax named, it is a DICOM file.
 */
export function fileMetaInformation(meta: FileMetaInformation): Buffer {
  const elements = [
    // File Meta Information Version: OB has a four-byte length.
    Buffer.from([0x02, 0x00, 0x01, 0x00, 0x4f, 0x42, 0, 0, 2, 0, 0, 0, 0x00, 0x01]),
    shortElement(0x0002, 'UI', meta.sopClassUid),
    shortElement(0x0003, 'UI', meta.sopInstanceUid),
    shortElement(0x0010, 'UI', meta.transferSyntaxUid),
    shortElement(0x0012, 'UI', implementationClassUid),
    shortElement(0x0013, 'SH', implementationVersionName),
  ];
  if (meta.sourceAeTitle !== undefined) elements.push(shortElement(0x0016, 'AE', meta.sourceAeTitle));
  const group = Buffer.concat(elements);
  const head = Buffer.alloc(144);
  head.write('DICM', 128, 'latin1');
  // (0002,0000) UL: bytes that follow in the group.
  Buffer.from([0x02, 0x00, 0x00, 0x00, 0x55, 0x4c, 4, 0]).copy(head, 132);
  head.writeUInt32LE(group.length, 140);
  return Buffer.concat([head, group]);
}

function shortElement(element: number, vr: string, value: string): Buffer {
  const padded = value.length % 2 === 0 ? value : value + (vr === 'UI' ? '\0' : ' ');
  const bytes = Buffer.alloc(8 + padded.length);
  bytes.writeUInt16LE(0x0002, 0);
  bytes.writeUInt16LE(element, 2);
  bytes.write(vr, 4, 'latin1');
  bytes.writeUInt16LE(padded.length, 6);
  bytes.write(padded, 8, 'latin1');
  return bytes;
}
