import { createHash } from 'node:crypto';
import { ctHeaderOf } from './ct-header.ts';
import type { CtHeader } from './ct-header.ts';
import { ctHeadersOf, isEnhancedCt } from './enhanced-ct.ts';
import { parseDicom } from './read-data-set.ts';
import type { DicomFile } from './data-set.ts';
import { storedValuesSha256 } from './pixel-data.ts';
import type { SpatialRegistration } from './spatial-registration.ts';

export { ctHeaderOf, ctImageStorage } from './ct-header.ts';
export type { CtHeader } from './ct-header.ts';

export interface CtInstance extends CtHeader {
  /** SHA-256 of the pixels, see `pixelsHashed`. */
  readonly pixelSha256: string;
  /**
   * `stored-values`: of the decoded values in 16-bit little endian, so that the same pixels are the same in every
   * lossless encoding. `encoded`: of the bytes as they stand, where the caller did not want compressed ones decoded,
   * and for a localiser or report of 8 bits stored, of colours, without position or without pixels, which is no slice and
   * has to be kept all the same.
   */
  readonly pixelsHashed: 'stored-values' | 'encoded';
}

/** Reads one CT image: its header, and the digest of its pixels. Parameters and errors as `ctInstanceOf`. */
export async function readCtInstance(bytes: Uint8Array, options: { decode?: boolean } = {}): Promise<CtInstance> {
  return ctInstanceOf(parseDicom(bytes), options);
}

/**
 * The same for a file that is parsed already.
 * @param options.decode false: a compressed image is hashed as it is (`pixelsHashed: 'encoded'`), which is faster; two
 * encodings of the same pixels then differ until `storedValuesSha256` has compared them
 * @throws DICOM_UNREADABLE, DICOM_NOT_CT as ctHeaderOf; PIXEL_DECODING when the pixels are to be decoded and cannot be
 */
export async function ctInstanceOf(file: DicomFile, options: { decode?: boolean } = {}): Promise<CtInstance> {
  return withPixels(ctHeaderOf(file), file, options);
}

/** An image with the digest of its pixels. @throws PIXEL_DECODING when they are to be decoded and cannot be */
export async function withPixels(
  header: CtHeader,
  file: DicomFile,
  options: { decode?: boolean } = {},
): Promise<CtInstance> {
  const isCompressed = file.transferSyntax.codec !== 'native';
  if ((options.decode === false && isCompressed) || !canBeSlice(header)) {
    return { ...header, pixelSha256: encodedSha256(file), pixelsHashed: 'encoded' };
  }
  return { ...header, pixelSha256: await storedValuesSha256(file), pixelsHashed: 'stored-values' };
}

/**
 * Every image of a file: one of a classic CT image, one a frame of Enhanced CT. Parameters and errors as `ctInstanceOf`;
 * SERIES_HEADER as ctHeadersOf.
 */
export async function ctInstancesOf(file: DicomFile): Promise<CtInstance[]> {
  if (!isEnhancedCt(file)) return [await ctInstanceOf(file)];
  const instances: CtInstance[] = [];
  for (const header of ctHeadersOf(file)) {
    const pixelSha256 = await storedValuesSha256(file, header.frameNumber);
    instances.push({ ...header, pixelSha256, pixelsHashed: 'stored-values' });
  }
  return instances;
}

/**
 * An instance as a series keeps it, CT, MR or Spatial Registration: of a multi-frame one, what its first frame says, and
 * every frame.
 */
export interface KeptCt extends CtInstance {
  /** Absent for a classic image. */
  readonly frames?: readonly CtInstance[];
  /** Of a Spatial Registration, which is no image. */
  readonly registration?: SpatialRegistration;
}

/**
 * One instance with all its frames; compressed pixels of a classic image are hashed as they are.
 * @throws as ctInstancesOf
 */
export async function keptCtOf(file: DicomFile): Promise<KeptCt> {
  if (!isEnhancedCt(file)) return ctInstanceOf(file, { decode: false });
  const frames = await ctInstancesOf(file);
  const { frameNumber: _, ...first } = frames[0]!;
  const digest = (of: (frame: CtInstance) => string): string =>
    createHash('sha256').update(frames.map(of).join(' ')).digest('hex');
  return {
    ...first,
    headerSha256: digest(({ headerSha256 }) => headerSha256),
    pixelSha256: digest(({ pixelSha256 }) => pixelSha256),
    frames,
  };
}

/** The images in kept instances: each classic one, or its frames. */
export function imagesIn(kept: readonly { readonly image: KeptCt }[]): CtInstance[] {
  return kept.flatMap(({ image }) => image.frames ?? [image]);
}

function canBeSlice(header: CtHeader): boolean {
  const { bitsAllocated, bitsStored, samplesPerPixel, numberOfFrames, imagePosition, noPixels } = header;
  const isGreyFrame = samplesPerPixel === 1 && numberOfFrames === 1 && noPixels !== true;
  return isGreyFrame && bitsAllocated === 16 && bitsStored > 8 && imagePosition.length > 0;
}

function encodedSha256({ bytes, pixelData }: DicomFile): string {
  const hash = createHash('sha256');
  if (pixelData === undefined) return hash.digest('hex');
  const { offset, length, fragments } = pixelData;
  const parts = length === undefined ? fragments : [{ offset, length }];
  for (const part of parts) hash.update(bytes.subarray(part.offset, part.offset + part.length));
  return hash.digest('hex');
}
