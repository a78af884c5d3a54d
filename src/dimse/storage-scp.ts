import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Config } from '../config/schema.ts';
import { ContourNodeError } from '../errors.ts';
import type { AssociationEnd, AssociationInfo, ReceivedInstance } from './association-info.ts';
import { isKnownAddress, judgeAssociation, normaliseAddress } from './association-policy.ts';
import { incomingSuffix } from './incoming-file.ts';
import { InboundAssociation } from './inbound-association.ts';

/** The part of a pino logger that is used here. */
export interface DimseLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

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
  /** An instance was refused that `store` never saw: the disk failed on the way, or the request was wrong. */
  readonly onRefused?: (association: AssociationInfo, sopInstanceUid: string, status: number) => void;
  /** A connection was closed, or an association rejected, for one of a fixed set of reasons. */
  readonly onRejected?: (reason: string) => void;
  /** An association was accepted. */
  readonly onAssociationStart?: (association: AssociationInfo) => void;
  /** It is over; every `store` of it has settled. */
  readonly onAssociationEnd: (association: AssociationInfo, how: AssociationEnd) => void;
  readonly log: DimseLog;
}

export interface RunningStorageScp {
  /** The port that it listens on (of interest when 0 was configured). */
  readonly port: number;
  /** Associations that stand now. */
  readonly associations: readonly AssociationInfo[];
  /** Takes no new connection, finishes instances that are complete, aborts the rest; resolves when all have ended. */
  close(): Promise<void>;
}

/** Connections beyond the associations allowed, so that whoever is too many hears why. */
const spareConnections = 16;

/**
 * Starts the node's DICOM port: Verification and CT Image Storage as SCP.
 *
 * @throws ContourNodeError PORT_IN_USE; DATA_DIRECTORY when `directory` cannot be used
 */
export async function startStorageScp(options: StorageScpOptions): Promise<RunningStorageScp> {
  await prepareDirectory(options.directory);
  const connections = new Set<InboundAssociation>();
  const server = createServer({ pauseOnConnect: true }, (socket) => accept(socket, connections, options));
  const { host, port } = options.config().dicom;
  await listen(server, host, port);
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : port,
    get associations() {
      return standing(connections);
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await Promise.all([...connections].map((connection) => connection.shutDown()));
      await closed;
    },
  };
}

function accept(socket: Socket, connections: Set<InboundAssociation>, options: StorageScpOptions): void {
  const config = options.config();
  const { dicom } = config;
  const address = normaliseAddress(socket.remoteAddress ?? '');
  const refuse = (words: string): void => {
    options.log.warn({ address }, `connection closed: ${words}`);
    options.onRejected?.(words);
    socket.on('error', () => {});
    socket.destroy();
  };
  if (!isKnownAddress(config, address)) return refuse('no peer calls from this address');
  const ofAddress = [...connections].filter((other) => other.address === address).length;
  if (connections.size >= dicom.maxAssociations + 2 * spareConnections) return refuse('too many connections');
  if (ofAddress >= dicom.maxAssociationsPerPeer + spareConnections)
    return refuse('too many connections from this address');

  const connection = new InboundAssociation(socket, {
    id: randomBytes(6).toString('hex'),
    address,
    config,
    directory: options.directory,
    store: options.store,
    judge: (titles) =>
      judgeAssociation(options.config(), { ...titles, address }, standing(connections), options.full?.() ?? false),
    log: options.log,
    onRefused: options.onRefused ?? (() => {}),
    onRejected: options.onRejected ?? (() => {}),
    onStart: options.onAssociationStart ?? (() => {}),
    onEnd: (association, how) => {
      connections.delete(connection);
      if (association !== undefined) options.onAssociationEnd(association, how);
    },
  });
  connections.add(connection);
  connection.start();
}

function standing(connections: Iterable<InboundAssociation>): AssociationInfo[] {
  return [...connections].map((connection) => connection.info).filter((info) => info !== undefined);
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
