import type { TransferSyntax } from './transfer-syntax.ts';

/** Attributes by tag: eight lower-case hexadecimal digits. Nothing here throws on a value of the wrong form. */
export interface DataSet {
  /** In the order of the file. */
  readonly tags: readonly string[];
  has(tag: string): boolean;
  /** The VR written in the file; in implicit VR and for UN the one of the dictionary, else UN. */
  vr(tag: string): string | undefined;
  /** The whole value, byte for character, without trailing spaces and NULs; undefined where absent or empty. */
  string(tag: string): string | undefined;
  /** The values between backslashes, each without outer spaces; empty where absent or empty. */
  strings(tag: string): string[];
  /** Values decoded with the Specific Character Set. */
  texts(tag: string): string[];
  /** Decimal and integer strings or binary numbers; NaN for what is no number. Empty where absent or empty. */
  numbers(tag: string): number[];
  /** Value bytes as stored, numbers in little endian. undefined where absent. */
  raw(tag: string): Uint8Array | undefined;
  /** Items of a sequence; empty where absent. */
  items(tag: string): DataSet[];
}

export interface PixelDataElement {
  /** Value position in `DicomFile.bytes`. */
  readonly offset: number;
  /** Bytes of a native value; undefined when encapsulated. */
  readonly length: number | undefined;
  /** Encapsulated fragments without the offset table; empty after `readHeader`. */
  readonly fragments: readonly { offset: number; length: number }[];
}

export interface DicomFile extends DataSet {
  readonly meta: { transferSyntaxUid: string; sopClassUid: string; sopInstanceUid: string };
  readonly transferSyntax: TransferSyntax;
  /** The file as read, inflated where it was deflated; positions count in here. */
  readonly bytes: Uint8Array;
  /** Where the data set begins behind the file meta information. */
  readonly dataSetOffset: number;
  readonly pixelData: PixelDataElement | undefined;
}
