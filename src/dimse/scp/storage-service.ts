import { existsSync } from 'node:fs';
import { fileMetaInformation } from '../../dicom/part10.ts';
import { headBytes } from '../../dicom/readable-uids.ts';
import type { AssociationInfo, NamedInstance, ReceivedInstance, RefusedInstance } from '../association-info.ts';
import type { StoreRequest } from '../library/scp-protocol.ts';
import { dimseStatus } from '../status.ts';
import { IncomingFile } from './incoming-file.ts';

export interface StorageServiceOptions {
  readonly directory: string;
  readonly sync: boolean;
  /** Takes a finished instance; where it rejects, the response is out of resources. */
  readonly store: (instance: ReceivedInstance) => Promise<number>;
  /** An instance was refused that `store` never got. */
  readonly refused: (association: AssociationInfo, instance: RefusedInstance, status: number) => void;
  /** A C-STORE request is answered; `bytes` is 0 where its instance was not received whole. */
  readonly answered: (association: AssociationInfo, status: number, bytes: number) => void;
  /** An instance that could not be kept: one line, without UIDs. */
  readonly problem: (error: unknown, words: string) => void;
  /** Bytes have reached the disk. */
  readonly ready: () => void;
}

/** PS3.5 9.1, but for leading zeros, which some scanners write. */
const uidPattern = /^(?=.{1,64}$)\d+(\.\d+)+$/;

/** Storage as SCP (PS3.4 annex B) on one association: one instance at a time, from its request to its status. */
export class StorageService {
  readonly #options: StorageServiceOptions;
  #file: IncomingFile | undefined;
  /** Status of a request whose data set is discarded. */
  #refusal: number | undefined;
  #transferSyntaxUid = '';
  /** The beginning of the data set: it says what was refused, where nothing of it is kept. */
  #head: Buffer[] = [];
  #headBytes = 0;

  constructor(options: StorageServiceOptions) {
    this.#options = options;
  }

  /** A data set is on its way. */
  get receiving(): boolean {
    return this.#file !== undefined || this.#refusal !== undefined;
  }

  /** The disk lags behind. */
  get lagging(): boolean {
    return this.#file?.lagging ?? false;
  }

  /** @returns the file that takes the data set; undefined where the request is refused */
  begin(request: StoreRequest, { callingAe }: AssociationInfo): IncomingFile | undefined {
    const { directory, sync, ready } = this.#options;
    const { sopClassUid, sopInstanceUid, transferSyntaxUid } = request;
    this.#head = [];
    this.#headBytes = 0;
    this.#transferSyntaxUid = transferSyntaxUid;
    this.#refusal = refusalOf(request);
    if (this.#refusal !== undefined) return undefined;
    const header = fileMetaInformation({ sopClassUid, sopInstanceUid, transferSyntaxUid, sourceAeTitle: callingAe });
    this.#file = new IncomingFile({ directory, sync, header, onProgress: ready });
    return this.#file;
  }

  append(bytes: Buffer): void {
    if (bytes.length === 0) return;
    if (this.#headBytes < headBytes) {
      this.#headBytes += bytes.length;
      this.#head.push(bytes.subarray(0, headBytes));
    }
    this.#file?.write(bytes);
  }

  /** The data set has ended. @returns the status of the response; never rejects */
  async finish(named: NamedInstance, association: AssociationInfo): Promise<number> {
    const { refused, answered } = this.#options;
    const file = this.#file;
    const whole = file !== undefined && file.failure === undefined && file.size > 0;
    const status =
      this.#refusal ?? (file === undefined ? dimseStatus.cannotUnderstand : await this.#keep(file, named, association));
    this.#file = undefined;
    this.#refusal = undefined;
    if (status !== dimseStatus.success && !whole) refused(association, this.#refusedInstance(named), status);
    this.#head = [];
    answered(association, status, whole ? file.size : 0);
    return status;
  }

  #refusedInstance({ sopClassUid, sopInstanceUid }: NamedInstance): RefusedInstance {
    const unnamed = { sopClassUid: '', sopInstanceUid: '' };
    const meta = fileMetaInformation({ ...unnamed, transferSyntaxUid: this.#transferSyntaxUid });
    return {
      sopClassUid,
      // What the library decoded need not be a text.
      sopInstanceUid: typeof sopInstanceUid === 'string' ? sopInstanceUid : '',
      head: Buffer.concat([meta, ...this.#head]),
    };
  }

  async #keep(file: IncomingFile, named: NamedInstance, association: AssociationInfo): Promise<number> {
    const { store, problem } = this.#options;
    let status: number = dimseStatus.outOfResources;
    try {
      if (file.failure !== undefined) throw file.failure;
      status =
        file.size === 0
          ? dimseStatus.cannotUnderstand
          : await store({
              path: file.path,
              ...named,
              transferSyntaxUid: this.#transferSyntaxUid,
              bytes: file.size,
              flushed: file.flushed,
              association,
            });
    } catch (error) {
      problem(error, 'instance not kept');
    }
    // `store` has moved it away most often.
    if (existsSync(file.path)) {
      await file.remove().catch((error: unknown) => problem(error, 'temporary file not removed'));
    }
    return status;
  }

  /** The association is over: removes what is half received. */
  async end(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    if (file === undefined) return;
    await new Promise<void>((resolve) => {
      if (file.closed) resolve();
      else file.once('close', resolve).destroy();
    });
  }
}

function refusalOf({ sopClassUid, sopInstanceUid, abstractSyntax }: StoreRequest): number | undefined {
  if (sopClassUid !== abstractSyntax) return dimseStatus.sopClassNotSupported;
  // What the library decoded need not be a text.
  if (typeof sopInstanceUid !== 'string' || !uidPattern.test(sopInstanceUid)) return dimseStatus.invalidSopInstance;
  return undefined;
}
