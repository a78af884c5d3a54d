import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeRtstruct } from '../../../src/dicom/rtstruct/write-rtstruct.ts';
import { sendStructureSet } from '../../../src/dimse/scu/deliver-structure-set.ts';
import { parseDicom } from '../../../src/dicom/read-data-set.ts';
import { implicitVrLittleEndian } from '../../../src/dicom/transfer-syntax.ts';
import { exampleInput } from '../../dicom/rtstruct/example-structure-set.ts';
import { temporaryFolder } from '../../dimse/running-scp.ts';
import { associateAccept, pdu, response } from '../../peers/raw-peer.ts';
import type { OpenTarget } from '../target.ts';
import { attackingPeer } from './attacking-peer.ts';

/** The node's patience with a planning system here, and how late it may be with its verdict, in seconds. */
const timeoutSeconds = 0.2;
const latestSeconds = 15;

/** What a planning system answers to a delivery, from the association to the release. */
export const open: OpenTarget = async (cleanup) => {
  const path = join(await temporaryFolder(cleanup), 'implicit.dcm');
  const file = writeRtstruct(exampleInput([]), 'implicit');
  await writeFile(path, file);
  const tps = await attackingPeer(cleanup);
  const accept = associateAccept([{ id: 1, transferSyntax: implicitVrLittleEndian }]);
  const answer = (status: number): Buffer =>
    response(0x8001, { status, more: [[0x1000, parseDicom(file).meta.sopInstanceUid]] });
  const released = pdu(0x06, [0, 0, 0, 0]);
  return {
    samples: [
      Buffer.concat([accept, answer(0x0000), released]),
      Buffer.concat([accept, answer(0xb000), released]),
      Buffer.concat([accept, answer(0xa700), released]),
      Buffer.concat([pdu(0x03, [0, 1, 1, 3]), released]),
      Buffer.concat([accept, pdu(0x07, [0, 0, 2, 0])]),
    ],
    async feed(input) {
      tps.says(input, accept.length);
      const start = performance.now();
      const { outcome, status, message } = await sendStructureSet(
        tps.address,
        { implicit: path },
        { callingAe: 'CONTOUR', transferSyntaxes: ['implicit'], triedBefore: false, timeoutSeconds },
      );
      const seconds = (performance.now() - start) / 1000;
      if (seconds > latestSeconds) throw new Error(`a verdict after ${seconds.toFixed(0)} s`);
      if (message?.includes('\n') === true) throw new Error(`more than one line: ${message}`);
      // Nothing counts as delivered without a status that says so.
      if (outcome === 'delivered' && status !== 0 && ((status ?? 0) & 0xf000) !== 0xb000)
        throw new Error(`status ${status}`);
    },
  };
};
