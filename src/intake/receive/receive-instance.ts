import { statSync } from 'node:fs';
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { KeptCt } from '../../dicom/ct-instance.ts';
import { keptInstanceOf, modalityOf } from '../../dicom/kept-instance.ts';
import { headBytes, readableUids } from '../../dicom/readable-uids.ts';
import { parseDicom } from '../../dicom/read-data-set.ts';
import { storedValuesSha256 } from '../../dicom/pixel-data.ts';
import { rtStructureSetStorage } from '../../dicom/rtstruct/structure-set.ts';
import type {
  AssociationInfo,
  NamedInstance,
  ReceivedInstance,
  RefusedInstance,
} from '../../dimse/association-info.ts';
import { dimseStatus } from '../../dimse/status.ts';
import { ContourNodeError } from '../../errors.ts';
import { faultPoint } from '../../fault-point.ts';
import type { Log } from '../../log.ts';
import { pseudonym } from '../../pseudonym.ts';
import { instanceFile, instancesFolder } from '../../work/paths.ts';
import { problemFrom } from '../../problem.ts';
import type { StoredImage } from '../../store/instances.ts';
import type { Store } from '../../store/store.ts';
import { syncFolder } from '../../work/write-once.ts';
import { moveExclusively } from '../../store/move.ts';
import type { DiskWatch } from '../upkeep/disk-watch.ts';
import { ReadBuffers } from '../../read-buffers.ts';
import { checkNamed, diskFull, refusal, refusedWhileReceived, statusOf } from './refusal.ts';
import type { SeriesAssembly } from '../complete/series-assembly.ts';
import type { SeriesLock } from '../series-lock.ts';

export interface ReceiverOptions {
  readonly store: Store;
  readonly assembly: SeriesAssembly;
  readonly lock: SeriesLock;
  /** Key of the pseudonyms. */
  readonly key: Uint8Array;
  readonly log: Log;
  /** Flush folders before an instance counts as kept (intake.syncToDisk). */
  readonly sync: boolean;
  readonly disk: DiskWatch;
}

/**
 * Takes the instances that the storage SCP has received: checks each, moves it into the series' folder, records it, and
 * returns the status of its response. Success means: named, flushed and recorded.
 */
export class InstanceReceiver {
  readonly #options: ReceiverOptions;
  readonly #buffers = new ReadBuffers();

  constructor(options: ReceiverOptions) {
    this.#options = options;
  }

  /** Never rejects. */
  readonly store = async (received: ReceivedInstance): Promise<number> => {
    const { key, assembly, log } = this.#options;
    const instance = pseudonym(key, received.sopInstanceUid);
    let series: string | undefined;
    try {
      faultPoint('image-written');
      // The flush runs at the same time.
      const image = await this.#buffers.read(received.path, received.bytes, (bytes) => readChecked(bytes, received));
      series = pseudonym(key, image.seriesInstanceUid);
      if (!(await this.#options.disk.hasRoomFor(received.bytes))) throw diskFull();
      await received.flushed;
      faultPoint('image-flushed');
      await this.#keep(series, { instance, image, received });
      faultPoint('image-recorded');
      return dimseStatus.success;
    } catch (cause) {
      const error = refusal(cause);
      const of = series === undefined ? this.#whose(received, await head(received.path)) : { series, instance };
      log.warn({ association: received.association.id, ...of, err: error }, 'an instance was refused');
      assembly.refused(received.association, { ...of, problem: problemFrom(error) });
      return statusOf(error.code);
    }
  };

  /** An instance was refused before `store` got it: the sender has to send it again all the same. */
  readonly refused = (association: AssociationInfo, instance: RefusedInstance, status: number): void => {
    // No series waits for a structure set.
    if (instance.sopClassUid === rtStructureSetStorage) return;
    const { sopInstanceUid = instance.sopInstanceUid } = readableUids(instance.head);
    this.#options.assembly.refused(association, {
      ...this.#whose(instance, instance.head),
      problem: refusedWhileReceived(sopInstanceUid, status),
    });
  };

  /** Which instance of which series was refused, as its own header has it, else as the request named it. */
  #whose(
    { sopInstanceUid }: NamedInstance,
    file: Uint8Array,
  ): { readonly series: string | undefined; readonly instance: string } {
    const { key } = this.#options;
    const uids = readableUids(file);
    return {
      series: uids.seriesInstanceUid === undefined ? undefined : pseudonym(key, uids.seriesInstanceUid),
      instance: pseudonym(key, uids.sopInstanceUid ?? sopInstanceUid),
    };
  }

  /** @throws ContourNodeError SERIES_PIXELS_DIFFER; what disk and tables throw */
  async #keep(series: string, incoming: Incoming): Promise<void> {
    const { assembly, lock } = this.#options;
    const { association } = incoming.received;
    // Before the instance: without its sender a series could not be completed after a crash.
    await lock.run(series, async () => {
      assembly.carries(association, series, modalityOf(incoming.image.sopClassUid));
      const kept = this.#options.store.image(series, incoming.instance);
      if (kept === undefined) await this.#add(series, incoming, 1);
      // It came without its pixels before.
      else if (kept.image.noPixels === true && incoming.image.noPixels !== true)
        await this.#add(series, incoming, kept.version + 1);
      else if (!(await this.#samePixels(series, kept, incoming))) {
        throw new ContourNodeError('SERIES_PIXELS_DIFFER', 'other pixels under a known SOP Instance UID');
      } else if (kept.image.headerSha256 !== incoming.image.headerSha256)
        await this.#add(series, incoming, kept.version + 1);
    });
    assembly.accepted(association, series, incoming.instance, incoming.image.studyInstanceUid);
  }

  async #add(series: string, { instance, image, received }: Incoming, version: number): Promise<void> {
    const { store, sync } = this.#options;
    const folder = join(store.dataDirectory, instancesFolder(series));
    const file = instanceFile(instance, version);
    const path = join(folder, file);
    await this.#move(received.path, path);
    faultPoint('image-named');
    try {
      if (sync) await syncFolder(folder);
      store.addImage(series, { instance, version, file, receivedAt: statSync(path).mtime.toISOString(), image });
    } catch (error) {
      // It will be refused, so a rebuild of the tables must not find it in the folder.
      await rm(path, { force: true });
      throw error;
    }
  }

  /** Only the first instance of a series has to make the folder. */
  async #move(from: string, to: string): Promise<void> {
    try {
      return moveExclusively(from, to);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    const folder = dirname(to);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    if (this.#options.sync) await syncFolder(dirname(folder));
    moveExclusively(from, to);
  }

  /** The same pixels may be in another encoding: then the decoded values are compared. */
  async #samePixels(series: string, kept: StoredImage, { image, received }: Incoming): Promise<boolean> {
    const sameKind = kept.image.pixelsHashed === image.pixelsHashed;
    if (sameKind && kept.image.pixelSha256 === image.pixelSha256) return true;
    if (sameKind && image.pixelsHashed === 'stored-values') return false;
    const { dataDirectory } = this.#options.store;
    const keptPath = join(dataDirectory, instancesFolder(series), kept.file);
    return (await decodedSha256(keptPath)) === (await decodedSha256(received.path));
  }
}

interface Incoming {
  readonly instance: string;
  readonly image: KeptCt;
  readonly received: ReceivedInstance;
}

/** The instance in the file, which has to be the one that the C-STORE request named. */
async function readChecked(bytes: Uint8Array, received: ReceivedInstance): Promise<KeptCt> {
  const file = parseDicom(bytes);
  checkNamed(file, received);
  return keptInstanceOf(file);
}

/** The beginning of a file with its meta information; nothing where it cannot be read. */
async function head(path: string): Promise<Uint8Array> {
  try {
    await using file = await open(path);
    const bytes = Buffer.alloc(headBytes + 1024);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
    return bytes.subarray(0, bytesRead);
  } catch {
    return new Uint8Array();
  }
}

async function decodedSha256(path: string): Promise<string> {
  return storedValuesSha256(parseDicom(await readFile(path)));
}
