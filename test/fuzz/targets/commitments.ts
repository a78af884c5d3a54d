import { ctImageStorage } from '../../../src/dicom/ct-instance.ts';
import { encode, joined } from '../../../src/dicom/rtstruct/data-element.ts';
import { rtStructureSetStorage } from '../../../src/dicom/rtstruct/structure-set.ts';
import {
  storageCommitmentInstance,
  storageCommitmentSopClass,
} from '../../../src/dimse/commitment/storage-commitment.ts';
import { commitmentReport } from '../../peers/commitment-report.ts';
import { associateRequest, command, data, releaseRequest, response } from '../../peers/raw-peer.ts';
import type { OpenTarget } from '../target.ts';
import { attackedScp } from './attacked-scp.ts';

/** What a peer writes that asks for storage commitment and is told the result on the same association, or tells one. */
export const open: OpenTarget = async (cleanup) => {
  const scp = await attackedScp(cleanup, {
    peers: [{ name: 'scanner', aeTitle: 'SCANNER', addresses: ['127.0.0.1'], storageCommitment: true }],
    commitment: {
      provider: {
        commit: async () => {},
        answered: (_association, { transactionUid, references }, here) => {
          const failed = references.slice(0, 1).map((one) => ({ ...one, reason: 0x0112 }));
          here({ transactionUid, committed: references.slice(1), failed }).catch(() => {});
        },
      },
      listener: { expects: () => true, told: async ({ failed }) => failed.length === 0 },
    },
  });
  const request = associateRequest({
    called: 'CONTOUR',
    calling: 'SCANNER',
    contexts: [{ id: 1, abstractSyntax: storageCommitmentSopClass, transferSyntaxes: ['1.2.840.10008.1.2'] }],
  });
  const action = (dataSetType: number): Buffer =>
    data(
      1,
      'command',
      true,
      command([
        [0x0003, storageCommitmentSopClass],
        [0x0100, 0x0130],
        [0x0110, 7],
        [0x0800, dataSetType],
        [0x1001, storageCommitmentInstance],
        [0x1008, 1],
      ]),
    );
  const references = [1, 2].map((n) => [
    joined('00081150', 'UI', ctImageStorage),
    joined('00081155', 'UI', `2.25.${n}`),
  ]);
  const information = encode(
    [joined('00081195', 'UI', '2.25.77'), { tag: '00081199', vr: 'SQ', items: references }],
    'implicit',
  );
  const asked = [action(0), data(1, 'data set', true, information)];
  const taken = response(0x8100, {
    status: 0,
    more: [
      [0x0002, storageCommitmentSopClass],
      [0x1000, storageCommitmentInstance],
      [0x1002, 2],
    ],
  });
  const told = commitmentReport({
    transactionUid: '2.25.78',
    committed: [{ sopClassUid: rtStructureSetStorage, sopInstanceUid: '2.25.4711' }],
    failed: [],
  });
  return {
    samples: [
      Buffer.concat([request, ...asked, taken, releaseRequest]),
      Buffer.concat([request, ...asked, ...asked, taken, taken, releaseRequest]),
      Buffer.concat([request, action(0x0101), taken, releaseRequest]),
      Buffer.concat([request, told, releaseRequest]),
      Buffer.concat([request, ...asked, told, taken, releaseRequest]),
    ],
    feed: (input) => scp.attack(input),
  };
};
