import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Config } from '../../config/schema.ts';
import { tlsCredentials } from '../../config/tls-files.ts';
import { ContourNodeError } from '../../errors.ts';
import type { AssociationEnd, AssociationInfo, NamedInstance, ReceivedInstance } from '../association-info.ts';
import { isKnownAddress, isKnownCertificate, judgeAssociation, normaliseAddress } from '../association-policy.ts';
import type { DimseLog } from '../dimse-log.ts';
import type { CommitmentRoles } from '../commitment/scp/commitment-exchange.ts';
import { incomingSuffix } from './incoming-file.ts';
import { InboundAssociation } from './inbound-association.ts';
import { type ShownCertificate, shownCertificate } from '../peer-certificate.ts';
import { type Refusal, ConnectionThrottle } from './connection-throttle.ts';
import type { ScpObserver } from './scp-observer.ts';
import { TlsHandshakes } from './tls-port.ts';

export interface StorageScpOptions {
  /** Asked anew for every connection and association, so that changed peers count at once. Port and host count at start. */
  readonly config: () => Pick<Config, 'dicom' | 'peers' | 'intake'>;
  /** Where instances lie while they come in (`incoming/` of the data directory); made if it is not there. */
  readonly directory: string;
  /** While it says so, no association is accepted: nothing more could be kept. */
  readonly full?: () => boolean;
  /**
   * Takes a complete instance and says with which status it is answered; 0x0000 only once it is kept. It moves the file
   * away; a file that is still there when the promise settles is removed. A rejection is answered with 0xA700.
   */
  readonly store: (instance: ReceivedInstance) => Promise<number>;
  /** Answers storage commitment requests, and takes results, of peers configured so. */
  readonly commitment?: CommitmentRoles;
  /** An instance was refused that `store` never saw: the disk failed on the way, or the request was wrong. */
  readonly onRefused?: (association: AssociationInfo, named: NamedInstance, status: number) => void;
  /** It is over; every `store` of it has settled. */
  readonly onAssociationEnd: (association: AssociationInfo, how: AssociationEnd) => void;
  readonly observer?: ScpObserver;
  readonly log: DimseLog;
}

export interface RunningStorageScp {
  /** The plain port that it listens on (of interest when 0 was configured). */
  readonly port: number;
  /** The port with TLS, where there is one. */
  readonly tlsPort: number | undefined;
  /** Associations that stand now. */
  readonly associations: readonly AssociationInfo[];
  /** Reads the TLS files anew. @throws ContourNodeError TLS_FILES; the old ones stay in force */
  renewCertificates(): Promise<void>;
  /**
   * Takes no new connection. Associations that stand have dicom.shutdownSeconds to end by themselves, then an instance that
   * is complete still gets its status and the rest is aborted. Resolves when all have ended.
   */
  close(): Promise<void>;
}

/** Connections beyond the associations allowed, so that whoever is too many hears why. */
const spareConnections = 16;
/** Milliseconds before anything is read from an address that was refused again and again. */
const throttleMilliseconds = 1000;

/**
 * Starts the node's DICOM ports, plain and with TLS: Verification and CT Image Storage as SCP.
 *
 * @throws ContourNodeError PORT_IN_USE; TLS_FILES; DATA_DIRECTORY when `directory` cannot be used
 */
export async function startStorageScp(options: StorageScpOptions): Promise<RunningStorageScp> {
  await prepareDirectory(options.directory);
  const { dicom } = options.config();
  const open: Connections = {
    associations: new Set(),
    handshakes: new Set(),
    throttle: new ConnectionThrottle(options.log),
  };
  const servers: Server[] = [];
  const listenOn = async (port: number, onSocket: (socket: Socket) => void, pauseOnConnect: boolean) => {
    const server = createServer({ pauseOnConnect }, onSocket);
    await listen(server, dicom.host, port);
    servers.push(server);
    const bound = server.address();
    return typeof bound === 'object' && bound !== null ? bound.port : port;
  };
  const close = async (): Promise<void> => {
    const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    for (const { socket } of open.handshakes) socket.destroy();
    const patience = options.config().dicom.shutdownSeconds * 1000;
    await Promise.all([...open.associations].map((connection) => connection.shutDown(patience)));
    await Promise.all(closed);
    open.throttle.close();
  };
  const { tls } = dicom;
  const handshakes =
    tls === undefined ? undefined : new TlsHandshakes(await tlsCredentials(tls), tls, dicom.handshakeSeconds);
  try {
    const port = dicom.plain ? await listenOn(dicom.port, (socket) => accept(socket, open, options), true) : 0;
    const tlsPort =
      tls === undefined || handshakes === undefined
        ? undefined
        : await listenOn(tls.port, (socket) => acceptSecure(socket, handshakes, open, options), false);
    return {
      port,
      tlsPort,
      get associations() {
        return standing(open);
      },
      async renewCertificates() {
        if (tls !== undefined) handshakes?.renew(await tlsCredentials(tls));
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A connection that was accepted and has not come to an association request: it waits, or has no TLS yet. */
interface Handshake {
  readonly address: string;
  readonly socket: Socket;
}

/** What stands now. */
interface Connections {
  readonly associations: Set<InboundAssociation>;
  readonly handshakes: Set<Handshake>;
  readonly throttle: ConnectionThrottle;
}

function accept(socket: Socket, open: Connections, options: StorageScpOptions): void {
  const address = normaliseAddress(socket.remoteAddress ?? '');
  const why = whyNotAccepted(address, open, options.config());
  if (why !== undefined) return refuse(socket, { address, ...why }, open, options);
  const since = performance.now();
  throttled(socket, address, open, () => associate(socket, address, open, options, { secure: false, since }));
}

/** Goes on at once, or, where nothing good came from lately, in a while: others are served meanwhile. */
function throttled(socket: Socket, address: string, open: Connections, go: () => void): void {
  if (!open.throttle.makesWait(address)) return go();
  const waiting = { address, socket };
  open.handshakes.add(waiting);
  const timer = setTimeout(() => {
    open.handshakes.delete(waiting);
    go();
  }, throttleMilliseconds);
  socket.on('error', () => {});
  socket.once('close', () => {
    clearTimeout(timer);
    open.handshakes.delete(waiting);
  });
}

function acceptSecure(raw: Socket, handshakes: TlsHandshakes, open: Connections, options: StorageScpOptions): void {
  const address = normaliseAddress(raw.remoteAddress ?? '');
  const why = whyNotAccepted(address, open, options.config());
  if (why !== undefined) return refuse(raw, { address, ...why }, open, options);
  throttled(raw, address, open, () => secure(raw, address, handshakes, open, options));
}

function secure(
  raw: Socket,
  address: string,
  handshakes: TlsHandshakes,
  open: Connections,
  options: StorageScpOptions,
): void {
  const since = performance.now();
  const handshake = { address, socket: raw };
  open.handshakes.add(handshake);
  handshakes.secure(raw, (socket) => {
    open.handshakes.delete(handshake);
    if (socket === undefined) return refuse(raw, { address, words: 'no TLS handshake' }, open, options);
    const certificate = shownCertificate(socket);
    if (isKnownCertificate(options.config(), certificate))
      associate(socket, address, open, options, { secure: true, certificate, since });
    else {
      const words = certificate === undefined ? 'no certificate' : 'no peer shows this certificate';
      refuse(socket, { address, words }, open, options);
    }
  });
}

/** @returns why nothing may be read from a connection, or undefined */
function whyNotAccepted(
  address: string,
  open: Connections,
  config: Pick<Config, 'dicom' | 'peers'>,
): Omit<Refusal, 'address'> | undefined {
  const { dicom } = config;
  if (!isKnownAddress(config, address)) return { words: 'no peer calls from this address' };
  const all = [...open.associations, ...open.handshakes];
  const ofAddress = all.filter((other) => other.address === address);
  // Nobody has to go for an address of which nothing good has come lately.
  const hasRoom = (connections: OpenConnections): boolean =>
    !open.throttle.makesWait(address) && makeRoom(connections, open);
  if (ofAddress.length >= dicom.maxAssociationsPerPeer + spareConnections) {
    return hasRoom(ofAddress) ? undefined : { words: 'too many connections from this address', transient: true };
  }
  if (all.length < dicom.maxAssociations + 2 * spareConnections) return undefined;
  return hasRoom(all) ? undefined : { words: 'too many connections', transient: true };
}

type OpenConnections = readonly (InboundAssociation | Handshake)[];

/**
 * Whoever is at work asks for an association within moments: of the address with most connections that have not, the one
 * that has not for longest gives way. So a crowd from one address pushes out nobody but itself.
 */
function makeRoom(connections: OpenConnections, open: Connections): boolean {
  const idle = connections.filter((one) => !('info' in one) || one.info === undefined);
  const counts = Map.groupBy(idle, ({ address }) => address);
  const [largest] = [...counts.values()].toSorted((a, b) => b.length - a.length);
  const [oldest] = largest ?? [];
  if (oldest === undefined) return false;
  if ('socket' in oldest) {
    open.handshakes.delete(oldest);
    oldest.socket.destroy();
  } else {
    open.associations.delete(oldest);
    oldest.giveWay();
  }
  return true;
}

function refuse(socket: Socket, refusal: Refusal, { throttle }: Connections, options: StorageScpOptions): void {
  const { words } = refusal;
  throttle.add({ ...refusal, words: `connection closed: ${words}` });
  options.observer?.rejected(words);
  socket.on('error', () => {});
  socket.destroy();
}

/** @param channel how it came, and since when (ms) */
function associate(
  socket: Socket,
  address: string,
  open: Connections,
  options: StorageScpOptions,
  { since, ...channel }: { secure: boolean; certificate?: ShownCertificate | undefined; since: number },
): void {
  const config = options.config();
  const connection = new InboundAssociation(socket, {
    id: randomBytes(6).toString('hex'),
    address,
    config,
    handshakeMilliseconds: Math.max(1, config.dicom.handshakeSeconds * 1000 - (performance.now() - since)),
    directory: options.directory,
    store: options.store,
    commitment: options.commitment ?? {},
    judge: (titles) =>
      judgeAssociation(options.config(), { ...titles, address, ...channel }, standing(open), options.full?.() ?? false),
    log: options.log,
    throttle: open.throttle,
    onRefused: options.onRefused ?? (() => {}),
    observer: options.observer,
    onEnd: (association, how) => {
      open.associations.delete(connection);
      if (association === undefined) return;
      options.observer?.ended(association, how);
      options.onAssociationEnd(association, how);
    },
  });
  open.associations.add(connection);
  connection.start();
}

function standing({ associations }: Connections): AssociationInfo[] {
  return [...associations].map((connection) => connection.info).filter((info) => info !== undefined);
}

/** Makes the folder and removes what an earlier process left half received. */
async function prepareDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const left = (await readdir(directory)).filter((name) => name.endsWith(incomingSuffix));
    await Promise.all(left.map((name) => rm(join(directory, name), { force: true })));
  } catch (cause) {
    throw new ContourNodeError('DATA_DIRECTORY', `cannot use the folder for incoming instances: ${reasonOf(cause)}`, {
      cause,
    });
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        cause.code === 'EADDRINUSE'
          ? new ContourNodeError('PORT_IN_USE', `DICOM port ${port} is taken`, { cause })
          : new ContourNodeError('CONFIG_INVALID', `cannot listen on ${host}:${port}: ${reasonOf(cause)}`, {
              cause,
              remedy: 'correct dicom.host and dicom.port',
            }),
      );
    });
    server.listen({ host, port }, () => {
      server.removeAllListeners('error');
      // Running out of file descriptors must not end the node.
      server.on('error', () => {});
      resolve();
    });
  });
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
}
