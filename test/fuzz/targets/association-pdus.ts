import { ctImageStorage } from '../../../src/dicom/ct-instance.ts';
import { verificationSopClass } from '../../../src/dimse/presentation-context.ts';
import { exampleInstance } from '../../dimse/example-instance.ts';
import { associateRequest, command, data, releaseRequest, storeRequest } from '../../peers/raw-peer.ts';
import type { OpenTarget } from '../target.ts';
import { attackedScp } from './attacked-scp.ts';

const contexts = [
  { id: 1, abstractSyntax: verificationSopClass, transferSyntaxes: ['1.2.840.10008.1.2'] },
  { id: 3, abstractSyntax: ctImageStorage, transferSyntaxes: ['1.2.840.10008.1.2', '1.2.840.10008.1.2.1'] },
];

/** Everything that a sender writes on a connection, from the association request to the release. */
export const open: OpenTarget = async (cleanup) => {
  const scp = await attackedScp(cleanup);
  const request = associateRequest({ called: 'CONTOUR', calling: 'SCANNER', contexts });
  const { sopInstanceUid, dataSet } = exampleInstance(1, { pixelBytes: 512 });
  const echo = command([
    [0x0002, verificationSopClass],
    [0x0100, 0x0030],
    [0x0110, 1],
    [0x0800, 0x0101],
  ]);
  const store = [
    data(3, 'command', true, storeRequest(2, ctImageStorage, sopInstanceUid)),
    data(3, 'data set', false, dataSet.subarray(0, 200)),
    data(3, 'data set', true, dataSet.subarray(200)),
  ];
  return {
    samples: [
      Buffer.concat([request, data(1, 'command', true, echo), releaseRequest]),
      Buffer.concat([request, ...store, releaseRequest]),
      Buffer.concat([request, ...store, data(1, 'command', true, echo), ...store, releaseRequest]),
    ],
    feed: (input) => scp.attack(input),
  };
};
