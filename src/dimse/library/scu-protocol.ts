import {
  Association,
  type CStoreRequest,
  forgetCommand,
  Network,
  type NEventReportRequest,
  type NEventReportResponse,
  type Request,
  type Response,
} from './dcmjs-dimse.ts';
import type { GuardedConnection } from './guarded-connection.ts';

/** One presentation context that is proposed. */
export interface ProposedContext {
  readonly abstractSyntax: string;
  readonly transferSyntaxes: readonly string[];
  /** This node is SCP of the SOP class although it asks for the association (PS3.7 D.3.3.4). */
  readonly role?: 'scp';
}

export interface AcceptedContext {
  readonly abstractSyntax: string;
  readonly transferSyntax: string;
}

/** What is told to the requestor of an association. Nothing here may throw. */
export interface ScuHandler {
  /** @param accepted by presentation context ID @param peerMaximum longest PDU that the peer takes; 0 for no limit */
  accepted(accepted: ReadonlyMap<number, AcceptedContext>, peerMaximum: number): void;
  rejected(rejection: { readonly result: number; readonly source: number; readonly reason: number }): void;
  releaseAnswered(): void;
  aborted(): void;
  eventReport(request: NEventReportRequest, respond: (response: NEventReportResponse) => void): void;
  failed(error: Error): void;
}

/** dcmjs-dimse as requestor of one association: it encodes requests and decodes responses. */
export class ScuProtocol {
  readonly #network: Network;
  readonly #handler: ScuHandler;

  constructor(connection: GuardedConnection, handler: ScuHandler) {
    this.#handler = handler;
    this.#network = new Network(connection.librarySocket);
    this.#network.on('associationRejected', (rejection: Parameters<ScuHandler['rejected']>[0]) =>
      handler.rejected(rejection),
    );
    this.#network.on('associationReleaseResponse', () => handler.releaseAnswered());
    this.#network.on('abort', () => handler.aborted());
    this.#network.on('networkError', (error: Error) => handler.failed(error));
    this.#network.on(
      'nEventReportRequest',
      (request: NEventReportRequest, respond: (response: NEventReportResponse) => void) =>
        handler.eventReport(request, respond),
    );
  }

  /** @param maximumPdu bytes, announced as Maximum Length Received (PS3.8 D.1) */
  associate(
    titles: { readonly callingAe: string; readonly calledAe: string },
    contexts: readonly ProposedContext[],
    maximumPdu: number,
  ): void {
    const association = new Association(titles.callingAe, titles.calledAe);
    association.setMaxPduLength(maximumPdu);
    const proposed = new Map(contexts.map((context) => [propose(association, context), context]));
    this.#network.on('associationAccepted', () =>
      this.#handler.accepted(acceptedOf(association, proposed), association.getMaxPduLength()),
    );
    this.#network.sendAssociationRequest(association);
  }

  /** @param onResponse called for each response; what it gets need not have a status */
  send(request: Request, onResponse: (response: Response) => void): void {
    request.on('response', (response: Response) => {
      // The library keeps every request until the end of the association; the bytes need not stay with it.
      (request as CStoreRequest).setDataset(undefined as never);
      onResponse(response);
    });
    this.#network.sendRequests(request);
  }

  release(): void {
    this.#network.sendAssociationReleaseRequest();
  }

  /** To be called after each complete command. */
  commandComplete(): void {
    forgetCommand(this.#network);
  }
}

/** @returns the presentation context ID */
function propose(association: Association, { abstractSyntax, transferSyntaxes, role }: ProposedContext): number {
  const id = association.addPresentationContext(abstractSyntax);
  if (role === 'scp') {
    association.getPresentationContext(id).setUserRole(false);
    association.getPresentationContext(id).setProviderRole(true);
  }
  for (const uid of transferSyntaxes) association.addTransferSyntaxToPresentationContext(id, uid);
  return id;
}

/** A transfer syntax that was not proposed is no acceptance. */
function acceptedOf(
  association: Association,
  proposed: ReadonlyMap<number, ProposedContext>,
): Map<number, AcceptedContext> {
  const accepted = new Map<number, AcceptedContext>();
  for (const [id, { abstractSyntax, transferSyntaxes }] of proposed) {
    const context = association.getPresentationContext(id);
    const transferSyntax = context.getAcceptedTransferSyntaxUid();
    if (context.getResult() === 0 && transferSyntax !== undefined && transferSyntaxes.includes(transferSyntax))
      accepted.set(id, { abstractSyntax, transferSyntax });
  }
  return accepted;
}
