import type { Writable } from 'node:stream';
import type { AssociationInfo, NamedInstance } from '../association-info.ts';
import { CommitmentExchange, type CommitmentRoles } from '../commitment/scp/commitment-exchange.ts';
import { storageCommitmentSopClass } from '../commitment/storage-commitment.ts';
import {
  type NActionRequest,
  NActionResponse,
  type NEventReportRequest,
  NEventReportResponse,
} from '../library/dcmjs-dimse.ts';
import type { GuardedConnection } from '../library/guarded-connection.ts';
import {
  type AnsweredContext,
  type ProposedContext,
  type ScpHandler,
  ScpProtocol,
  type StoreRequest,
} from '../library/scp-protocol.ts';
import { answerContext, contextResult, type SupportedContexts } from '../presentation-context.ts';
import { dimseStatus } from '../status.ts';
import { StorageService, type StorageServiceOptions } from './storage-service.ts';

export interface SessionOptions extends StorageServiceOptions {
  /** Announced as Maximum Length Received (PS3.8 D.1). */
  readonly maximumPdu: number;
  /** Says who asks and what is accepted from them, or undefined after it has rejected the association. */
  readonly admit: (titles: { readonly callingAe: string; readonly calledAe: string }) => Admission | undefined;
  /** A presentation context of this SOP class was refused. */
  readonly contextRefused: (abstractSyntax: string) => void;
  /** The association was released: the response is on its way. */
  readonly released: () => void;
  readonly aborted: () => void;
  /** The library cannot go on. */
  readonly failed: (error: Error) => void;
  /** The session may take the next PDU again. */
  readonly ready: () => void;
}

export interface Admission {
  readonly info: AssociationInfo;
  readonly contexts: SupportedContexts;
  readonly commitment: CommitmentRoles;
}

/**
 * The service classes of one association that a peer asked for: Storage (PS3.4 annex B) and Storage Commitment (annex J).
 * Verification (annex A) needs no more than ScpProtocol.
 */
export class ScpSession implements ScpHandler {
  readonly #options: SessionOptions;
  readonly #protocol: ScpProtocol;
  readonly #storage: StorageService;
  #info: AssociationInfo | undefined;
  /** Where storage commitment was accepted. */
  #commitment: CommitmentExchange | undefined;

  constructor(connection: GuardedConnection, options: SessionOptions) {
    this.#options = options;
    this.#storage = new StorageService(options);
    this.#protocol = new ScpProtocol(connection, this, options);
    this.#protocol.onError(options.failed);
  }

  get info(): AssociationInfo | undefined {
    return this.#info;
  }

  /** A data set is on its way. */
  get receiving(): boolean {
    return this.#storage.receiving || (this.#commitment?.dataSet.receiving ?? false);
  }

  /** Nothing more may be read now: a request waits for its response, or the disk lags behind. */
  get busy(): boolean {
    return this.answering || this.#storage.lagging;
  }

  /** A complete request waits for its response. */
  get answering(): boolean {
    return this.#protocol.answering;
  }

  isAccepted(contextId: number): boolean {
    return this.#protocol.isAccepted(contextId);
  }

  /** Takes bytes of the data set that is on its way; @throws PduViolation */
  append(bytes: Buffer): void {
    if (this.#commitment?.dataSet.receiving === true) this.#commitment.dataSet.append(bytes);
    else this.#storage.append(bytes);
  }

  /** To be called after each complete command. */
  commandComplete(): void {
    if (this.#protocol.commandComplete()) this.#commitment?.dataSet.begin();
  }

  /** The association is over: removes what is half received, and waits for what is being stored. */
  async end(): Promise<void> {
    this.#commitment?.end();
    await this.#protocol.idle();
    await this.#storage.end();
  }

  associate(
    titles: { readonly callingAe: string; readonly calledAe: string },
    contexts: readonly ProposedContext[],
  ): AnsweredContext[] | undefined {
    const admission = this.#options.admit(titles);
    if (admission === undefined) return undefined;
    this.#info = admission.info;
    const answers = contexts.map((context) => ({
      ...answerContext(admission.contexts, context.abstractSyntax, context.transferSyntaxes),
      ...answerRoles(context, admission.commitment),
    }));
    const refused = contexts.filter((_, i) => answers[i]?.result === contextResult.abstractSyntaxNotSupported);
    for (const sopClass of new Set(refused.map(({ abstractSyntax }) => abstractSyntax)))
      this.#options.contextRefused(sopClass);
    if (contexts.some((context, i) => isCommitment(context) && answers[i]?.result === 0))
      this.#commitment = new CommitmentExchange(admission.commitment, (report) => this.#protocol.send(report));
    return answers;
  }

  released(): void {
    this.#options.released();
  }

  aborted(): void {
    this.#options.aborted();
  }

  ready(): void {
    this.#options.ready();
  }

  beginStore(request: StoreRequest): Writable | undefined {
    return this.#info === undefined ? undefined : this.#storage.begin(request, this.#info);
  }

  async endStore(named: NamedInstance): Promise<number> {
    return this.#info === undefined ? dimseStatus.cannotUnderstand : this.#storage.finish(named, this.#info);
  }

  async action(request: NActionRequest): Promise<{ response: NActionResponse; after: () => void }> {
    if (this.#commitment !== undefined && this.#info !== undefined) return this.#commitment.answer(this.#info, request);
    const response = NActionResponse.fromRequest(request);
    response.setStatus(dimseStatus.sopClassNotSupported);
    return { response, after: () => {} };
  }

  async eventReport(request: NEventReportRequest): Promise<NEventReportResponse> {
    if (this.#commitment !== undefined && this.#info !== undefined) return this.#commitment.take(this.#info, request);
    const response = NEventReportResponse.fromRequest(request);
    response.setStatus(dimseStatus.noSuchSopClass);
    return response;
  }
}

/**
 * PS3.7 D.3.3.4: the node is SCP, except for a peer that connects to report storage commitment results (PS3.4 J.3.3). The
 * default roles need no answer.
 */
function answerRoles(
  context: ProposedContext,
  { provider, listener }: CommitmentRoles,
): Pick<AnsweredContext, 'requestorIsScp' | 'requestorIsScu'> {
  if (context.requestorIsScp === undefined) return {};
  return {
    requestorIsScp: isCommitment(context) && context.requestorIsScp && listener !== undefined,
    ...(isCommitment(context) && provider === undefined && { requestorIsScu: false }),
  };
}

function isCommitment({ abstractSyntax }: ProposedContext): boolean {
  return abstractSyntax === storageCommitmentSopClass;
}
