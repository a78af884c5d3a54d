import { ContourNodeError } from '../errors.ts';
import type { Doubt } from './read-elements.ts';
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
  /** Index of the first fragment of every frame, where the Basic Offset Table says it; else empty. */
  readonly frameStarts: readonly number[];
}

export interface DicomFile extends DataSet {
  readonly meta: { transferSyntaxUid: string; sopClassUid: string; sopInstanceUid: string };
  readonly transferSyntax: TransferSyntax;
  /** Elements, by tag, that nobody may rely on; `refuseDoubtful` says so. */
  readonly doubtful: ReadonlyMap<string, Doubt>;
  /** The file as read, inflated where it was deflated; positions count in here. */
  readonly bytes: Uint8Array;
  /** Where the data set begins behind the file meta information. */
  readonly dataSetOffset: number;
  readonly pixelData: PixelDataElement | undefined;
}

/**
 * To be called with what is going to be read: an element that occurs twice or is damaged does not matter until then.
 * @throws DICOM_UNREADABLE names the element
 */
export function refuseDoubtful(file: Pick<DicomFile, 'doubtful'>, isRead: (tag: string) => boolean): void {
  for (const [tag, doubt] of file.doubtful) {
    if (!isRead(tag)) continue;
    throw new ContourNodeError('DICOM_UNREADABLE', `element (${tag.slice(0, 4)},${tag.slice(4)}) ${doubt}`, {
      remedy: 'correct the element where the file was written, then send it again',
    });
  }
}
