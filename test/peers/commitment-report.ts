import { encode } from '../../src/dicom/rtstruct/data-element.ts';
import {
  commitmentEventElements,
  commitmentEventType,
  type CommitmentResult,
  storageCommitmentInstance,
  storageCommitmentSopClass,
} from '../../src/dimse/commitment/storage-commitment.ts';
import { command, data } from './raw-peer.ts';

/** An N-EVENT-REPORT-RQ with its data set in Implicit VR Little Endian, in presentation context 1 (PS3.7 section 10.3.1). */
export function commitmentReport(result: CommitmentResult): Buffer {
  const event = command([
    [0x0002, storageCommitmentSopClass],
    [0x0100, 0x0100],
    [0x0110, 1],
    [0x0800, 0],
    [0x1000, storageCommitmentInstance],
    [0x1002, commitmentEventType(result)],
  ]);
  const information = encode(commitmentEventElements(result), 'implicit');
  return Buffer.concat([data(1, 'command', true, event), data(1, 'data set', true, information)]);
}
