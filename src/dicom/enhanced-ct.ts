import { createHash } from 'node:crypto';
import { ContourNodeError } from '../errors.ts';
import { ctHeaderOf, headerOf, type CtHeader } from './ct-header.ts';
import type { DicomFile } from './data-set.ts';
import { frameDataSet } from './frame-data-set.ts';

/** PS3.4 B.5 */
export const enhancedCtImageStorage = '1.2.840.10008.5.1.4.1.1.2.1';

export function isEnhancedCt(file: DicomFile): boolean {
  return file.meta.sopClassUid === enhancedCtImageStorage;
}

/**
 * The headers of the images in a file: one of a classic CT image, one a frame of Enhanced CT (PS3.3 A.38).
 * @throws as ctHeaderOf; SERIES_HEADER a frame has no place in the patient
 */
export function ctHeadersOf(file: DicomFile): CtHeader[] {
  if (!isEnhancedCt(file)) return [ctHeaderOf(file)];
  const frames = file.numbers('00280008')[0] ?? 1;
  return Array.from({ length: Math.max(1, frames) }, (_, index) => frameHeader(file, index + 1));
}

/** The header of one image of a file; `frame` from 1, undefined for a classic image. */
export function ctHeaderOfFrame(file: DicomFile, frame: number | undefined): CtHeader {
  return frame === undefined ? ctHeaderOf(file) : frameHeader(file, frame);
}

/** What a frame needs to lie anywhere (PS3.3 C.7.6.16.2.1, .3 and .4), with the number of its values. */
const geometry = [
  ['Image Position', 'imagePosition', 3],
  ['Image Orientation', 'imageOrientation', 6],
  ['Pixel Spacing', 'pixelSpacing', 2],
] as const;

function frameHeader(file: DicomFile, frame: number): CtHeader {
  const values = frameDataSet(file, frame);
  const header = headerOf(file, values);
  const missing = geometry.find(([, key, count]) => header[key].length !== count);
  if (missing !== undefined) {
    const all = file.numbers('00280008')[0] ?? 1;
    throw new ContourNodeError('SERIES_HEADER', `frame ${frame} of ${all} has no ${missing[0]}`, {
      remedy: 'send the series again from the scanner, or as classic CT images',
    });
  }
  const frameType = values.strings('00089007');
  const acquisition = values.numbers('00209156')[0];
  const headerSha256 = createHash('sha256').update(header.headerSha256);
  for (const { tag, bytes } of geometryBytes(values)) headerSha256.update(`${tag} ${bytes.length} `).update(bytes);
  return {
    ...header,
    frameNumber: frame,
    numberOfFrames: 1,
    ...(frameType.length > 0 && { imageType: frameType }),
    ...(acquisition !== undefined && { run: { ...header.run!, acquisition: String(acquisition) } }),
    headerSha256: headerSha256.digest('hex'),
  };
}

/** What of the functional groups determines contours: the digest of the data set itself leaves sequences out. */
function geometryBytes(values: { raw(tag: string): Uint8Array | undefined }): { tag: string; bytes: Uint8Array }[] {
  const tags = ['00089007', '00200032', '00200037', '00280030', '00281052', '00281053', '00281054'];
  return tags.map((tag) => ({ tag, bytes: values.raw(tag) ?? new Uint8Array() }));
}
