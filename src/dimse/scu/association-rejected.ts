import { ContourNodeError } from '../../errors.ts';
import { rejectionInWords, rejectionRemedy } from '../rejection-words.ts';
import type { PeerAddress } from './peer-connection.ts';

/** The peer answered A-ASSOCIATE-RJ. */
export class AssociationRejected extends ContourNodeError {
  /** 1 rejected-permanent, 2 rejected-transient (PS3.8 table 9-21). */
  readonly result: number;
  /** 1 service user, 2 and 3 service provider. */
  readonly source: number;
  readonly reason: number;

  constructor(peer: PeerAddress, rejection: { result: number; source: number; reason: number }) {
    const remedy = rejectionRemedy(rejection);
    const numbers = `result ${rejection.result}, source ${rejection.source}, reason ${rejection.reason}`;
    super(
      'ASSOCIATION_REJECTED',
      `${peer.aeTitle} rejected the association: ${rejectionInWords(rejection)} (${numbers})`,
      remedy === undefined ? {} : { remedy },
    );
    this.result = rejection.result;
    this.source = rejection.source;
    this.reason = rejection.reason;
  }
}
