import type { requests, responses } from 'dcmjs-dimse';
import { explicitVrLittleEndian } from '../dicom/transfer-syntax.ts';
import type { AssociationInfo } from './association-info.ts';
import { commitmentReport } from './commitment-report.ts';
import { NActionResponse } from './dcmjs-dimse.ts';
import { abortReason, PduViolation } from './pdu.ts';
import { storeStatus } from './status.ts';
import {
  type CommitmentRequest,
  type CommitmentResult,
  readCommitmentRequest,
  requestCommitmentAction,
  storageCommitmentInstance,
  storageCommitmentSopClass,
} from './storage-commitment.ts';

/** What answers storage commitment requests. */
export interface CommitmentProvider {
  /** Records the request; only then is it answered with success. A rejection is answered as a processing failure. */
  commit(association: AssociationInfo, request: CommitmentRequest): Promise<void>;
  /**
   * The request is answered: now its result may be told.
   *
   * @param here tells it on the same association; rejects when the peer does not take it there
   */
  answered(
    association: AssociationInfo,
    request: CommitmentRequest,
    here: (result: CommitmentResult) => Promise<void>,
  ): void;
}

/** A thousand instances take about 150 KB. */
const maximumBytes = 8 * 1024 * 1024;
/** A peer that is about to release its association does not answer there. */
const answerSeconds = 10;

type NActionRequest = requests.NActionRequest;

/** Storage Commitment Push Model as SCP (PS3.4 annex J) within one association. */
export class CommitmentExchange {
  readonly #provider: CommitmentProvider;
  readonly #send: (request: requests.Request) => void;
  #gathered: Buffer[] | undefined;
  #bytes = 0;
  #waiting: PromiseWithResolvers<void> | undefined;
  #last: Promise<void> = Promise.resolve();
  #over = false;

  constructor(provider: CommitmentProvider, send: (request: requests.Request) => void) {
    this.#provider = provider;
    this.#send = send;
  }

  /** A request's data set is on its way, or waits for its answer. */
  get receiving(): boolean {
    return this.#gathered !== undefined;
  }

  /** An N-ACTION came that a data set follows. */
  begin(): void {
    this.#gathered = [];
    this.#bytes = 0;
  }

  /** @throws PduViolation */
  append(bytes: Buffer): void {
    this.#bytes += bytes.length;
    if (this.#bytes > maximumBytes)
      throw new PduViolation(abortReason.notSpecified, 'storage commitment request too long');
    this.#gathered?.push(bytes);
  }

  /**
   * Answers a complete request. Never rejects.
   *
   * @returns the response, and what is to be done once it is on its way
   */
  async answer(
    association: AssociationInfo,
    request: NActionRequest,
  ): Promise<{ response: responses.NActionResponse; after: () => void }> {
    const response = NActionResponse.fromRequest(request);
    const nothing = (): void => {};
    const status = refusalOf(request);
    response.setStatus(status ?? storeStatus.success);
    try {
      if (status !== undefined) return { response, after: nothing };
      const bytes = Buffer.concat(this.#gathered ?? []);
      const transferSyntax = request.getDataset()?.getTransferSyntaxUid() ?? '';
      const asked = readCommitmentRequest(bytes, transferSyntax);
      await this.#provider.commit(association, asked);
      const encoding = transferSyntax === explicitVrLittleEndian ? 'explicit' : 'implicit';
      return {
        response,
        after: () => this.#provider.answered(association, asked, (result) => this.#report(result, encoding)),
      };
    } catch {
      response.setStatus(storeStatus.processingFailure);
      return { response, after: nothing };
    } finally {
      this.#gathered = undefined;
    }
  }

  /** The association is over: nobody answers any more. */
  end(): void {
    this.#over = true;
    this.#waiting?.reject(new Error('the association is over'));
    this.#gathered = undefined;
  }

  /** One result after the other: only one operation may be outstanding. */
  #report(result: CommitmentResult, encoding: 'implicit' | 'explicit'): Promise<void> {
    const told = this.#last.then(() => this.#tell(result, encoding));
    this.#last = told.catch(() => {});
    return told;
  }

  async #tell(result: CommitmentResult, encoding: 'implicit' | 'explicit'): Promise<void> {
    if (this.#over) throw new Error('the association is over');
    const waiting = Promise.withResolvers<void>();
    this.#waiting = waiting;
    const timer = setTimeout(() => waiting.reject(new Error('no answer')), answerSeconds * 1000);
    const report = commitmentReport(result, encoding);
    report.on('response', (response: responses.Response) => {
      if (response.getStatus() === storeStatus.success) waiting.resolve();
      else waiting.reject(new Error('refused'));
    });
    try {
      this.#send(report);
      await waiting.promise;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** PS3.7 section 10.1.4.1.10. */
function refusalOf(request: NActionRequest): number | undefined {
  if (request.getRequestedSopClassUid() !== storageCommitmentSopClass) return storeStatus.sopClassNotSupported;
  if (request.getRequestedSopInstanceUid() !== storageCommitmentInstance) return storeStatus.noSuchSopInstance;
  return request.getActionTypeId() === requestCommitmentAction ? undefined : storeStatus.noSuchActionType;
}
