import type { DicomFile } from '../../dicom/data-set.ts';
import type { ReceivedInstance } from '../../dimse/association-info.ts';
import { dimseStatus } from '../../dimse/status.ts';
import { asContourNodeError, ContourNodeError, type ErrorCode } from '../../errors.ts';

/**
 * The instance in a file has to be the one that the C-STORE request named.
 *
 * @throws ContourNodeError INSTANCE_MISMATCH
 */
export function checkNamed(file: DicomFile, request: ReceivedInstance): void {
  // Not `meta`: without these elements it would take the file meta information, which was made from the request.
  if (file.string('00080016') !== request.sopClassUid || file.string('00080018') !== request.sopInstanceUid) {
    throw new ContourNodeError(
      'INSTANCE_MISMATCH',
      'SOP class or SOP Instance UID of the data set is not that of the C-STORE request',
    );
  }
}

const noSpace = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
/** SQLite's primary result code for a full disk. */
const sqliteFull = 13;

/** Why an instance was not kept. */
export function refusal(cause: unknown): ContourNodeError {
  const { code, errcode } = cause as { code?: string; errcode?: number };
  if (noSpace.has(code ?? '') || errcode === sqliteFull) return diskFull(cause);
  return asContourNodeError(cause);
}

export function diskFull(cause?: unknown): ContourNodeError {
  return new ContourNodeError('DISK_FULL', 'the disk of the data directory is full', { cause });
}

const statuses: Partial<Record<ErrorCode, number>> = {
  INSTANCE_MISMATCH: dimseStatus.dataSetDoesNotMatchSopClass,
  DICOM_NOT_CT: dimseStatus.dataSetDoesNotMatchSopClass,
  DICOM_UNREADABLE: dimseStatus.cannotUnderstand,
  PIXEL_DECODING: dimseStatus.cannotUnderstand,
  RTSTRUCT_UNREADABLE: dimseStatus.cannotUnderstand,
  SERIES_PIXELS_DIFFER: dimseStatus.otherPixelsUnderKnownUid,
};

/** Any other error is one of this machine: the sender may send the instance again. */
export function statusOf(code: ErrorCode): number {
  return statuses[code] ?? dimseStatus.outOfResources;
}
