import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseDicom } from '../../src/dicom/read-data-set.ts';
import { fileMetaInformation } from '../../src/dicom/part10.ts';
import { rtStructureSetStorage } from '../../src/dicom/rtstruct/structure-set.ts';
import { implicitVrLittleEndian } from '../../src/dicom/transfer-syntax.ts';
import {
  type Association,
  type CEchoRequest,
  CEchoResponse,
  type CStoreRequest,
  CStoreResponse,
  Dataset,
  type PresentationContext,
  Scp,
} from '../../src/dimse/library/dcmjs-dimse.ts';
import { verificationSopClass } from '../../src/dimse/presentation-context.ts';
import { type KnownCt, knownCt, refusals } from './picky-import.ts';

/** What the planning system does with one delivery instead of importing it. */
export type Misbehaviour =
  | { readonly does: 'reject'; readonly result: 1 | 2; readonly source: 1 | 2 | 3; readonly reason: number }
  | { readonly does: 'refuse context'; readonly result: 3 | 4 }
  | { readonly does: 'answer'; readonly status: number }
  /** It imports the instance and answers with this status, e.g. a warning. */
  | { readonly does: 'import and answer'; readonly status: number }
  | { readonly does: 'import and hang up' }
  | { readonly does: 'import after'; readonly seconds: number }
  | { readonly does: 'not answer' }
  | { readonly does: 'not answer the association' }
  | { readonly does: 'abort' }
  | { readonly does: 'reset' }
  | { readonly does: 'answer for another instance' }
  | { readonly does: 'answer twice' };

export interface PickyTpsOptions {
  /** Accepted structure sets are written here, byte for byte. */
  readonly directory: string;
  readonly aeTitle?: string;
  readonly host?: string;
  /** 0, the default: a free one. */
  readonly port?: number;
  /** Folder of the CT that structure sets have to belong to; without one only the file itself is judged. */
  readonly ct?: string;
  /** What happens to the first deliveries, one each; the rest are imported. */
  readonly script?: readonly Misbehaviour[];
}

export interface ImportedFile {
  readonly path: string;
  readonly sopInstanceUid: string;
  /** The data set as received. */
  readonly bytes: Buffer;
}

export interface PickyTps {
  readonly aeTitle: string;
  readonly host: string;
  readonly port: number;
  readonly imported: readonly ImportedFile[];
  /** Every complete instance, imported or not. */
  readonly received: readonly Omit<ImportedFile, 'path'>[];
  /** The reasons for refusals. */
  readonly refused: readonly string[];
  /** Associations that offered a structure set, rejected ones included. */
  readonly deliveries: number;
  /** Adds to the script. */
  misbehave(...script: Misbehaviour[]): void;
  /** Closes every connection without A-RELEASE or A-ABORT. */
  close(): Promise<void>;
}

const status = { success: 0, duplicate: 0x0111, mismatch: 0xa900, refused: 0xc000 } as const;

/**
 * A stand-in planning system as strict as Pinnacle. It accepts RT Structure Set Storage in Implicit VR Little Endian only,
 * for its own CT only, each instance once. A script can make it misbehave.
 */
export async function startPickyTps(options: PickyTpsOptions): Promise<PickyTps> {
  await mkdir(options.directory, { recursive: true });
  const system = new System(options, options.ct === undefined ? undefined : await knownCt(options.ct));
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    const scp = new PickyScp(socket, system);
    scp.on('networkError', () => socket.destroy());
  });
  const host = options.host ?? '127.0.0.1';
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port: options.port ?? 0 }, resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    aeTitle: system.aeTitle,
    host,
    port,
    imported: system.imported,
    received: system.received,
    refused: system.refused,
    get deliveries() {
      return system.deliveries;
    },
    misbehave: (...script) => void system.script.push(...script),
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** What all connections share. */
class System {
  readonly aeTitle: string;
  readonly script: Misbehaviour[];
  readonly imported: ImportedFile[] = [];
  readonly received: Omit<ImportedFile, 'path'>[] = [];
  readonly refused: string[] = [];
  deliveries = 0;
  #files = 0;
  readonly #directory: string;
  readonly #ct: KnownCt | undefined;

  constructor(options: PickyTpsOptions, ct: KnownCt | undefined) {
    this.aeTitle = options.aeTitle ?? 'PINNACLE';
    this.script = [...(options.script ?? [])];
    this.#directory = options.directory;
    this.#ct = ct;
  }

  /** Checks an instance and stores it if it finds no fault. */
  async import(sopClassUid: string, sopInstanceUid: string, bytes: Buffer): Promise<number> {
    this.received.push({ sopInstanceUid, bytes });
    if (this.imported.some((known) => known.sopInstanceUid === sopInstanceUid))
      return this.#refuse(status.duplicate, ['it is there already']);
    const meta = fileMetaInformation({ sopClassUid, sopInstanceUid, transferSyntaxUid: implicitVrLittleEndian });
    const file = Buffer.concat([meta, bytes]);
    try {
      const parsed = parseDicom(file);
      if (parsed.meta.sopClassUid !== sopClassUid || parsed.meta.sopInstanceUid !== sopInstanceUid) {
        return this.#refuse(status.mismatch, ['other UIDs than in the command']);
      }
      const reasons = refusals(parsed, this.#ct);
      if (reasons.length > 0) return this.#refuse(status.refused, reasons);
    } catch (error) {
      return this.#refuse(status.refused, [`not readable: ${String(error)}`]);
    }
    const path = join(this.#directory, `structure-set-${++this.#files}.dcm`);
    await writeFile(path, file);
    this.imported.push({ path, sopInstanceUid, bytes });
    return status.success;
  }

  #refuse(code: number, reasons: readonly string[]): number {
    this.refused.push(...reasons);
    return code;
  }
}

class PickyScp extends Scp {
  readonly #system: System;
  readonly #connection: Socket;
  #does: Misbehaviour | undefined;
  #chunks: Buffer[] = [];

  constructor(socket: Socket, system: System) {
    super(socket);
    this.#system = system;
    this.#connection = socket;
  }

  override associationRequested(association: Association): void {
    const contexts = association.getPresentationContexts().map(({ context }) => context);
    if (contexts.some((context) => context.getAbstractSyntaxUid() === rtStructureSetStorage)) {
      this.#system.deliveries++;
      this.#does = this.#system.script.shift();
    }
    const does = this.#does;
    if (association.getCalledAeTitle() !== this.#system.aeTitle) return this.#reject(1, 1, 7);
    if (does?.does === 'reject') return this.#reject(does.result, does.source, does.reason);
    if (does?.does === 'not answer the association') return;
    for (const context of contexts) {
      const known = [rtStructureSetStorage, verificationSopClass].includes(context.getAbstractSyntaxUid());
      const implicit = context.hasTransferSyntaxUid(implicitVrLittleEndian);
      if (!known || !implicit) context.setResult(known ? 4 : 3);
      else if (does?.does === 'refuse context') context.setResult(does.result);
      else context.setResult(0, implicitVrLittleEndian);
    }
    this.sendAssociationAccept();
  }

  #reject(result: number, source: number, reason: number): void {
    this.sendAssociationReject(result, source, reason);
    this.#connection.end();
  }

  override associationReleaseRequested(): void {
    this.sendAssociationReleaseResponse();
  }

  override abort(): void {
    this.#connection.destroy();
  }

  override cEchoRequest(request: CEchoRequest, respond: (response: InstanceType<typeof CEchoResponse>) => void): void {
    const response = CEchoResponse.fromRequest(request);
    response.setStatus(status.success);
    respond(response);
  }

  override createStoreWritableStream(): Writable {
    this.#chunks = [];
    return new Writable({
      highWaterMark: Number.MAX_SAFE_INTEGER,
      write: (chunk: Buffer, _encoding, callback) => {
        this.#chunks.push(chunk);
        callback();
      },
    });
  }

  override createDatasetFromStoreWritableStream(
    _writable: Writable,
    _context: PresentationContext,
    done: (dataset: InstanceType<typeof Dataset>) => void,
  ): void {
    done(new Dataset());
  }

  override cStoreRequest(request: CStoreRequest): void {
    const answer = (code: number, instance?: string): void => {
      const response = CStoreResponse.fromRequest(request);
      response.setStatus(code);
      if (instance !== undefined) response.setAffectedSopInstanceUid(instance);
      // The callback of the library works once only, and some scripts answer twice.
      this.sendResponse(request, response);
    };
    void this.#act(request, answer);
  }

  async #act(request: CStoreRequest, answer: (code: number, instance?: string) => void): Promise<void> {
    const take = (): Promise<number> =>
      this.#system.import(
        request.getAffectedSopClassUid(),
        request.getAffectedSopInstanceUid(),
        Buffer.concat(this.#chunks),
      );
    const does = this.#does;
    switch (does?.does) {
      case 'answer':
        return answer(does.status);
      case 'import and answer':
        await take();
        return answer(does.status);
      case 'import after':
        await sleep(does.seconds * 1000);
        return answer(await take());
      case 'import and hang up':
        await take();
        return void this.#connection.destroy();
      case 'not answer':
        return;
      case 'abort':
        return this.sendAbort(0, 0);
      case 'reset':
        return void this.#connection.resetAndDestroy();
      case 'answer for another instance':
        return answer(status.success, '1.2.3.4');
      case 'answer twice':
        answer(await take());
        return answer(status.success);
      default:
        return answer(await take());
    }
  }
}
