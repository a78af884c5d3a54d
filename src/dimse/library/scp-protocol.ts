import { finished, Writable } from 'node:stream';
import type { NamedInstance } from '../association-info.ts';
import type { ContextAnswer } from '../presentation-context.ts';
import { pduType } from '../pdu.ts';
import { dimseStatus } from '../status.ts';
import { withoutAsynchronousOperations } from './asynchronous-operations.ts';
import {
  type Association,
  CEchoResponse,
  type CEchoRequest,
  CStoreResponse,
  type CStoreRequest,
  Dataset,
  forgetCommand,
  type NActionRequest,
  type NActionResponse,
  type NEventReportRequest,
  type NEventReportResponse,
  type PresentationContext,
  PresentationContextResult,
  type Request,
  Scp,
} from './dcmjs-dimse.ts';
import type { GuardedConnection } from './guarded-connection.ts';
import { ResponseCommandSet } from './response-command-set.ts';

/** One presentation context of an A-ASSOCIATE-RQ. */
export interface ProposedContext {
  readonly abstractSyntax: string;
  readonly transferSyntaxes: readonly string[];
  /** The requestor proposes to be SCP (true) or not (false); undefined where it proposes no roles (PS3.7 D.3.3.4). */
  readonly requestorIsScp: boolean | undefined;
}

/** Its answer; the roles are those of the requestor, and left out where the default ones hold. */
export type AnsweredContext = ContextAnswer & { readonly requestorIsScp?: boolean; readonly requestorIsScu?: boolean };

/** A C-STORE request, and the presentation context that it came in. */
export interface StoreRequest extends NamedInstance {
  readonly abstractSyntax: string;
  readonly transferSyntaxUid: string;
}

/** What the node does with an association as its acceptor. Nothing here may throw, and no promise reject. */
export interface ScpHandler {
  /** @returns the answer to each context; undefined where the association was rejected */
  associate(
    titles: { readonly callingAe: string; readonly calledAe: string },
    contexts: readonly ProposedContext[],
  ): readonly AnsweredContext[] | undefined;
  /** The association was released: the response is on its way. */
  released(): void;
  aborted(): void;
  /** @returns what takes the data set; undefined where it is to be discarded */
  beginStore(request: StoreRequest): Writable | undefined;
  /** The stream of `beginStore` has ended, well or not. @returns the status of the response */
  endStore(named: NamedInstance): Promise<number>;
  /** @returns the response, and what is to be done once it is on its way */
  action(request: NActionRequest): Promise<{ readonly response: NActionResponse; readonly after: () => void }>;
  eventReport(request: NEventReportRequest): Promise<NEventReportResponse>;
  /** The response is on its way: the next PDU may come. */
  ready(): void;
}

/** Command Fields of an N-ACTION-RQ and an N-EVENT-REPORT-RQ (PS3.7 annex E). */
const nActionRequest = 0x0130;
const nEventReportRequest = 0x0100;

/** dcmjs-dimse as acceptor of one association: it decodes requests and encodes responses. */
export class ScpProtocol {
  readonly #scp: HandledScp;

  constructor(connection: GuardedConnection, handler: ScpHandler, options: { readonly maximumPdu: number }) {
    this.#scp = new HandledScp(connection, handler, options.maximumPdu);
  }

  /** A request waits for its response: until then the library must get no other PDU. */
  get answering(): boolean {
    return this.#scp.answering !== undefined;
  }

  /** Resolves when no request waits for its response. */
  async idle(): Promise<void> {
    await this.#scp.answering;
  }

  /** Whether a presentation data value may name this context (PS3.8 9.3.5.1). */
  isAccepted(contextId: number): boolean {
    return this.#scp.accepted.has(contextId);
  }

  /**
   * To be called after each complete command.
   *
   * @returns whether the data set of an N-ACTION or N-EVENT-REPORT may follow
   */
  commandComplete(): boolean {
    forgetCommand(this.#scp);
    const { dimse } = this.#scp as unknown as { dimse?: { getCommandFieldType(): number } };
    const field = dimse?.getCommandFieldType();
    return field === nActionRequest || field === nEventReportRequest;
  }

  send(request: Request): void {
    this.#scp.sendRequests(request);
  }

  onError(listener: (error: Error) => void): void {
    this.#scp.on('networkError', listener);
  }
}

/** The library calls these methods, and turns what they throw into an uncaught exception. */
class HandledScp extends Scp {
  readonly accepted = new Set<number>();
  answering: Promise<void> | undefined;
  readonly #connection: GuardedConnection;
  readonly #handler: ScpHandler;
  readonly #maximumPdu: number;
  #stored: () => void = () => {};

  constructor(connection: GuardedConnection, handler: ScpHandler, maximumPdu: number) {
    super(connection.librarySocket);
    this.#connection = connection;
    this.#handler = handler;
    this.#maximumPdu = maximumPdu;
  }

  override associationRequested(association: Association): void {
    const contexts = association.getPresentationContexts().map(({ context }) => context);
    const answers = this.#handler.associate(
      { callingAe: association.getCallingAeTitle(), calledAe: association.getCalledAeTitle() },
      contexts.map((context) => ({
        abstractSyntax: context.getAbstractSyntaxUid(),
        transferSyntaxes: context.getTransferSyntaxUids(),
        requestorIsScp: context.getProviderRole(),
      })),
    );
    if (answers === undefined) return;
    for (const [index, answer] of answers.entries()) this.#answerContext(contexts[index]!, answer);
    if (association.getNegotiateAsyncOps()) {
      association.setNegotiateAsyncOps(false);
      this.#connection.rewrite = (pdu) =>
        pdu.readUInt8(0) === pduType.associateAccept ? withoutAsynchronousOperations(pdu) : pdu;
    }
    // The library would announce the smaller of both sides' limits as its own, and get its data in small pieces.
    const peerMaximum = association.getMaxPduLength();
    association.setMaxPduLength(this.#maximumPdu);
    this.sendAssociationAccept();
    association.setMaxPduLength(peerMaximum);
  }

  #answerContext(context: PresentationContext, answer: AnsweredContext): void {
    if (answer.result === 0) {
      context.setResult(PresentationContextResult.Accept, answer.transferSyntax);
      this.accepted.add(context.getPresentationContextId());
    } else {
      context.setResult(answer.result);
    }
    if (answer.requestorIsScp !== undefined) context.setProviderRole(answer.requestorIsScp);
    if (answer.requestorIsScu !== undefined) context.setUserRole(answer.requestorIsScu);
  }

  override associationReleaseRequested(): void {
    this.sendAssociationReleaseResponse();
    this.#handler.released();
  }

  override abort(): void {
    this.#handler.aborted();
  }

  override cEchoRequest(request: CEchoRequest, respond: (response: CEchoResponse) => void): void {
    const response = CEchoResponse.fromRequest(request);
    response.setStatus(dimseStatus.success);
    respond(response);
  }

  override nActionRequest(request: NActionRequest, respond: (response: NActionResponse) => void): void {
    this.#answer(
      this.#handler.action(request).then(({ response, after }) => {
        respond(response);
        return after;
      }),
    );
  }

  override nEventReportRequest(request: NEventReportRequest, respond: (response: NEventReportResponse) => void): void {
    this.#answer(
      this.#handler.eventReport(request).then((response) => {
        respond(response);
        return () => {};
      }),
    );
  }

  /** @param response is on its way when it resolves, with what is to be done then */
  #answer(response: Promise<() => void>): void {
    this.answering = response.then((after) => {
      this.answering = undefined;
      this.#handler.ready();
      after();
    });
  }

  override createStoreWritableStream(context: PresentationContext, request: CStoreRequest): Writable {
    const writable = this.#handler.beginStore({
      ...named(request),
      abstractSyntax: context.getAbstractSyntaxUid(),
      transferSyntaxUid: context.getAcceptedTransferSyntaxUid() ?? '',
    });
    return writable ?? discard();
  }

  override createDatasetFromStoreWritableStream(
    writable: Writable,
    _context: PresentationContext,
    done: (dataset: Dataset) => void,
  ): void {
    // `done` makes the library call cStoreRequest; until then it must get no other PDU.
    this.answering = new Promise<void>((resolve) => {
      this.#stored = resolve;
      finished(writable, () => done(new Dataset()));
    });
  }

  override cStoreRequest(request: CStoreRequest, respond: (response: CStoreResponse) => void): void {
    void this.#handler.endStore(named(request)).then((status) => {
      const response = CStoreResponse.fromRequest(request);
      response.setStatus(status);
      response.setCommandDataset(new ResponseCommandSet(response.getCommandDataset().getElements()));
      respond(response);
      this.answering = undefined;
      this.#stored();
      this.#handler.ready();
    });
  }
}

function named(request: CStoreRequest): NamedInstance {
  return { sopClassUid: request.getAffectedSopClassUid(), sopInstanceUid: request.getAffectedSopInstanceUid() };
}

function discard(): Writable {
  return new Writable({ highWaterMark: Number.MAX_SAFE_INTEGER, write: (_chunk, _encoding, callback) => callback() });
}
