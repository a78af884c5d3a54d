import { existsSync } from 'node:fs';
import { finished, Writable } from 'node:stream';
import type { association as associationTypes, requests } from 'dcmjs-dimse';
import { fileMetaInformation } from '../../dicom/part10.ts';
import type { AssociationInfo, NamedInstance, ReceivedInstance } from '../association-info.ts';
import { CommitmentExchange, type CommitmentRoles } from '../commitment/scp/commitment-exchange.ts';
import { ResponseCommandSet } from '../command-set.ts';
import {
  CEchoResponse,
  commandComplete,
  CStoreResponse,
  Dataset,
  NActionResponse,
  NEventReportResponse,
  PresentationContextResult,
  Scp,
} from '../library/dcmjs-dimse.ts';
import type { GuardedConnection } from './guarded-connection.ts';
import { IncomingFile } from './incoming-file.ts';
import { answerContext, type SupportedContexts } from '../presentation-context.ts';
import { dimseStatus } from '../status.ts';
import { storageCommitmentSopClass } from '../commitment/storage-commitment.ts';

type Association = associationTypes.Association;
type PresentationContext = associationTypes.PresentationContext;
type CStoreRequest = requests.CStoreRequest;

export interface SessionOptions {
  readonly directory: string;
  readonly sync: boolean;
  /** Announced as Maximum Length Received (PS3.8 D.1). */
  readonly maximumPdu: number;
  /** Takes a finished instance; what it rejects with is answered as out of resources. */
  readonly store: (instance: ReceivedInstance) => Promise<number>;
  /** An instance was refused that `store` never saw. */
  readonly refused: (association: AssociationInfo, named: NamedInstance, status: number) => void;
  /** A C-STORE request is answered; `bytes` is 0 where its instance was not received whole. */
  readonly answered: (association: AssociationInfo, status: number, bytes: number) => void;
  /** Says who asks and what is taken from them, or undefined after it has refused the association itself. */
  readonly admit: (
    callingAe: string,
    calledAe: string,
  ) => { info: AssociationInfo; contexts: SupportedContexts; commitment: CommitmentRoles } | undefined;
  /** The association was released: the response is on its way. */
  readonly released: () => void;
  readonly aborted: () => void;
  /** An instance that could not be kept, or a library error: one line, without UIDs. */
  readonly problem: (error: unknown, words: string) => void;
  /** The session may take the next PDU again. */
  readonly ready: () => void;
}

/** PS3.5 9.1, but for leading zeros, which some scanners write. */
const uidPattern = /^(?=.{1,64}$)\d+(\.\d+)+$/;

/**
 * The service classes of one association: Verification (PS3.4 annex A) and Storage (annex B) as SCP. dcmjs-dimse does the
 * encoding; the data set's bytes go past it into a file.
 */
export class ScpSession extends Scp {
  readonly #options: SessionOptions;
  #info: AssociationInfo | undefined;
  #file: IncomingFile | undefined;
  #refused: number | undefined;
  #transferSyntax = '';
  /** `store` was asked about the instance. */
  #asked = false;
  /** An instance is complete and waits for its status. */
  #storing: Promise<void> | undefined;
  #stored: () => void = () => {};
  readonly #contexts = new Set<number>();
  #windowProposed = false;
  /** Where storage commitment was accepted. */
  #commitment: CommitmentExchange | undefined;

  constructor(connection: GuardedConnection, options: SessionOptions) {
    super(connection.librarySocket);
    this.#options = options;
  }

  get info(): AssociationInfo | undefined {
    return this.#info;
  }

  /** The requestor proposed an asynchronous operations window other than 1, 1. */
  get windowProposed(): boolean {
    return this.#windowProposed;
  }

  /** A data set is on its way. */
  get receiving(): boolean {
    return this.#file !== undefined || this.#refused !== undefined || (this.#commitment?.dataSet.receiving ?? false);
  }

  /** Nothing more may be read now: the disk lags behind, or an instance waits for its status. */
  get busy(): boolean {
    return this.#storing !== undefined || (this.#file?.lagging ?? false);
  }

  /** A complete instance waits for its status. */
  get storing(): boolean {
    return this.#storing !== undefined;
  }

  /** Whether a presentation data value may name this context (PS3.8 9.3.5.1). */
  isAccepted(contextId: number): boolean {
    return this.#contexts.has(contextId);
  }

  /** Takes bytes of the data set that is on its way; @throws PduViolation */
  append(bytes: Buffer): void {
    if (this.#commitment?.dataSet.receiving === true) this.#commitment.dataSet.append(bytes);
    else if (bytes.length > 0) this.#file?.write(bytes);
  }

  /** Removes what is half received and waits for what is being stored. */
  async end(): Promise<void> {
    this.#commitment?.end();
    await this.#storing;
    const file = this.#file;
    this.#file = undefined;
    if (file === undefined) return;
    await new Promise<void>((resolve) => {
      if (file.closed) resolve();
      else file.once('close', resolve).destroy();
    });
  }

  // The library's event emitter turns what a listener throws into an uncaught exception: nothing below may throw.

  override associationRequested(association: Association): void {
    const admitted = this.#options.admit(association.getCallingAeTitle(), association.getCalledAeTitle());
    if (admitted === undefined) return;
    this.#info = admitted.info;
    for (const { context } of association.getPresentationContexts()) {
      const answer = answerContext(admitted.contexts, context.getAbstractSyntaxUid(), context.getTransferSyntaxUids());
      if (answer.result === 0) {
        context.setResult(PresentationContextResult.Accept, answer.transferSyntax);
        this.#contexts.add(context.getPresentationContextId());
        if (context.getAbstractSyntaxUid() === storageCommitmentSopClass)
          this.#commitment ??= new CommitmentExchange(admitted.commitment, (report) => this.sendRequests(report));
      } else {
        context.setResult(answer.result);
      }
      answerRoles(context, admitted.commitment);
    }
    this.#windowProposed = association.getNegotiateAsyncOps();
    association.setNegotiateAsyncOps(false);
    // The library would announce the smaller of both sides' limits as its own, and get its data in small pieces.
    const peerMaximum = association.getMaxPduLength();
    association.setMaxPduLength(this.#options.maximumPdu);
    this.sendAssociationAccept();
    association.setMaxPduLength(peerMaximum);
  }

  override associationReleaseRequested(): void {
    this.sendAssociationReleaseResponse();
    this.#options.released();
  }

  override abort(): void {
    this.#options.aborted();
  }

  override cEchoRequest(request: requests.CEchoRequest, respond: (response: CEchoResponse) => void): void {
    const response = CEchoResponse.fromRequest(request);
    response.setStatus(dimseStatus.success);
    respond(response);
  }

  /** To be called after each complete command. */
  commandComplete(): void {
    commandComplete(this);
    const { dimse } = this as unknown as { dimse?: { getCommandFieldType(): number } };
    const field = dimse?.getCommandFieldType();
    if (field === nActionRequest || field === nEventReportRequest) this.#commitment?.dataSet.begin();
  }

  override nActionRequest(request: requests.NActionRequest, respond: (response: NActionResponse) => void): void {
    const info = this.#info;
    if (this.#commitment === undefined || info === undefined) {
      const response = NActionResponse.fromRequest(request);
      response.setStatus(dimseStatus.sopClassNotSupported);
      return respond(response);
    }
    this.#storing = this.#commitment.answer(info, request).then(({ response, after }) => {
      respond(response);
      this.#storing = undefined;
      this.#options.ready();
      after();
    });
  }

  override nEventReportRequest(
    request: requests.NEventReportRequest,
    respond: (response: NEventReportResponse) => void,
  ): void {
    const info = this.#info;
    if (this.#commitment === undefined || info === undefined) {
      const response = NEventReportResponse.fromRequest(request);
      response.setStatus(dimseStatus.noSuchSopClass);
      return respond(response);
    }
    this.#storing = this.#commitment.take(info, request).then((response) => {
      respond(response);
      this.#storing = undefined;
      this.#options.ready();
    });
  }

  override createStoreWritableStream(context: PresentationContext, request: CStoreRequest): Writable {
    const sopClassUid = request.getAffectedSopClassUid();
    const sopInstanceUid = request.getAffectedSopInstanceUid();
    this.#transferSyntax = context.getAcceptedTransferSyntaxUid() ?? '';
    if (sopClassUid !== context.getAbstractSyntaxUid()) this.#refused = dimseStatus.sopClassNotSupported;
    else if (typeof sopInstanceUid !== 'string' || !uidPattern.test(sopInstanceUid))
      this.#refused = dimseStatus.invalidSopInstance;
    if (this.#refused !== undefined) return discard();
    this.#file = new IncomingFile({
      directory: this.#options.directory,
      sync: this.#options.sync,
      header: fileMetaInformation({
        sopClassUid,
        sopInstanceUid,
        transferSyntaxUid: this.#transferSyntax,
        ...(this.#info === undefined ? {} : { sourceAeTitle: this.#info.callingAe }),
      }),
      onProgress: this.#options.ready,
    });
    return this.#file;
  }

  override createDatasetFromStoreWritableStream(
    writable: Writable,
    _context: PresentationContext,
    done: (dataset: Dataset) => void,
  ): void {
    // `done` makes the library call cStoreRequest; until then it must see no other PDU.
    this.#storing = new Promise<void>((resolve) => {
      this.#stored = resolve;
      finished(writable, () => done(new Dataset()));
    });
  }

  override cStoreRequest(request: CStoreRequest, respond: (response: CStoreResponse) => void): void {
    const file = this.#file;
    void this.#status(request, file).then((status) => {
      const response = CStoreResponse.fromRequest(request);
      response.setStatus(status);
      if (this.#info !== undefined) {
        if (status !== dimseStatus.success && !this.#asked) this.#options.refused(this.#info, named(request), status);
        this.#options.answered(this.#info, status, this.#asked ? (file?.size ?? 0) : 0);
      }
      this.#asked = false;
      response.setCommandDataset(new ResponseCommandSet(response.getCommandDataset().getElements()));
      respond(response);
      this.#file = undefined;
      this.#refused = undefined;
      this.#storing = undefined;
      this.#stored();
      this.#options.ready();
    });
  }

  /** Never rejects. */
  async #status(request: CStoreRequest, file: IncomingFile | undefined): Promise<number> {
    if (this.#refused !== undefined) return this.#refused;
    if (file === undefined || this.#info === undefined) return dimseStatus.cannotUnderstand;
    let status: number = dimseStatus.outOfResources;
    try {
      if (file.failure !== undefined) throw file.failure;
      status = await this.#keep(request, file, this.#info);
    } catch (error) {
      this.#options.problem(error, 'instance not kept');
    }
    // After a success it has been taken away most often.
    if (existsSync(file.path)) {
      await file.remove().catch((error: unknown) => this.#options.problem(error, 'temporary file not removed'));
    }
    return status;
  }

  async #keep(request: CStoreRequest, file: IncomingFile, association: AssociationInfo): Promise<number> {
    if (file.size === 0) return dimseStatus.cannotUnderstand;
    this.#asked = true;
    return this.#options.store({
      path: file.path,
      ...named(request),
      transferSyntaxUid: this.#transferSyntax,
      bytes: file.size,
      flushed: file.flushed,
      association,
    });
  }
}

/** Command Fields of an N-ACTION-RQ and an N-EVENT-REPORT-RQ (PS3.7 annex E). */
const nActionRequest = 0x0130;
const nEventReportRequest = 0x0100;

/**
 * PS3.7 D.3.3.4: the node is SCP, but for a peer that comes to tell storage commitment results (PS3.4 J.3.3). The default
 * roles need no answer.
 */
function answerRoles(context: PresentationContext, { provider, listener }: CommitmentRoles): void {
  const proposed = context.getProviderRole();
  if (proposed === undefined) return;
  const commitment = context.getAbstractSyntaxUid() === storageCommitmentSopClass;
  context.setProviderRole(commitment && proposed && listener !== undefined);
  if (commitment && provider === undefined) context.setUserRole(false);
}

type NActionResponse = InstanceType<typeof NActionResponse>;
type NEventReportResponse = InstanceType<typeof NEventReportResponse>;
type CEchoResponse = InstanceType<typeof CEchoResponse>;
type CStoreResponse = InstanceType<typeof CStoreResponse>;
type Dataset = InstanceType<typeof Dataset>;

function named(request: CStoreRequest): NamedInstance {
  return { sopClassUid: request.getAffectedSopClassUid(), sopInstanceUid: request.getAffectedSopInstanceUid() };
}

function discard(): Writable {
  return new Writable({ highWaterMark: Number.MAX_SAFE_INTEGER, write: (_chunk, _encoding, callback) => callback() });
}
