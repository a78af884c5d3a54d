import type { Socket } from 'node:net';
import { ContourNodeError } from '../../errors.ts';
import type { NEventReportRequest, NEventReportResponse, Request, Response } from '../library/dcmjs-dimse.ts';
import { GatheredDataSet } from '../library/gathered-data-set.ts';
import { GuardedConnection } from '../library/guarded-connection.ts';
import { type AcceptedContext, type ProposedContext, ScuProtocol } from '../library/scu-protocol.ts';
import { abortPdu, abortReason, type DataPart, type Incoming, pduType, PduViolation } from '../pdu.ts';
import { isPending } from '../status.ts';
import { connected, type PeerAddress } from './peer-connection.ts';
import { AssociationRejected } from './association-rejected.ts';

export interface AssociationRequest {
  readonly peer: PeerAddress;
  readonly callingAe: string;
  /** One presentation context each, at most 128 (PS3.8 table 9-13: odd IDs to 255). */
  readonly contexts: readonly ProposedContext[];
  /** Limit for the connection, the association, each response, and each time that the peer does not read. */
  readonly timeoutSeconds: number;
  /** The peer's responses may carry data sets (C-FIND); without it one is a violation. */
  readonly takesData?: boolean;
  /** Answers an N-EVENT-REPORT of the peer and never rejects; without it an N-EVENT-REPORT ends the association. */
  readonly onEvent?: (request: NEventReportRequest, dataSet: Buffer) => Promise<NEventReportResponse>;
  /** Ends everything at once. */
  readonly signal?: AbortSignal;
}

/** Bytes, announced to the peer: it sends responses, and only small data sets. */
const maximumPdu = 128 * 1024;
/** With fewer bytes a PDU a structure set would be a million PDUs; 0 stands for no limit. */
const smallestPdu = 256;
/** Slowest link that a data set is given time for. */
const slowestBytesPerSecond = 10 * 1024;
/** The instance is answered already, so nothing depends on the response to the release. */
const releaseSeconds = 5;

/**
 * An association that this node asked for. Each call ends within its time limit, whatever the peer does, and the socket is
 * closed in the end.
 */
export class OutboundAssociation {
  readonly #request: AssociationRequest;
  readonly #socket: Socket;
  readonly #connection: GuardedConnection;
  readonly #protocol: ScuProtocol;
  #state: 'associating' | 'open' | 'releasing' = 'associating';
  #accepted: ReadonlyMap<number, AcceptedContext> = new Map();
  #peerMaximum = 0;
  #failure: ContourNodeError | undefined;
  readonly #over = Promise.withResolvers<void>();
  /** Of an N-EVENT-REPORT. */
  readonly #gathered = new GatheredDataSet();
  /** The response to it is being made. */
  #answering: Promise<void> = Promise.resolve();
  #waiting: PromiseWithResolvers<unknown> | undefined;
  /** Ends the waiting. */
  #timer: NodeJS.Timeout | undefined;

  private constructor(request: AssociationRequest, socket: Socket) {
    this.#request = request;
    this.#socket = socket;
    this.#connection = new GuardedConnection(socket, maximumPdu, {
      before: (incoming) => this.#before(incoming),
      after: ({ part }) => this.#after(part),
      ...(request.onEvent === undefined ? {} : { data: (bytes: Buffer) => this.#gathered.append(bytes) }),
      held: () => false,
      aborting: (words) => this.#fail(this.#aborted(`this node aborted: ${words}`)),
      closed: () => this.#fail(this.#aborted('the connection was lost')),
    });
    this.#protocol = new ScuProtocol(this.#connection, {
      accepted: (accepted, peerMaximum) => {
        this.#state = 'open';
        this.#accepted = accepted;
        this.#peerMaximum = peerMaximum;
        this.#waiting?.resolve(undefined);
      },
      rejected: (rejection) => this.#fail(new AssociationRejected(request.peer, rejection)),
      releaseAnswered: () => this.#waiting?.resolve(undefined),
      aborted: () => this.#fail(this.#aborted('the peer aborted')),
      eventReport: (event, respond) => this.#answer(event, respond),
      failed: (error) => this.#connection.abort(abortReason.notSpecified, error.message),
    });
    socket.on('timeout', () => this.#late('stopped reading'));
    request.signal?.addEventListener('abort', this.#cancel);
  }

  /**
   * Connects and asks for the association.
   *
   * @throws ContourNodeError PEER_UNREACHABLE, DIMSE_TIMEOUT, AssociationRejected, ASSOCIATION_ABORTED
   */
  static async open(request: AssociationRequest): Promise<OutboundAssociation> {
    const socket = await connected(request);
    const association = new OutboundAssociation(request, socket);
    try {
      await association.#associate();
      return association;
    } catch (error) {
      association.#end();
      throw error;
    }
  }

  /** Whether the peer takes instances of this SOP class in this transfer syntax. */
  accepts(abstractSyntax: string, transferSyntax: string): boolean {
    return [...this.#accepted.values()].some(
      (context) => context.abstractSyntax === abstractSyntax && context.transferSyntax === transferSyntax,
    );
  }

  /** Resolves when the association is over, for whatever reason. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  /** Why the association is over, if it is. */
  get failure(): ContourNodeError | undefined {
    return this.#failure;
  }

  /**
   * Sends one request and waits for its one response.
   *
   * @param bytes of the data set: a longer one has more time
   * @throws ContourNodeError DIMSE_TIMEOUT, ASSOCIATION_ABORTED, STORE_WRONG_RESPONSE
   */
  async perform<T extends Response>(request: Request, bytes = 0): Promise<T> {
    let answered = false;
    const onResponse = (response: Response): void => {
      if (answered) return this.#fail(this.#wrong('answered one request twice'));
      if (!hasStatus(response)) return this.#fail(this.#wrong('answered without a status'));
      answered = true;
      this.#waiting?.resolve(response);
    };
    const seconds = this.#request.timeoutSeconds + bytes / slowestBytesPerSecond;
    return (await this.#wait(seconds, 'did not answer', () => this.#protocol.send(request, onResponse))) as T;
  }

  /**
   * Sends one C-FIND or C-MOVE and waits for the response that ends it; each pending one gives it its time again.
   *
   * @param onPending called for every match, at most `limit` times
   * @throws ContourNodeError DIMSE_TIMEOUT, ASSOCIATION_ABORTED, STORE_WRONG_RESPONSE
   */
  async find(request: Request, onPending: (response: Response) => void, limit: number): Promise<Response> {
    let matches = 0;
    const onResponse = (response: Response): void => {
      if (!hasStatus(response)) this.#fail(this.#wrong('answered without a status'));
      else if (!isPending(response.getStatus())) this.#waiting?.resolve(response);
      else if (++matches > limit) this.#fail(this.#aborted(`more than ${limit} matches`));
      else {
        this.#timer?.refresh();
        onPending(response);
      }
    };
    const seconds = this.#request.timeoutSeconds;
    return (await this.#wait(seconds, 'did not answer', () => this.#protocol.send(request, onResponse))) as Response;
  }

  /** Releases the association; never throws. A second response that arrives meanwhile sets `failure`. */
  async release(): Promise<void> {
    await this.#answering;
    const seconds = Math.min(releaseSeconds, this.#request.timeoutSeconds);
    await this.#wait(seconds, 'did not answer the release', () => {
      this.#state = 'releasing';
      this.#protocol.release();
    }).catch(() => {});
    this.#end();
  }

  /** Ends the association at once (PS3.8 section 9.3.8, source: service user). */
  abort(): void {
    this.#connection.close(abortPdu(0, abortReason.notSpecified));
    this.#end();
  }

  async #associate(): Promise<void> {
    const { peer, callingAe, contexts, timeoutSeconds } = this.#request;
    await this.#wait(timeoutSeconds, 'did not answer the association request', () =>
      this.#protocol.associate({ callingAe, calledAe: peer.aeTitle }, contexts, maximumPdu),
    );
    if (this.#peerMaximum !== 0 && this.#peerMaximum < smallestPdu) {
      this.abort();
      throw this.#aborted(`the peer takes PDUs of at most ${this.#peerMaximum} bytes`);
    }
  }

  #before({ pdu, part }: Incoming): void {
    const type = pdu?.readUInt8(0);
    if (type === pduType.abort) return;
    if (type === pduType.associateAccept || type === pduType.associateReject) {
      if (this.#state !== 'associating')
        throw new PduViolation(abortReason.unexpectedPdu, 'second answer to the association request');
    } else if (type === pduType.releaseResponse) {
      if (this.#state !== 'releasing')
        throw new PduViolation(abortReason.unexpectedPdu, 'release response without a request');
    } else if (part === undefined) {
      throw new PduViolation(abortReason.unexpectedPdu, 'the peer ended the association');
    } else if ((!part.command && !this.#takesData) || !this.#accepted.has(part.contextId)) {
      throw new PduViolation(abortReason.unexpectedPdu, 'unexpected data from the peer');
    }
  }

  get #takesData(): boolean {
    return this.#request.takesData === true || this.#gathered.receiving;
  }

  #after(part: DataPart | undefined): void {
    if (part?.command !== true || !part.last) return;
    this.#protocol.commandComplete();
    if (this.#request.onEvent !== undefined) this.#gathered.begin();
  }

  #answer(event: NEventReportRequest, respond: (response: NEventReportResponse) => void): void {
    const { onEvent } = this.#request;
    if (onEvent === undefined) return this.#connection.abort(abortReason.unexpectedPdu, 'unexpected request');
    const { bytes } = this.#gathered;
    this.#answering = this.#answering.then(async () => respond(await onEvent(event, bytes)));
  }

  /** Calls `send`, then waits for the answer. */
  async #wait(seconds: number, what: string, send: () => void): Promise<unknown> {
    if (this.#failure !== undefined) throw this.#failure;
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting = waiting;
    this.#socket.setTimeout(this.#request.timeoutSeconds * 1000);
    this.#timer = setTimeout(() => this.#late(what), seconds * 1000);
    try {
      send();
      return await waiting.promise;
    } finally {
      clearTimeout(this.#timer);
      this.#socket.setTimeout(0);
      this.#waiting = undefined;
    }
  }

  #late(what: string): void {
    this.#fail(
      new ContourNodeError(
        'DIMSE_TIMEOUT',
        `${this.#request.peer.aeTitle} ${what} within ${this.#request.timeoutSeconds} s`,
      ),
    );
    this.abort();
  }

  readonly #cancel = (): void => {
    this.#fail(this.#aborted('cancelled by this node'));
    this.abort();
  };

  #aborted(words: string): ContourNodeError {
    return new ContourNodeError('ASSOCIATION_ABORTED', `association with ${this.#request.peer.aeTitle}: ${words}`);
  }

  #wrong(words: string): ContourNodeError {
    return new ContourNodeError('STORE_WRONG_RESPONSE', `${this.#request.peer.aeTitle} ${words}`);
  }

  #fail(error: ContourNodeError): void {
    this.#failure ??= error;
    this.#over.resolve();
    this.#waiting?.reject(this.#failure);
  }

  #end(): void {
    this.#failure ??= this.#aborted('it is over');
    this.#over.resolve();
    this.#request.signal?.removeEventListener('abort', this.#cancel);
    this.#connection.close();
  }
}

/** PS3.7 section 9.1: every response has one; what the library decodes need not be a number. */
function hasStatus(response: Response): boolean {
  return Number.isInteger(response.getStatus());
}
