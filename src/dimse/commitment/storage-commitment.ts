import { type DataSet } from '../../dicom/data-set.ts';
import { parseDicom } from '../../dicom/read-data-set.ts';
import { fileMetaInformation } from '../../dicom/part10.ts';
import { type DataElement, joined, sequence } from '../../dicom/rtstruct/data-element.ts';
import { isUid } from '../../dicom/uid.ts';
import { ContourNodeError } from '../../errors.ts';

/** Storage Commitment Push Model SOP Class and its well-known instance (PS3.4 J.3). */
export const storageCommitmentSopClass = '1.2.840.10008.1.20.1';
export const storageCommitmentInstance = '1.2.840.10008.1.20.1.1';

/** Action Type ID of "Request Storage Commitment" (PS3.4 J.3.2.1.2). */
export const requestCommitmentAction = 1;

/** Event Type IDs of N-EVENT-REPORT (PS3.4 J.3.3.1.2). */
export const commitmentEvent = { complete: 1, failuresExist: 2 } as const;

/** Failure Reason (0008,1197), PS3.3 C.14.1.1: those that this node sends. */
export const failureReason = {
  processingFailure: 0x0110,
  noSuchObjectInstance: 0x0112,
  classInstanceConflict: 0x0119,
} as const;

const reasonWords: Readonly<Record<number, string>> = {
  [failureReason.processingFailure]: 'processing failure',
  [failureReason.noSuchObjectInstance]: 'no such object instance',
  [failureReason.classInstanceConflict]: 'class / instance conflict',
  0x0122: 'referenced SOP class not supported',
  0x0131: 'duplicate transaction UID',
  0x0213: 'resource limitation',
};

/** A Failure Reason as the standard names it; '' for an unknown one. */
export function failureInWords(reason: number): string {
  return reasonWords[reason] ?? '';
}

export interface InstanceReference {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
}

/** What a peer asks to be committed. */
export interface CommitmentRequest {
  readonly transactionUid: string;
  readonly references: readonly InstanceReference[];
}

/** The result of a request. */
export interface CommitmentResult {
  readonly transactionUid: string;
  readonly committed: readonly InstanceReference[];
  readonly failed: readonly (InstanceReference & { readonly reason: number })[];
}

const tags = {
  transactionUid: '00081195',
  failureReason: '00081197',
  failedSequence: '00081198',
  referencedSequence: '00081199',
  sopClassUid: '00081150',
  sopInstanceUid: '00081155',
};

/**
 * The Action Information of an N-ACTION (PS3.4 table J.3-1).
 *
 * @param bytes the data set as it came
 * @throws ContourNodeError DICOM_UNREADABLE
 */
export function readCommitmentRequest(bytes: Uint8Array, transferSyntaxUid: string): CommitmentRequest {
  const { transactionUid, dataSet } = readInformation(bytes, transferSyntaxUid);
  const references = dataSet.items(tags.referencedSequence).map(readReference);
  if (!isUid(transactionUid) || references.length === 0 || references.some((one) => one.sopInstanceUid === '')) {
    throw new ContourNodeError('DICOM_UNREADABLE', 'a storage commitment request without transaction or instances');
  }
  return { transactionUid, references };
}

/** The Action Information of an N-ACTION, to be sent. */
export function commitmentActionElements(request: CommitmentRequest): DataElement[] {
  return [
    joined(tags.transactionUid, 'UI', request.transactionUid),
    sequence(tags.referencedSequence, request.references.map(referenceItem)),
  ];
}

/**
 * The Event Information of an N-EVENT-REPORT (PS3.4 table J.3-2).
 *
 * @param bytes the data set as it came
 * @throws ContourNodeError DICOM_UNREADABLE
 */
export function readCommitmentResult(bytes: Uint8Array, transferSyntaxUid: string): CommitmentResult {
  const { transactionUid, dataSet } = readInformation(bytes, transferSyntaxUid);
  const committed = dataSet.items(tags.referencedSequence).map(readReference);
  const failed = dataSet.items(tags.failedSequence).map((item) => ({
    ...readReference(item),
    reason: item.numbers(tags.failureReason)[0] ?? failureReason.processingFailure,
  }));
  if (!isUid(transactionUid))
    throw new ContourNodeError('DICOM_UNREADABLE', 'a storage commitment result without transaction');
  return { transactionUid, committed, failed };
}

/** The Event Information of an N-EVENT-REPORT, to be sent. */
export function commitmentEventElements(result: CommitmentResult): DataElement[] {
  return [
    joined(tags.transactionUid, 'UI', result.transactionUid),
    ...(result.committed.length === 0 ? [] : [sequence(tags.referencedSequence, result.committed.map(referenceItem))]),
    ...(result.failed.length === 0
      ? []
      : [
          sequence(
            tags.failedSequence,
            result.failed.map((one) => [...referenceItem(one), unsigned(tags.failureReason, one.reason)]),
          ),
        ]),
  ];
}

export function commitmentEventType(result: CommitmentResult): number {
  return result.failed.length === 0 ? commitmentEvent.complete : commitmentEvent.failuresExist;
}

function readInformation(
  bytes: Uint8Array,
  transferSyntaxUid: string,
): { readonly transactionUid: string; readonly dataSet: DataSet } {
  const meta = { sopClassUid: storageCommitmentSopClass, sopInstanceUid: storageCommitmentInstance, transferSyntaxUid };
  const dataSet = parseDicom(Buffer.concat([fileMetaInformation(meta), bytes]));
  return { transactionUid: dataSet.string(tags.transactionUid) ?? '', dataSet };
}

function readReference(item: DataSet): InstanceReference {
  return {
    sopClassUid: item.string(tags.sopClassUid) ?? '',
    sopInstanceUid: item.string(tags.sopInstanceUid) ?? '',
  };
}

function referenceItem({ sopClassUid, sopInstanceUid }: InstanceReference): DataElement[] {
  return [joined(tags.sopClassUid, 'UI', sopClassUid), joined(tags.sopInstanceUid, 'UI', sopInstanceUid)];
}

function unsigned(tag: string, value: number): DataElement {
  return { tag, vr: 'US', bytes: Uint8Array.of(value & 0xff, value >> 8) };
}
