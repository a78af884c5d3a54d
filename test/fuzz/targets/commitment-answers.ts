import { rtStructureSetStorage } from '../../../src/dicom/rtstruct/structure-set.ts';
import { implicitVrLittleEndian } from '../../../src/dicom/transfer-syntax.ts';
import { requestCommitment } from '../../../src/dimse/commitment/scu/commitment-scu.ts';
import {
  storageCommitmentInstance,
  storageCommitmentSopClass,
} from '../../../src/dimse/commitment/storage-commitment.ts';
import { commitmentReport } from '../../peers/commitment-report.ts';
import { associateAccept, pdu, response } from '../../peers/raw-peer.ts';
import { catalogued, type OpenTarget } from '../target.ts';
import { attackingPeer } from './attacking-peer.ts';

const timeoutSeconds = 0.2;
const transactionUid = '2.25.77';
const asked = { sopClassUid: rtStructureSetStorage, sopInstanceUid: '2.25.4711' };

/** What a planning system answers to a storage commitment request, and tells on the same association. */
export const open: OpenTarget = async (cleanup) => {
  const tps = await attackingPeer(cleanup);
  const accept = associateAccept([{ id: 1, transferSyntax: implicitVrLittleEndian }]);
  const taken = (status: number): Buffer =>
    response(0x8130, {
      status,
      more: [
        [0x0002, storageCommitmentSopClass],
        [0x1000, storageCommitmentInstance],
        [0x1008, 1],
      ],
    });
  const committed = commitmentReport({ transactionUid, committed: [asked], failed: [] });
  const refused = commitmentReport({ transactionUid, committed: [], failed: [{ ...asked, reason: 0x0112 }] });
  const released = pdu(0x06, [0, 0, 0, 0]);
  return {
    samples: [
      Buffer.concat([accept, taken(0), committed, released]),
      Buffer.concat([accept, taken(0), refused, released]),
      Buffer.concat([accept, committed, taken(0), released]),
      Buffer.concat([accept, taken(0x0110), released]),
    ],
    async feed(input) {
      tps.says(input, accept.length);
      let takenBy = 0;
      await catalogued(() =>
        requestCommitment(
          tps.address,
          { transactionUid, references: [asked] },
          {
            callingAe: 'CONTOUR',
            timeoutSeconds,
            taken: async () => void takenBy++,
            told: async ({ failed }) => failed.length === 0,
            settled: new Promise(() => {}),
          },
        ),
      );
      if (takenBy > 1) throw new Error('taken twice');
    },
  };
};
