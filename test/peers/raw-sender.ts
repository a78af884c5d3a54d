import { ctImageStorage } from '../../src/dicom/ct-instance.ts';
import { parseDicom } from '../../src/dicom/read-data-set.ts';
import { implicitVrLittleEndian } from '../../src/dicom/transfer-syntax.ts';
import { dataSetOf } from '../dimse/example-instance.ts';
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
  /**
   * @param file a CT image in the association's transfer syntax
   * @returns the status of its response; undefined when the connection ended instead
   */
  store(file: Buffer): Promise<number | undefined>;
  /** Sends the command and the first half of the data set. */
  storeHalf(file: Buffer): void;
  /** @returns whether the release was answered */
  release(): Promise<boolean>;
}

/** An association with CT Image Storage, accepted. */
export async function rawSender(
  port: number,
  calling = 'SCANNER',
  transferSyntax = implicitVrLittleEndian,
): Promise<RawSender> {
  const peer = await connectRaw(port);
  const contexts = [{ id: 1, abstractSyntax: ctImageStorage, transferSyntaxes: [transferSyntax] }];
  peer.send(associateRequest({ called: 'CONTOUR', calling, contexts }));
  const accept = await peer.pdu();
  if (accept?.[0] !== 0x02) throw new Error('the association was not accepted');
  let messages = 0;
  const begin = (file: Buffer): Buffer => {
    const { sopInstanceUid } = parseDicom(file).meta;
    peer.send(data(1, 'command', true, storeRequest(++messages, ctImageStorage, sopInstanceUid)));
    return dataSetOf(file);
  };
  return {
    peer,
    async store(file) {
      peer.send(data(1, 'data set', true, begin(file)));
      const response = await peer.pdu();
      return response?.[0] === 0x04 ? statusOf(response) : undefined;
    },
    storeHalf(file) {
      const dataSet = begin(file);
      peer.send(data(1, 'data set', false, dataSet.subarray(0, dataSet.length / 2)));
    },
    async release() {
      peer.send(releaseRequest);
      return (await peer.pdu())?.[0] === 0x06;
    },
  };
}
