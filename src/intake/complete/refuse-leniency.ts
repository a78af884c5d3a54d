import type { Accept } from '../../config/schema.ts';
import type { CheckedSeries } from '../../dicom/ct-series.ts';
import type { CtHeader } from '../../dicom/ct-header.ts';
import { ContourNodeError, type ErrorCode } from '../../errors.ts';

/**
 * Whether a series, usable as it is, has what its peer may not send.
 *
 * @throws ContourNodeError PIXEL_DECODING, DICOM_UID, SERIES_MIXED_IDENTITY, SERIES_MIXED_SIZE with the key that says so
 */
export function refuseLeniency(
  { slices, leftOut, warnings }: Pick<CheckedSeries, 'slices' | 'leftOut' | 'warnings'>,
  accept: Accept,
): void {
  const refuse = (key: keyof Accept, code: ErrorCode, what: string): void => {
    if (what === '' || accept[key] !== 'refuse') return;
    const remedy = `correct it at the source, or take it from this peer (peers[].accept.${key})`;
    throw new ContourNodeError(code, what, { remedy });
  };
  const counted = (test: (slice: CtHeader) => boolean, what: string): string => {
    const count = slices.filter(test).length;
    return count === 0 ? '' : `${count} of ${slices.length} slices ${what}`;
  };
  const surplus = counted((slice) => slice.surplusPixelBytes !== undefined, 'have bytes behind their pixels');
  refuse('surplusBytes', 'PIXEL_DECODING', surplus);
  refuse('looseUids', 'DICOM_UID', counted(hasLooseUid, 'have a UID with leading zeros'));
  const spellings = new Set(slices.map(({ identity }) => JSON.stringify(identity))).size;
  refuse('spelling', 'SERIES_MIXED_IDENTITY', spellings > 1 ? `one patient in ${spellings} spellings` : '');
  const leftOutText = warnings.find(({ code }) => code === 'LEFT_OUT')?.text ?? '';
  refuse('foreignImages', 'SERIES_MIXED_SIZE', leftOut.length > 0 ? leftOutText : '');
}

function hasLooseUid(slice: CtHeader): boolean {
  const { sopInstanceUid, seriesInstanceUid, studyInstanceUid, frameOfReferenceUid } = slice;
  return [sopInstanceUid, seriesInstanceUid, studyInstanceUid, frameOfReferenceUid].some((uid) =>
    /(^|\.)0\d/.test(uid),
  );
}
