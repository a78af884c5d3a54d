import type { Socket } from 'node:net';
import type { Config } from '../../config/schema.ts';
import type { AssociationInfo } from '../association-info.ts';
import { closings, isKnownAddress } from '../association-policy.ts';
import type { DimseLog } from '../dimse-log.ts';
import { ConnectionThrottle, type Refusal } from './connection-throttle.ts';
import type { InboundAssociation } from './inbound-association.ts';

/** Connections beyond the associations allowed, so that a peer with too many gets an A-ASSOCIATE-RJ with its reason. */
const spareConnections = 16;
/** Milliseconds before anything is read from an address that was refused again and again. */
const throttleMilliseconds = 1000;

/** An accepted connection that cannot ask for an association yet: it is throttled, or its TLS handshake runs. */
interface Handshake {
  readonly address: string;
  readonly socket: Socket;
}

/** The open connections of the DICOM ports: how many there may be, and which is closed to make room for another. */
export class ConnectionLimits {
  readonly throttle: ConnectionThrottle;
  readonly #connections = new Set<InboundAssociation>();
  readonly #handshakes = new Set<Handshake>();

  constructor(log: DimseLog) {
    this.throttle = new ConnectionThrottle(log);
  }

  /** The open associations. */
  get associations(): AssociationInfo[] {
    return [...this.#connections].map(({ info }) => info).filter((info) => info !== undefined);
  }

  /**
   * Whether a new connection may be read from; closes another one where that makes room for it.
   *
   * @returns why it may not, or undefined
   */
  refusalOf(address: string, config: Pick<Config, 'dicom' | 'peers'>): Refusal | undefined {
    const { dicom } = config;
    if (!isKnownAddress(config, address)) return { address, words: closings.address };
    const all = [...this.#connections, ...this.#handshakes];
    const ofAddress = all.filter((other) => other.address === address);
    if (ofAddress.length >= dicom.maxAssociationsPerPeer + spareConnections) {
      if (this.#makeRoom(address, ofAddress)) return undefined;
      return { address, words: 'too many connections from this address', transient: true };
    }
    if (all.length < dicom.maxAssociations + 2 * spareConnections || this.#makeRoom(address, all)) return undefined;
    return { address, words: 'too many connections', transient: true };
  }

  add(connection: InboundAssociation): void {
    this.#connections.add(connection);
  }

  remove(connection: InboundAssociation): void {
    this.#connections.delete(connection);
  }

  /** @returns to be called when the handshake is over */
  addHandshake(socket: Socket, address: string): () => void {
    const handshake = { address, socket };
    this.#handshakes.add(handshake);
    return () => this.#handshakes.delete(handshake);
  }

  /** Goes on at once, or, where the address was refused again and again, after a while: others are served meanwhile. */
  throttled(socket: Socket, address: string, goOn: () => void): void {
    if (!this.throttle.makesWait(address)) return goOn();
    const done = this.addHandshake(socket, address);
    const timer = setTimeout(() => {
      done();
      goOn();
    }, throttleMilliseconds);
    socket.on('error', () => {});
    socket.once('close', () => {
      clearTimeout(timer);
      done();
    });
  }

  /** Closes what has no association, and ends each association (InboundAssociation.shutDown). */
  async shutDown(milliseconds: number): Promise<void> {
    for (const { socket } of this.#handshakes) socket.destroy();
    await Promise.all([...this.#connections].map((connection) => connection.shutDown(milliseconds)));
  }

  /**
   * A peer asks for an association within moments. So, of the address with most connections that have not asked for one,
   * the oldest is closed: many connections from one address close each other, and none of another address. For an address
   * that was refused again and again no connection is closed.
   */
  #makeRoom(address: string, among: readonly (InboundAssociation | Handshake)[]): boolean {
    if (this.throttle.makesWait(address)) return false;
    const idle = among.filter((one) => !('info' in one) || one.info === undefined);
    const [largest] = [...Map.groupBy(idle, (one) => one.address).values()].toSorted((a, b) => b.length - a.length);
    const [oldest] = largest ?? [];
    if (oldest === undefined) return false;
    if ('socket' in oldest) {
      this.#handshakes.delete(oldest);
      oldest.socket.destroy();
    } else {
      this.#connections.delete(oldest);
      oldest.makeRoom();
    }
    return true;
  }
}
