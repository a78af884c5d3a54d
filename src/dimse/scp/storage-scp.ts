import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Config } from '../../config/schema.ts';
import { tlsCredentials } from '../../config/tls-files.ts';
import { ContourNodeError } from '../../errors.ts';
import type { AssociationEnd, AssociationInfo, ReceivedInstance, RefusedInstance } from '../association-info.ts';
import { closings, judgeAssociation, normaliseAddress, whyNoPeerShows } from '../association-policy.ts';
import type { DimseLog } from '../dimse-log.ts';
import type { CommitmentRoles } from '../commitment/scp/commitment-exchange.ts';
import { incomingSuffix } from './incoming-file.ts';
import { InboundAssociation } from './inbound-association.ts';
import { type ShownCertificate, shownCertificate } from '../peer-certificate.ts';
import { ConnectionLimits } from './connection-limits.ts';
import type { Refusal } from './connection-throttle.ts';
import type { ScpObserver } from './scp-observer.ts';
import { TlsHandshakes } from './tls-port.ts';

export interface StorageScpOptions {
  /** Asked anew for every connection and association, so that a reload takes effect at once; port and host are read once. */
  readonly config: () => Pick<Config, 'dicom' | 'peers' | 'intake' | 'routes' | 'recipes'>;
  /** Folder of instances that are being received (`incoming/` of the data directory); made if it is not there. */
  readonly directory: string;
  /** While it returns true, no association is accepted: the disk has no room for another instance. */
  readonly full?: () => boolean;
  /**
   * Takes a complete instance and returns the status of its response; 0x0000 only once it is kept. It moves the file away;
   * a file that is still there when the promise settles is removed. Where it rejects, the response is 0xA700.
   */
  readonly store: (instance: ReceivedInstance) => Promise<number>;
  /** Answers storage commitment requests of peers that may send them, and takes results from those that owe one. */
  readonly commitment?: CommitmentRoles;
  /** An instance was refused that `store` never got: the disk failed while it was received, or the request was wrong. */
  readonly onRefused?: (association: AssociationInfo, instance: RefusedInstance, status: number) => void;
  /** The association is over; every `store` of it has settled. */
  readonly onAssociationEnd: (association: AssociationInfo, how: AssociationEnd) => void;
  readonly observer?: ScpObserver;
  readonly log: DimseLog;
}

export interface RunningStorageScp {
  /** The port without TLS (of interest when 0 was configured). */
  readonly port: number;
  /** The port with TLS, where there is one. */
  readonly tlsPort: number | undefined;
  /** The open associations. */
  readonly associations: readonly AssociationInfo[];
  /** Reads the TLS files anew. @throws ContourNodeError TLS_FILES; the old ones stay in force */
  renewCertificates(): Promise<void>;
  /**
   * Accepts no new connection. Open associations have dicom.shutdownSeconds to end; then each is aborted, after a complete
   * instance has got its status. Resolves when all have ended.
   */
  close(): Promise<void>;
}

/**
 * Starts the node's DICOM ports, plain and with TLS: Verification, Storage and Storage Commitment as SCP.
 *
 * @throws ContourNodeError PORT_IN_USE; TLS_FILES; DATA_DIRECTORY when `directory` cannot be used
 */
export async function startStorageScp(options: StorageScpOptions): Promise<RunningStorageScp> {
  await prepareDirectory(options.directory);
  const { dicom } = options.config();
  const { tls } = dicom;
  const connections = new ConnectionLimits(options.log);
  const handshakes =
    tls === undefined ? undefined : new TlsHandshakes(await tlsCredentials(tls), tls, dicom.handshakeSeconds);
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
    await connections.shutDown(options.config().dicom.shutdownSeconds * 1000);
    await Promise.all(closed);
    connections.throttle.close();
  };
  try {
    const port = dicom.plain ? await listenOn(dicom.port, (socket) => accept(socket, connections, options), true) : 0;
    const tlsPort =
      tls === undefined || handshakes === undefined
        ? undefined
        : await listenOn(tls.port, (socket) => accept(socket, connections, options, handshakes), false);
    return {
      port,
      tlsPort,
      get associations() {
        return connections.associations;
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

/** @param handshakes of the port with TLS */
function accept(
  socket: Socket,
  connections: ConnectionLimits,
  options: StorageScpOptions,
  handshakes?: TlsHandshakes,
): void {
  const address = normaliseAddress(socket.remoteAddress ?? '');
  const refusal = connections.refusalOf(address, options.config());
  if (refusal !== undefined) return refuse(socket, refusal, connections, options);
  const since = performance.now();
  connections.throttled(socket, address, () => {
    if (handshakes === undefined) associate(socket, address, connections, options, { secure: false, since });
    else secure(socket, address, connections, options, { handshakes, since });
  });
}

function secure(
  raw: Socket,
  address: string,
  connections: ConnectionLimits,
  options: StorageScpOptions,
  { handshakes, since }: { handshakes: TlsHandshakes; since: number },
): void {
  const done = connections.addHandshake(raw, address);
  handshakes.secure(raw, (socket) => {
    done();
    if (socket === undefined) return refuse(raw, { address, words: closings.handshake }, connections, options);
    const certificate = shownCertificate(socket);
    const words = whyNoPeerShows(options.config(), certificate);
    if (words === undefined) associate(socket, address, connections, options, { secure: true, certificate, since });
    else refuse(socket, { address, words }, connections, options);
  });
}

function refuse(socket: Socket, refusal: Refusal, { throttle }: ConnectionLimits, options: StorageScpOptions): void {
  const { words } = refusal;
  throttle.add({ ...refusal, words: `connection closed: ${words}` });
  options.observer?.rejected(words, { address: refusal.address });
  socket.on('error', () => {});
  socket.destroy();
}

/** @param channel how it came, and since when (ms) */
function associate(
  socket: Socket,
  address: string,
  connections: ConnectionLimits,
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
    judge: (titles) => {
      const request = { ...titles, address, ...channel };
      return judgeAssociation(options.config(), request, connections.associations, options.full?.() ?? false);
    },
    log: options.log,
    throttle: connections.throttle,
    onRefused: options.onRefused ?? (() => {}),
    observer: options.observer,
    onEnd: (association, how) => {
      connections.remove(connection);
      if (association === undefined) return;
      options.observer?.ended(association, how);
      options.onAssociationEnd(association, how);
    },
  });
  connections.add(connection);
  connection.start();
}

/** Makes the folder and removes what an earlier process had received in part. */
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
