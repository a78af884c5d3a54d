import type { Socket } from 'node:net';
import { wantsInputs } from '../../config/route-inputs.ts';
import type { Config, Peer } from '../../config/schema.ts';
import type { AssociationEnd, AssociationInfo, ReceivedInstance, RefusedInstance } from '../association-info.ts';
import { type Rejection, rejections } from '../association-policy.ts';
import type { CommitmentRoles } from '../commitment/scp/commitment-exchange.ts';
import { GuardedConnection } from '../library/guarded-connection.ts';
import { abortReason, type DataPart, type Incoming, pduType, PduViolation, rejectPdu } from '../pdu.ts';
import { inputsFrom, refusedClasses, supportedContexts } from '../presentation-context.ts';
import type { ConnectionThrottle } from './connection-throttle.ts';
import type { DimseLog } from '../dimse-log.ts';
import type { ScpObserver } from './scp-observer.ts';
import { type Admission, ScpSession } from './scp-session.ts';

export interface InboundOptions {
  readonly id: string;
  readonly address: string;
  readonly config: Pick<Config, 'dicom' | 'intake' | 'routes' | 'recipes'>;
  /** What is left of dicom.handshakeSeconds. */
  readonly handshakeMilliseconds: number;
  readonly directory: string;
  readonly store: (instance: ReceivedInstance) => Promise<number>;
  readonly commitment: CommitmentRoles;
  readonly judge: (titles: {
    callingAe: string;
    calledAe: string;
  }) => { readonly peer?: Peer } | { readonly rejection: Rejection };
  readonly log: DimseLog;
  readonly throttle: ConnectionThrottle;
  readonly onRefused: (association: AssociationInfo, instance: RefusedInstance, status: number) => void;
  readonly observer: ScpObserver | undefined;
  readonly onEnd: (association: AssociationInfo | undefined, how: AssociationEnd) => void;
}

const applicationContextName = '1.2.840.10008.3.1.1.1';
/** A command set holds a few UIDs and numbers. */
const maximumCommandBytes = 64 * 1024;
/** A peer that sends fewer bytes of a data set than this within dicom.idleSeconds is idle. */
const slowestBytes = 16 * 1024;

/** One connection from a peer, from its first byte to its end: limits of time and size, and the order of PDUs. */
export class InboundAssociation {
  readonly address: string;
  readonly #options: InboundOptions;
  readonly #socket: Socket;
  readonly #connection: GuardedConnection;
  readonly #session: ScpSession;
  readonly #ended: Promise<void>;
  #timer: NodeJS.Timeout;
  #how: AssociationEnd = 'lost';
  /** The command or data set that is on its way, and its bytes so far. */
  #message: { command: boolean; bytes: number } | undefined;
  /** The last complete message was a command, which a data set may follow. */
  #commanded = false;
  /** Bytes since the idle time began anew. */
  #bytesSince = 0;
  #closing = false;

  constructor(socket: Socket, options: InboundOptions) {
    this.address = options.address;
    this.#options = options;
    this.#socket = socket;
    const { dicom, intake } = options.config;
    let over: () => void = () => {};
    this.#ended = new Promise((resolve) => (over = resolve));
    this.#connection = new GuardedConnection(socket, dicom.maxPduBytes, {
      before: (incoming) => this.#before(incoming),
      after: (incoming) => this.#after(incoming),
      data: (bytes) => this.#session.append(bytes),
      held: () => this.#session.busy,
      aborting: (words) => {
        this.#how = 'aborted';
        options.throttle.add({
          address: this.address,
          fields: this.#fields(),
          words: `association aborted: ${words}`,
        });
      },
      closed: () => void this.#finish().then(over),
    });
    this.#session = new ScpSession(this.#connection, {
      directory: options.directory,
      sync: intake.syncToDisk,
      maximumPdu: dicom.maxPduBytes,
      store: options.store,
      refused: options.onRefused,
      answered: (association, status, bytes) => options.observer?.answered(association, status, bytes),
      admit: (titles) => this.#admit(titles),
      contextRefused: (sopClass) => this.#contextRefused(sopClass),
      released: () => {
        this.#how = 'released';
        this.#connection.close();
      },
      aborted: () => {
        this.#how = 'aborted';
        this.#connection.destroy();
      },
      problem: (error, words) => options.log.warn({ ...this.#fields(), err: error }, words),
      failed: (error) => this.#connection.abort(abortReason.notSpecified, error.message),
      ready: () => this.#ready(),
    });
    // One limit from the connection to the association, however slowly the request arrives.
    this.#timer = setTimeout(() => this.#late('no association in time'), options.handshakeMilliseconds);
  }

  get info(): AssociationInfo | undefined {
    return this.#session.info;
  }

  start(): void {
    this.#socket.resume();
  }

  /** Closes a connection that has not asked for an association, for the sake of a new one. */
  makeRoom(): void {
    this.#options.observer?.rejected('closed to make room for another connection', { address: this.address });
    this.#connection.destroy();
  }

  /** Waits for the end of the association; after so many milliseconds aborts it, once a complete instance has its status. */
  async shutDown(milliseconds: number): Promise<void> {
    if (milliseconds === 0 || this.info === undefined) this.#abort();
    const limit = setTimeout(() => this.#abort(), milliseconds);
    await this.#ended;
    clearTimeout(limit);
  }

  #abort(): void {
    this.#closing = true;
    if (!this.#session.answering) this.#connection.abort(abortReason.notSpecified, 'the node is shutting down');
  }

  #fields(): object {
    const { info } = this.#session;
    return {
      association: this.#options.id,
      address: this.address,
      ...(info === undefined ? {} : { callingAe: info.callingAe, calledAe: info.calledAe }),
    };
  }

  #ready(): void {
    if (this.#closing) return this.#connection.abort(abortReason.notSpecified, 'the node is shutting down');
    // The time that the store took does not count as idle time of the peer.
    if (!this.#session.receiving) this.#timer.refresh();
    this.#connection.resume();
  }

  #late(words: string): void {
    // While this side is busy, the peer cannot be late.
    if (this.#session.busy) this.#timer.refresh();
    else this.#connection.abort(abortReason.notSpecified, words);
  }

  async #finish(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#session.end();
    const { info } = this.#session;
    if (info !== undefined) this.#options.log.info({ ...this.#fields(), how: this.#how }, 'association ended');
    this.#options.onEnd(info, this.#how);
  }

  #admit(titles: { readonly callingAe: string; readonly calledAe: string }): Admission | undefined {
    const verdict = this.#options.judge(titles);
    if ('rejection' in verdict) {
      this.#reject(verdict.rejection, titles);
      return undefined;
    }
    const { id } = this.#options;
    const { peer } = verdict;
    const info: AssociationInfo = { id, ...titles, address: this.address, ...(peer !== undefined && { peer }) };
    this.#options.log.info(
      { association: id, address: this.address, ...titles, peer: peer?.name },
      'association accepted',
    );
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => this.#late('nothing received for too long (dicom.idleSeconds)'),
      this.#options.config.dicom.idleSeconds * 1000,
    );
    this.#options.observer?.started(info);
    const commitment = this.#commitmentOf(peer);
    return {
      info,
      contexts: supportedContexts({
        acceptLossy: peer?.acceptLossy ?? false,
        storageCommitment: Object.keys(commitment).length > 0,
        ...inputsFrom(peer, this.#options.config),
      }),
      commitment,
    };
  }

  /** Told where a route wants MR: many senders offer every SOP class that they know. */
  #contextRefused(sopClass: string): void {
    const { log, observer, config } = this.#options;
    const { info } = this.#session;
    const words = refusedClasses.get(sopClass);
    if (words === undefined || info === undefined || !wantsInputs(config)) return;
    log.warn(this.#fields(), `presentation context refused: ${words}`);
    observer?.contextRefused(words, info);
  }

  #commitmentOf(peer: Peer | undefined): CommitmentRoles {
    const { provider, listener } = this.#options.commitment;
    if (peer === undefined) return {};
    return {
      ...(provider !== undefined && peer.storageCommitment && { provider }),
      ...(listener?.expects(peer) === true && { listener }),
    };
  }

  #reject(rejection: Rejection, titles: { callingAe?: string; calledAe?: string } = {}): void {
    this.#options.throttle.add({
      address: this.address,
      fields: { association: this.#options.id, ...titles },
      words: `association rejected: ${rejection.words}`,
      transient: rejection.result === 2,
    });
    this.#options.observer?.rejected(rejection.words, { address: this.address, ...titles });
    this.#connection.close(rejectPdu(rejection));
  }

  #before({ pdu, part }: Incoming): void {
    const type = pdu?.readUInt8(0);
    if (type === pduType.abort) return;
    if (pdu !== undefined && type === pduType.associateRequest) {
      if (this.info !== undefined) throw new PduViolation(abortReason.unexpectedPdu, 'second association request');
      return this.#checkAssociateRequest(pdu);
    }
    if (this.info === undefined) throw new PduViolation(abortReason.unexpectedPdu, 'no association request');
    if (part !== undefined) this.#checkPart(part);
    else if (type !== pduType.releaseRequest)
      throw new PduViolation(abortReason.unexpectedPdu, 'a PDU that only an acceptor sends');
  }

  /** PS3.8 9.3.2: what the library does not check. */
  #checkAssociateRequest(pdu: Buffer): void {
    if (pdu.length < 78) throw new PduViolation(abortReason.invalidParameter, 'association request too short');
    if ((pdu.readUInt16BE(6) & 1) === 0) return this.#reject(rejections.protocolVersion);
    const name = pdu
      .subarray(78, 78 + pdu.readUInt16BE(76))
      .toString('latin1')
      .replace(/[\0 ]+$/, '');
    if (pdu.readUInt8(74) !== 0x10 || name !== applicationContextName) this.#reject(rejections.applicationContext);
  }

  #checkPart(part: DataPart): void {
    if (!this.#session.isAccepted(part.contextId)) {
      throw new PduViolation(abortReason.invalidParameter, `presentation context ${part.contextId} was not accepted`);
    }
    if (this.#message !== undefined && this.#message.command !== part.command) {
      throw new PduViolation(abortReason.unexpectedPdu, 'command and data set mixed');
    }
    if (!part.command && !this.#commanded)
      throw new PduViolation(abortReason.unexpectedPdu, 'data set without a command');
    this.#message ??= { command: part.command, bytes: 0 };
    this.#message.bytes += part.bytes.length;
    const { maxInstanceMegabytes } = this.#options.config.dicom;
    if (this.#message.bytes > (part.command ? maximumCommandBytes : maxInstanceMegabytes * 1024 * 1024)) {
      throw new PduViolation(
        abortReason.notSpecified,
        part.command
          ? 'command too long'
          : `instance of more than ${maxInstanceMegabytes} MB (dicom.maxInstanceMegabytes)`,
      );
    }
  }

  #after({ part }: Incoming): void {
    if (this.info !== undefined) this.#progress(part);
    if (part === undefined) return;
    // Only C-STORE and storage commitment have data sets here; the library would keep any other in memory.
    if (part.command === this.#session.receiving)
      throw new PduViolation(abortReason.unexpectedPdu, 'unexpected data set');
    if (!part.last) return;
    this.#message = undefined;
    this.#commanded = part.command;
    if (part.command) this.#session.commandComplete();
  }

  /** A single byte now and then does not restart the idle time. */
  #progress(part: DataPart | undefined): void {
    this.#bytesSince += part?.bytes.length ?? 0;
    if (part !== undefined && !part.last && this.#bytesSince < slowestBytes) return;
    this.#bytesSince = 0;
    this.#timer.refresh();
  }
}
