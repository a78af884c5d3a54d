import { type Encoding, encode, joined, sequence } from '../../../src/dicom/rtstruct/data-element.ts';
import { explicitVrLittleEndian, implicitVrLittleEndian } from '../../../src/dicom/transfer-syntax.ts';
import { readCommitmentRequest } from '../../../src/dimse/storage-commitment.ts';
import { catalogued, type OpenTarget } from '../target.ts';

function request(encoding: Encoding): Buffer {
  const references = [1, 2, 3].map((n) => [
    joined('00081150', 'UI', '1.2.840.10008.5.1.4.1.1.2'),
    joined('00081155', 'UI', `2.25.${n}`),
  ]);
  return encode([joined('00081195', 'UI', '2.25.4711'), sequence('00081199', references)], encoding);
}

/** The Action Information of a storage commitment request, in either transfer syntax. */
export const open: OpenTarget = async () => ({
  samples: [request('implicit'), request('explicit')],
  feed: async (input) => {
    for (const syntax of [implicitVrLittleEndian, explicitVrLittleEndian])
      await catalogued(() => readCommitmentRequest(input, syntax));
  },
});
