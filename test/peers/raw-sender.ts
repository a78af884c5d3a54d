import { ctImageStorage } from '../../src/dicom/ct-instance.ts';
import { implicitVrLittleEndian } from '../../src/dicom/transfer-syntax.ts';
import { dataSetOf } from '../dimse/example-instance.ts';
import { type CtSlice, ctSliceFile, sopInstanceUidOf } from '../support/ct-slice.ts';
import {
  associateRequest,
  connectRaw,
  data,
  type RawPeer,
  releaseRequest,
  statusOf,
  storeRequest,
} from './raw-peer.ts';

/** A CT console that stops wherever a test wants it to. */
export interface RawSender {
  readonly peer: RawPeer;
  /** Sends one slice. @returns the status of its response; undefined when the connection ended instead */
  store(slice: CtSlice): Promise<number | undefined>;
  /** Sends the command of a slice and the first half of its data set. */
  storeHalf(slice: CtSlice): void;
  /** @returns whether the release was answered */
  release(): Promise<boolean>;
}

/** An association with CT Image Storage in Implicit VR Little Endian, accepted. */
export async function rawSender(port: number, calling = 'SCANNER'): Promise<RawSender> {
  const peer = await connectRaw(port);
  const contexts = [{ id: 1, abstractSyntax: ctImageStorage, transferSyntaxes: [implicitVrLittleEndian] }];
  peer.send(associateRequest({ called: 'CONTOUR', calling, contexts }));
  const accept = await peer.pdu();
  if (accept?.[0] !== 0x02) throw new Error('the association was not accepted');
  let messages = 0;
  const begin = (slice: CtSlice): Buffer => {
    const dataSet = dataSetOf(ctSliceFile(slice));
    peer.send(data(1, 'command', true, storeRequest(++messages, ctImageStorage, sopInstanceUidOf(slice))));
    return dataSet;
  };
  return {
    peer,
    async store(slice) {
      peer.send(data(1, 'data set', true, begin(slice)));
      const response = await peer.pdu();
      return response?.[0] === 0x04 ? statusOf(response) : undefined;
    },
    storeHalf(slice) {
      const dataSet = begin(slice);
      peer.send(data(1, 'data set', false, dataSet.subarray(0, dataSet.length / 2)));
    },
    async release() {
      peer.send(releaseRequest);
      return (await peer.pdu())?.[0] === 0x06;
    },
  };
}
