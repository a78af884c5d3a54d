import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { abortPdu, abortReason, dataPdu, type Incoming, PduReader, PduViolation } from '../pdu.ts';

/** A peer that does not close its side keeps the socket no longer than this. */
const lingerMilliseconds = 2000;
const nothing = Buffer.alloc(0);

export interface ConnectionHandler {
  /**
   * Called before the library gets a PDU, or a part of one.
   *
   * @throws PduViolation for what may not come now
   */
  before(incoming: Incoming): void;
  /** Called after the library has got it; @throws PduViolation */
  after(incoming: Incoming): void;
  /** Takes the bytes of a data set; without it they go to the library too, which keeps them in memory. */
  data?(bytes: Buffer): void;
  /** While true nothing more is read from the peer; `resume()` asks again. */
  held(): boolean;
  /** The connection is closed, by whichever side; called once. */
  closed(): void;
  /** This side aborts, for the reason in words. */
  aborting(reason: string): void;
}

/**
 * The guard between a TCP connection and dcmjs-dimse. The library buffers whatever length a PDU header claims, reads on
 * while a slow disk lags behind, and waits for a release where the peer is gone. So this class owns the socket, and hands
 * the library whole PDUs that were checked first, one by one, through `librarySocket`. Data sets do not pass the library.
 */
export class GuardedConnection {
  /** What dcmjs-dimse takes for a socket: it only listens for events and writes. */
  readonly librarySocket: Socket;
  /** Changes a PDU that the library writes. */
  rewrite: ((pdu: Buffer) => Buffer) | undefined;
  readonly #socket: Socket;
  readonly #events = new EventEmitter();
  readonly #reader: PduReader;
  readonly #handler: ConnectionHandler;
  #ending = false;
  #delivering = false;
  #inDataSet = false;

  constructor(socket: Socket, maximumDataPdu: number, handler: ConnectionHandler) {
    this.#socket = socket;
    this.#reader = new PduReader(maximumDataPdu);
    this.#handler = handler;
    this.librarySocket = Object.assign(this.#events, {
      setTimeout: () => {},
      write: (bytes: Buffer) => this.write(this.rewrite?.(bytes) ?? bytes),
    }) as unknown as Socket;
    // Requests and responses are small and wait for each other: Nagle's algorithm would add 40 ms to each.
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      if (this.#ending) return;
      this.#reader.push(chunk);
      this.resume();
    });
    // 'close' follows an error.
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#ending = true;
      this.#events.emit('close');
      handler.closed();
    });
  }

  get ending(): boolean {
    return this.#ending;
  }

  write(bytes: Buffer): boolean {
    return this.#ending || this.#socket.destroyed ? false : this.#socket.write(bytes);
  }

  /** Delivers what has arrived, for as long as the handler does not hold it. */
  resume(): void {
    // A handler that becomes ready within a PDU would otherwise get the next one before this one is done.
    if (this.#delivering || this.#ending) return;
    this.#delivering = true;
    try {
      this.#deliverAll();
    } catch (error) {
      const violation = error instanceof PduViolation ? error : undefined;
      this.abort(violation?.reason ?? abortReason.notSpecified, error instanceof Error ? error.message : String(error));
    } finally {
      this.#delivering = false;
    }
  }

  #deliverAll(): void {
    while (!this.#ending && !this.#handler.held()) {
      const incoming = this.#reader.next();
      if (incoming === undefined) break;
      this.#deliver(incoming);
    }
    if (this.#ending) return;
    if (this.#handler.held()) this.#socket.pause();
    else this.#socket.resume();
  }

  #deliver(incoming: Incoming): void {
    this.#handler.before(incoming);
    if (this.#ending) return;
    const { part } = incoming;
    if (part === undefined) {
      this.#events.emit('data', incoming.pdu);
    } else if (part.command || this.#handler.data === undefined) {
      this.#events.emit('data', dataPdu(part));
    } else {
      // The library opens the stream at the first fragment and ends it after the last; it gets empty ones.
      if (!this.#inDataSet) this.#events.emit('data', dataPdu({ ...part, bytes: nothing, last: false }));
      this.#inDataSet = !part.last;
      if (!this.#ending) this.#handler.data(part.bytes);
      if (!this.#ending && part.last) this.#events.emit('data', dataPdu({ ...part, bytes: nothing }));
    }
    if (!this.#ending) this.#handler.after(incoming);
  }

  /** A-ABORT by the service provider, then the end of the connection. */
  abort(reason: number, words: string): void {
    if (this.#ending) return;
    this.#handler.aborting(words);
    this.close(abortPdu(2, reason));
  }

  /** Sends `last`, if given, and closes; what arrives after that is discarded. */
  close(last?: Buffer): void {
    if (this.#ending) return;
    this.#ending = true;
    this.#socket.resume();
    if (last === undefined) this.#socket.end();
    else this.#socket.end(last);
    const timer = setTimeout(() => this.#socket.destroy(), lingerMilliseconds);
    this.#socket.once('close', () => clearTimeout(timer));
  }

  destroy(): void {
    this.#ending = true;
    this.#socket.destroy();
  }
}
