import { ctImageStorage } from '../../../src/dicom/ct-instance.ts';
import { verificationSopClass } from '../../../src/dimse/presentation-context.ts';
import { exampleInstance } from '../../dimse/example-instance.ts';
import { associateRequest, command, data, releaseRequest, storeRequest } from '../../peers/raw-peer.ts';
import type { OpenTarget } from '../target.ts';
import { attackedScp } from './attacked-scp.ts';

/** Command sets within sound PDUs: what gets past the guard to the library. */
export const open: OpenTarget = async (cleanup) => {
  const scp = await attackedScp(cleanup);
  const request = associateRequest({
    called: 'CONTOUR',
    calling: 'SCANNER',
    contexts: [
      { id: 1, abstractSyntax: ctImageStorage, transferSyntaxes: ['1.2.840.10008.1.2'] },
      { id: 3, abstractSyntax: verificationSopClass, transferSyntaxes: ['1.2.840.10008.1.2'] },
    ],
  });
  const { sopInstanceUid, dataSet } = exampleInstance(1, { pixelBytes: 64 });
  // Command Field of every service of PS3.7 annex E, with and without a data set.
  const others = [
    0x0010, 0x0020, 0x0021, 0x0030, 0x0100, 0x0110, 0x0120, 0x0130, 0x0140, 0x0150, 0x0fff, 0x8001,
  ].flatMap((field) =>
    [0x0101, 0x0000].map((type) =>
      command([
        [0x0002, verificationSopClass],
        [0x0100, field],
        [0x0110, 7],
        [0x0600, 'ELSEWHERE '],
        [0x0700, 0],
        [0x0800, type],
        [0x1000, sopInstanceUid],
        [0x1008, 1],
      ]),
    ),
  );
  return {
    samples: [storeRequest(1, ctImageStorage, sopInstanceUid), ...others],
    feed: (input) =>
      scp.attack(
        Buffer.concat([
          request,
          data(1, 'command', true, input),
          data(1, 'data set', true, dataSet),
          data(3, 'command', true, input),
          releaseRequest,
        ]),
      ),
  };
};
