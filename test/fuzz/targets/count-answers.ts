import { countSeriesInstances } from '../../../src/dimse/scu/count-series-instances.ts';
import { encode, joined } from '../../../src/dicom/rtstruct/data-element.ts';
import { implicitVrLittleEndian } from '../../../src/dicom/transfer-syntax.ts';
import { associateAccept, data, pdu, response } from '../../peers/raw-peer.ts';
import { catalogued, type OpenTarget } from '../target.ts';
import { attackingPeer } from './attacking-peer.ts';

const timeoutSeconds = 0.2;

/** What an archive answers when it is asked how many images a series has: the only data sets that the library reads. */
export const open: OpenTarget = async (cleanup) => {
  const peer = await attackingPeer(cleanup);
  const accept = associateAccept([{ id: 1, transferSyntax: implicitVrLittleEndian }]);
  const answer = (status: number, dataSetFollows = false): Buffer =>
    response(0x8020, { status, dataSetFollows, more: [[0x0002, '1.2.840.10008.5.1.4.1.2.2.1']] });
  const match = encode(
    [
      joined('00080005', 'CS', 'ISO_IR 192'),
      joined('00080018', 'UI', '2.25.9'),
      joined('00080052', 'CS', 'IMAGE'),
      joined('0020000d', 'UI', '2.25.1'),
      joined('0020000e', 'UI', '2.25.2'),
      { tag: '00081140', vr: 'SQ', items: [[joined('00081155', 'UI', '2.25.3')]] },
    ],
    'implicit',
  );
  const pending = [answer(0xff00, true), data(1, 'data set', true, match)];
  const released = pdu(0x06, [0, 0, 0, 0]);
  return {
    samples: [
      Buffer.concat([accept, ...pending, ...pending, answer(0), released]),
      Buffer.concat([accept, answer(0xa700), released]),
    ],
    async feed(input) {
      peer.says(input, accept.length);
      const series = { studyInstanceUid: '2.25.1', seriesInstanceUid: '2.25.2' };
      await catalogued(() => countSeriesInstances(peer.address, series, { callingAe: 'CONTOUR', timeoutSeconds }));
    },
  };
};
