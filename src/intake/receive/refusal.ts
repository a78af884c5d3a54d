import type { DicomFile } from '../../dicom/data-set.ts';
import { checkUidLength } from '../../dicom/uid.ts';
import type { ReceivedInstance } from '../../dimse/association-info.ts';
import { isDiskFull } from '../../disk-full.ts';
import { dimseStatus, formatStatus } from '../../dimse/status.ts';
import { asContourNodeError, ContourNodeError, type ErrorCode, errorRow } from '../../errors.ts';
import { type Problem, problem, problemFrom } from '../../problem.ts';

/**
 * The instance in a file has to be the one that the C-STORE request named.
 *
 * @throws ContourNodeError INSTANCE_MISMATCH; DICOM_UID where the data set has a UID that no request can name
 */
export function checkNamed(file: DicomFile, request: ReceivedInstance): void {
  checkUidLength('SOP Instance UID', file.string('00080018') ?? '');
  // Not `meta`: without these elements it would take the file meta information, which was made from the request.
  if (file.string('00080016') !== request.sopClassUid || file.string('00080018') !== request.sopInstanceUid) {
    throw new ContourNodeError(
      'INSTANCE_MISMATCH',
      'SOP class or SOP Instance UID of the data set is not that of the C-STORE request',
    );
  }
}

/**
 * Why the SCP refused an instance by itself.
 *
 * @param sopInstanceUid as its header has it, else as the request named it
 */
export function refusedWhileReceived(sopInstanceUid: string, status: number): Problem {
  const words = `refused with status ${formatStatus(status)} while it was received`;
  if (status === dimseStatus.outOfResources) return problem('DISK_FULL', words);
  try {
    checkUidLength('SOP Instance UID', sopInstanceUid);
    return problem('INSTANCE_MISMATCH', words);
  } catch (error) {
    return problemFrom(error);
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
