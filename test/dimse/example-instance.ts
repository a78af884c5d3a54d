import { ctImageStorage } from '../../src/dicom/ct-instance.ts';
import { encode, joined } from '../../src/dicom/rtstruct/data-element.ts';
import { fileMetaInformation } from '../../src/dicom/part10.ts';
import { explicitVrLittleEndian, implicitVrLittleEndian } from '../../src/dicom/transfer-syntax.ts';

/** An instance with next to nothing in it: a file, and its data set alone. */
export function exampleInstance(
  number: number,
  options: { sopClassUid?: string; encoding?: 'implicit' | 'explicit'; pixelBytes?: number } = {},
): { sopInstanceUid: string; file: Buffer; dataSet: Buffer } {
  const { sopClassUid = ctImageStorage, encoding = 'implicit', pixelBytes = 2048 } = options;
  const sopInstanceUid = `2.25.9000.${number}`;
  const pixels = Uint8Array.from({ length: pixelBytes }, (_, i) => (i * 7 + number) & 255);
  const identity = encode([joined('00080016', 'UI', sopClassUid), joined('00080018', 'UI', sopInstanceUid)], encoding);
  const pixelData = Buffer.from([
    0xe0,
    0x7f,
    0x10,
    0,
    ...(encoding === 'implicit' ? [] : [0x4f, 0x57, 0, 0]),
    0,
    0,
    0,
    0,
  ]);
  pixelData.writeUInt32LE(pixelBytes, pixelData.length - 4);
  const dataSet = Buffer.concat([identity, pixelData, pixels]);
  const transferSyntaxUid = encoding === 'implicit' ? implicitVrLittleEndian : explicitVrLittleEndian;
  return {
    sopInstanceUid,
    dataSet,
    file: Buffer.concat([fileMetaInformation({ sopClassUid, sopInstanceUid, transferSyntaxUid }), dataSet]),
  };
}

/** The data set of a DICOM file: what follows its file meta information. */
export function dataSetOf(file: Buffer): Buffer {
  return file.subarray(144 + file.readUInt32LE(140));
}
