import type { DicomFile } from '../../dicom/data-set.ts';
import type { ReceivedInstance } from '../../dimse/association-info.ts';
import { isDiskFull } from '../../disk-full.ts';
import { dimseStatus } from '../../dimse/status.ts';
import { asContourNodeError, ContourNodeError, type ErrorCode, errorRow } from '../../errors.ts';

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

/** Why an instance was not kept. */
export function refusal(cause: unknown): ContourNodeError {
  return isDiskFull(cause) ? diskFull(cause) : asContourNodeError(cause);
}

export function diskFull(cause?: unknown): ContourNodeError {
  return new ContourNodeError('DISK_FULL', 'the disk of the data directory is full', { cause });
}

/** The status that an instance is answered with; the usual one is this machine's, so that the sender may send it again. */
export function statusOf(code: ErrorCode): number {
  return dimseStatus[errorRow(code).dimse];
}
