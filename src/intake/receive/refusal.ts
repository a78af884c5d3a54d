import type { DicomFile } from '../../dicom/data-set.ts';
import type { ReceivedInstance } from '../../dimse/association-info.ts';
import { dimseStatus } from '../../dimse/status.ts';
import { asContourNodeError, ContourNodeError, type ErrorCode, errorRow } from '../../errors.ts';

/**
 * The instance in a file has to be the one that the C-STORE request named.
 *
 * @throws ContourNodeError INSTANCE_MISMATCH
 */
export function checkNamed(file: DicomFile, request: ReceivedInstance): void {
  // Not `meta`: that falls back to the file meta information, which was made from the request.
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

/** The status that an instance is answered with. */
export function statusOf(code: ErrorCode): number {
  return dimseStatus[errorRow(code).dimse];
}
