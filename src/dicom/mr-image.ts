import { type CtHeader, headerOf } from './ct-header.ts';
import type { DicomFile } from './data-set.ts';
import { mrAcquisitionOf } from './mr-acquisition.ts';

/** PS3.4 B.5 */
export const mrImageStorage = '1.2.840.10008.5.1.4.1.1.4';

export function isMr(sopClassUid: string): boolean {
  return sopClassUid === mrImageStorage;
}

/**
 * The header of an MR image. The values of MR have no unit: a rescale (Philips writes one) is taken where it is given.
 *
 * @throws as ctHeaderOf, but for the SOP class
 */
export function mrHeaderOf(file: DicomFile): CtHeader {
  const header = headerOf(file, file);
  return {
    ...header,
    slope: Number.isFinite(header.slope) ? header.slope : 1,
    intercept: Number.isFinite(header.intercept) ? header.intercept : 0,
    rescaleType: '',
    mr: mrAcquisitionOf(file),
  };
}
