/** What the pixels of a transfer syntax are encoded with; `native`: not at all. */
export type PixelCodec = 'native' | 'rle' | 'jpeg-extended' | 'jpeg-lossless' | 'jpeg-ls' | 'jpeg-2000' | 'htj2k';

export interface TransferSyntax {
  readonly uid: string;
  readonly name: string;
  /** `lossy`: the syntax allows lossy compression, whether or not an image uses it. */
  readonly kind: 'native' | 'lossless' | 'lossy';
  readonly implicitVr: boolean;
  readonly bigEndian: boolean;
  readonly deflated: boolean;
  /** undefined: this program has no decoder for it (JPEG Baseline has 8 bits, the other processes are retired). */
  readonly codec: PixelCodec | undefined;
}

function native(
  uid: string,
  name: string,
  flags: { implicitVr?: boolean; bigEndian?: boolean; deflated?: boolean } = {},
): TransferSyntax {
  return { uid, name, kind: 'native', implicitVr: false, bigEndian: false, deflated: false, codec: 'native', ...flags };
}

function encapsulated(
  uid: string,
  name: string,
  kind: 'lossless' | 'lossy',
  codec: PixelCodec | undefined,
): TransferSyntax {
  return { uid, name, kind, implicitVr: false, bigEndian: false, deflated: false, codec };
}

export const implicitVrLittleEndian = '1.2.840.10008.1.2';
export const explicitVrLittleEndian = '1.2.840.10008.1.2.1';
export const deflatedExplicitVrLittleEndian = '1.2.840.10008.1.2.1.99';
export const explicitVrBigEndian = '1.2.840.10008.1.2.2';

/** The transfer syntaxes of PS3.6 table A-1 that a CT image may come in, in the order in which the node prefers them. */
export const transferSyntaxes: readonly TransferSyntax[] = [
  native(explicitVrLittleEndian, 'Explicit VR Little Endian'),
  native(implicitVrLittleEndian, 'Implicit VR Little Endian', { implicitVr: true }),
  native(explicitVrBigEndian, 'Explicit VR Big Endian', { bigEndian: true }),
  native(deflatedExplicitVrLittleEndian, 'Deflated Explicit VR Little Endian', { deflated: true }),
  encapsulated('1.2.840.10008.1.2.5', 'RLE Lossless', 'lossless', 'rle'),
  encapsulated('1.2.840.10008.1.2.4.70', 'JPEG Lossless (Process 14, Selection Value 1)', 'lossless', 'jpeg-lossless'),
  encapsulated('1.2.840.10008.1.2.4.57', 'JPEG Lossless (Process 14)', 'lossless', 'jpeg-lossless'),
  encapsulated('1.2.840.10008.1.2.4.80', 'JPEG-LS Lossless', 'lossless', 'jpeg-ls'),
  encapsulated('1.2.840.10008.1.2.4.90', 'JPEG 2000 Lossless', 'lossless', 'jpeg-2000'),
  encapsulated('1.2.840.10008.1.2.4.201', 'HTJ2K Lossless', 'lossless', 'htj2k'),
  encapsulated('1.2.840.10008.1.2.4.202', 'HTJ2K Lossless RPCL', 'lossless', 'htj2k'),
  encapsulated('1.2.840.10008.1.2.4.51', 'JPEG Extended (Process 2 and 4)', 'lossy', 'jpeg-extended'),
  encapsulated('1.2.840.10008.1.2.4.81', 'JPEG-LS Near-Lossless', 'lossy', 'jpeg-ls'),
  encapsulated('1.2.840.10008.1.2.4.91', 'JPEG 2000', 'lossy', 'jpeg-2000'),
  encapsulated('1.2.840.10008.1.2.4.203', 'HTJ2K', 'lossy', 'htj2k'),
  encapsulated('1.2.840.10008.1.2.4.50', 'JPEG Baseline (Process 1)', 'lossy', undefined),
  encapsulated('1.2.840.10008.1.2.4.53', 'JPEG Spectral Selection (Process 6 and 8)', 'lossy', undefined),
  encapsulated('1.2.840.10008.1.2.4.55', 'JPEG Full Progression (Process 10 and 12)', 'lossy', undefined),
];

const byUid = new Map(transferSyntaxes.map((syntax) => [syntax.uid, syntax]));

export function transferSyntaxOf(uid: string): TransferSyntax | undefined {
  return byUid.get(uid);
}

/** Whether an image with so many bits stored can be decoded from this syntax. */
export function isDecodable(uid: string, bitsStored: number): boolean {
  const syntax = byUid.get(uid);
  if (syntax?.codec === undefined || bitsStored > 16) return false;
  // Process 4 of JPEG Extended ends at 12 bits (ISO/IEC 10918-1 table B.2).
  return syntax.codec !== 'jpeg-extended' || bitsStored <= 12;
}

/** What an SCP accepts for CT images, the preferred first; lossy syntaxes only where the peer is configured so. */
export function acceptableTransferSyntaxes(options: { lossy: boolean }): string[] {
  return transferSyntaxes
    .filter((syntax) => syntax.codec !== undefined && (options.lossy || syntax.kind !== 'lossy'))
    .map((syntax) => syntax.uid);
}
