import { setTimeout as sleep } from 'node:timers/promises';
import { implicitVrLittleEndian } from '../../../dicom/transfer-syntax.ts';
import { ContourNodeError } from '../../../errors.ts';
import { takeResult } from './commitment-result.ts';
import { NActionRequest, type NActionResponse } from '../../library/dcmjs-dimse.ts';
import { EncodedDataset } from '../../library/encoded-dataset.ts';
import { OutboundAssociation } from '../../scu/outbound-association.ts';
import type { PeerAddress } from '../../scu/peer-connection.ts';
import { formatStatus, dimseStatus } from '../../status.ts';
import {
  commitmentActionElements,
  type CommitmentRequest,
  type CommitmentResult,
  requestCommitmentAction,
  storageCommitmentInstance,
  storageCommitmentSopClass,
} from '../storage-commitment.ts';

/** A peer that reports the result on the same association does so within this time after its response. */
const patienceSeconds = 30;

const contexts = [{ abstractSyntax: storageCommitmentSopClass, transferSyntaxes: [implicitVrLittleEndian] }];

export interface CommitmentRequestOptions {
  readonly callingAe: string;
  readonly timeoutSeconds: number;
  /** The peer has accepted the request. */
  readonly taken: () => Promise<void>;
  /** Records a result that arrives on the same association. @returns whether it was asked for */
  readonly told: (result: CommitmentResult) => Promise<boolean>;
  /** Resolves when the result is recorded, on whichever association it arrived. */
  readonly settled: Promise<void>;
  readonly signal?: AbortSignal;
}

/**
 * Asks a peer for storage commitment (PS3.4 J.3.2, this node being SCU). The association stays open for a while, for a
 * peer that reports the result on it.
 *
 * @throws ContourNodeError as OutboundAssociation; PRESENTATION_CONTEXT_REFUSED; STORE_REFUSED for another status than
 *   success. Once the peer has accepted the request nothing is thrown, whatever happens to the association.
 */
export async function requestCommitment(
  peer: PeerAddress,
  request: CommitmentRequest,
  options: CommitmentRequestOptions,
): Promise<void> {
  const { callingAe, timeoutSeconds, taken, told, settled, signal } = options;
  const association = await OutboundAssociation.open({
    peer,
    callingAe,
    timeoutSeconds,
    contexts,
    onEvent: (event, dataSet) => takeResult(event, dataSet, told),
    ...(signal === undefined ? {} : { signal }),
  });
  const waiting = new AbortController();
  try {
    if (!association.accepts(storageCommitmentSopClass, implicitVrLittleEndian)) throw notOffered(peer);
    const action = new NActionRequest(storageCommitmentSopClass, storageCommitmentInstance, requestCommitmentAction);
    action.setDataset(EncodedDataset.of(commitmentActionElements(request), 'implicit'));
    const response = await association.perform<NActionResponse>(action);
    if (response.getStatus() !== dimseStatus.success) {
      throw new ContourNodeError(
        'STORE_REFUSED',
        `${peer.aeTitle} answered the storage commitment request with ${formatStatus(response.getStatus())}`,
      );
    }
    await taken();
    const patience = sleep(patienceSeconds * 1000, undefined, { signal: waiting.signal }).catch(() => {});
    await Promise.race([settled, association.over, patience]);
  } finally {
    waiting.abort();
    await association.release();
  }
}

/**
 * Asks a peer whether it offers storage commitment, by an association that sends nothing.
 *
 * @throws ContourNodeError as OutboundAssociation; PRESENTATION_CONTEXT_REFUSED
 */
export async function offerCommitment(
  peer: PeerAddress,
  options: { callingAe: string; timeoutSeconds: number },
): Promise<void> {
  const association = await OutboundAssociation.open({ peer, ...options, contexts });
  const accepted = association.accepts(storageCommitmentSopClass, implicitVrLittleEndian);
  await association.release();
  if (!accepted) throw notOffered(peer);
}

function notOffered({ aeTitle }: PeerAddress): ContourNodeError {
  return new ContourNodeError('PRESENTATION_CONTEXT_REFUSED', `${aeTitle} offers no storage commitment`, {
    remedy: 'turn it on at the peer, or take storageCommitment away from the destination',
  });
}
