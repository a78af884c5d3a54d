import { explicitVrLittleEndian } from '../../../dicom/transfer-syntax.ts';
import type { AssociationInfo } from '../../association-info.ts';
import { commitmentReport } from './commitment-report.ts';
import { type CommitmentListener, takeResult } from '../scu/commitment-result.ts';
import {
  type NActionRequest,
  NActionResponse,
  type NEventReportRequest,
  type NEventReportResponse,
  type Request,
  type Response,
} from '../../library/dcmjs-dimse.ts';
import { GatheredDataSet } from '../../library/gathered-data-set.ts';
import { dimseStatus } from '../../status.ts';
import {
  type CommitmentRequest,
  type CommitmentResult,
  readCommitmentRequest,
  requestCommitmentAction,
  storageCommitmentInstance,
  storageCommitmentSopClass,
} from '../storage-commitment.ts';

/** Answers storage commitment requests. */
export interface CommitmentProvider {
  /** Records the request, before the response says success. Where it rejects, the response is processing failure. */
  commit(association: AssociationInfo, request: CommitmentRequest): Promise<void>;
  /**
   * The response is on its way: now the result may be reported.
   *
   * @param here reports it on the same association; rejects when the peer does not take it there
   */
  answered(
    association: AssociationInfo,
    request: CommitmentRequest,
    here: (result: CommitmentResult) => Promise<void>,
  ): void;
}

/** A peer that releases its association at once does not answer; the result is then reported on another one. */
const answerSeconds = 10;

/** The roles in which a peer may use storage commitment. */
export interface CommitmentRoles {
  /** The peer may ask for commitment: this node is SCP. */
  readonly provider?: CommitmentProvider;
  /** The peer may report results of this node's own requests: this node is SCU. */
  readonly listener?: CommitmentListener;
}

/** Storage Commitment Push Model (PS3.4 annex J) on one association that a peer asked for. */
export class CommitmentExchange {
  readonly roles: CommitmentRoles;
  readonly #send: (request: Request) => void;
  readonly dataSet = new GatheredDataSet();
  #waiting: PromiseWithResolvers<void> | undefined;
  #last: Promise<void> = Promise.resolve();
  #over = false;

  constructor(roles: CommitmentRoles, send: (request: Request) => void) {
    this.roles = roles;
    this.#send = send;
  }

  /**
   * Answers a complete request. Never rejects.
   *
   * @returns the response, and what is to be done once it is on its way
   */
  async answer(
    association: AssociationInfo,
    request: NActionRequest,
  ): Promise<{ response: NActionResponse; after: () => void }> {
    const response = NActionResponse.fromRequest(request);
    const nothing = (): void => {};
    const { provider } = this.roles;
    const status = refusalOf(request);
    response.setStatus(status ?? (provider === undefined ? dimseStatus.sopClassNotSupported : dimseStatus.success));
    try {
      if (status !== undefined || provider === undefined) return { response, after: nothing };
      const { bytes } = this.dataSet;
      const transferSyntax = request.getDataset()?.getTransferSyntaxUid() ?? '';
      const asked = readCommitmentRequest(bytes, transferSyntax);
      await provider.commit(association, asked);
      const encoding = transferSyntax === explicitVrLittleEndian ? 'explicit' : 'implicit';
      return {
        response,
        after: () => provider.answered(association, asked, (result) => this.#report(result, encoding)),
      };
    } catch {
      response.setStatus(dimseStatus.processingFailure);
      return { response, after: nothing };
    } finally {
      this.dataSet.end();
    }
  }

  /** Answers a complete result. Never rejects. */
  async take(association: AssociationInfo, request: NEventReportRequest): Promise<NEventReportResponse> {
    const { listener } = this.roles;
    const { bytes } = this.dataSet;
    const response = await takeResult(request, bytes, async (result) =>
      association.peer === undefined ? false : ((await listener?.told(result, association.peer.name)) ?? false),
    );
    this.dataSet.end();
    return response;
  }

  /** The association is over: no response will come. */
  end(): void {
    this.#over = true;
    this.#waiting?.reject(new Error('the association is over'));
    this.dataSet.end();
  }

  /** One report after the other: only one operation may be outstanding. */
  #report(result: CommitmentResult, encoding: 'implicit' | 'explicit'): Promise<void> {
    const reported = this.#last.then(() => this.#reportNow(result, encoding));
    this.#last = reported.catch(() => {});
    return reported;
  }

  async #reportNow(result: CommitmentResult, encoding: 'implicit' | 'explicit'): Promise<void> {
    if (this.#over) throw new Error('the association is over');
    const waiting = Promise.withResolvers<void>();
    this.#waiting = waiting;
    const timer = setTimeout(() => waiting.reject(new Error('no answer')), answerSeconds * 1000);
    const report = commitmentReport(result, encoding);
    report.on('response', (response: Response) => {
      if (response.getStatus() === dimseStatus.success) waiting.resolve();
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
  if (request.getRequestedSopClassUid() !== storageCommitmentSopClass) return dimseStatus.sopClassNotSupported;
  if (request.getRequestedSopInstanceUid() !== storageCommitmentInstance) return dimseStatus.noSuchSopInstance;
  return request.getActionTypeId() === requestCommitmentAction ? undefined : dimseStatus.noSuchActionType;
}
