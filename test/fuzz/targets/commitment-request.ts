import { type Encoding, encode, joined, sequence } from '../../../src/dicom/rtstruct/data-element.ts';
import { explicitVrLittleEndian, implicitVrLittleEndian } from '../../../src/dicom/transfer-syntax.ts';
import {
  commitmentEventElements,
  readCommitmentRequest,
  readCommitmentResult,
} from '../../../src/dimse/commitment/storage-commitment.ts';
import { catalogued, type OpenTarget } from '../target.ts';

function request(encoding: Encoding): Buffer {
  const references = [1, 2, 3].map((n) => [
    joined('00081150', 'UI', '1.2.840.10008.5.1.4.1.1.2'),
    joined('00081155', 'UI', `2.25.${n}`),
  ]);
  return encode([joined('00081195', 'UI', '2.25.4711'), sequence('00081199', references)], encoding);
}

function result(encoding: Encoding): Buffer {
  const [first, ...rest] = [1, 2, 3].map((n) => ({
    sopClassUid: '1.2.840.10008.5.1.4.1.1.481.3',
    sopInstanceUid: `2.25.${n}`,
  }));
  const failed = rest.map((one) => ({ ...one, reason: 0x0112 }));
  return encode(commitmentEventElements({ transactionUid: '2.25.4711', committed: [first!], failed }), encoding);
}

/** The Action Information of a storage commitment request and the Event Information of a result, in either transfer syntax. */
export const open: OpenTarget = async () => ({
  samples: [request('implicit'), request('explicit'), result('implicit'), result('explicit')],
  feed: async (input) => {
    for (const syntax of [implicitVrLittleEndian, explicitVrLittleEndian])
      for (const read of [readCommitmentRequest, readCommitmentResult]) await catalogued(() => read(input, syntax));
  },
});
