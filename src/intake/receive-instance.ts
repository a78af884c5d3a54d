import { statSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type CheckedCt, checkedCt, type CtInstance } from '../dicom/ct-instance.ts';
import { parseDicom } from '../dicom/data-set.ts';
import { storedValuesSha256 } from '../dicom/pixel-data.ts';
import { rtStructureSetStorage } from '../dicom/rtstruct/structure-set.ts';
import type { AssociationInfo, NamedInstance, ReceivedInstance } from '../dimse/association-info.ts';
import { formatStatus, storeStatus } from '../dimse/status.ts';
import { ContourNodeError } from '../errors.ts';
import { faultPoint } from '../observe/fault-point.ts';
import type { Log } from '../observe/log.ts';
import { pseudonym } from '../observe/pseudonym.ts';
import { instanceFile, instancesFolder } from '../store/paths.ts';
import { problem, problemFrom } from '../store/problem.ts';
import type { Store, StoredImage } from '../store/store.ts';
import { syncFolder } from '../jobs/write-once.ts';
import { moveExclusively } from '../store/move.ts';
import type { DiskWatch } from './disk-watch.ts';
import type { ImageRecords, NamedFile } from './image-records.ts';
import { ReadBuffers } from './read-buffers.ts';
import { checkNamed, diskFull, refusal, statusOf } from './refusal.ts';
import type { SeriesAssembly } from './series-assembly.ts';
import type { SeriesLock } from './series-lock.ts';

export interface ReceiverOptions {
  readonly store: Store;
  readonly assembly: SeriesAssembly;
  readonly lock: SeriesLock;
  /** Key of the pseudonyms. */
  readonly key: Uint8Array;
  readonly log: Log;
  readonly records: ImageRecords;
  /** Flush folders before an instance counts as kept (intake.syncToDisk). */
  readonly sync: boolean;
  readonly disk: DiskWatch;
}

/**
 * Takes the instances that the storage SCP has received: checks them, gives them their name in the series' folder and
 * says with which status each is answered. Success means: checked, named and flushed. The tables learn of an image while
 * its sender fetches the next one: what they miss after a crash they get from the files.
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
      // It is flushed meanwhile.
      const content = this.#buffers.read(received.path, received.bytes);
      let recorded: Promise<void> | undefined;
      try {
        const ct = readChecked(content.bytes, received);
        series = pseudonym(key, ct.header.seriesInstanceUid);
        if (!(await this.#options.disk.hasRoomFor(received.bytes))) throw diskFull();
        await received.flushed;
        faultPoint('image-flushed');
        ({ recorded } = await this.#keep(series, { instance, ct, received }));
      } finally {
        void (recorded ?? Promise.resolve()).then(content.done, content.done);
      }
      return storeStatus.success;
    } catch (cause) {
      const error = refusal(cause);
      log.warn({ association: received.association.id, series, instance, err: error }, 'an instance was refused');
      assembly.refused(received.association, { series, instance, problem: problemFrom(error) });
      return statusOf(error.code);
    }
  };

  /** Hears of an instance that the SCP refused by itself: the sender has to repeat it all the same. */
  readonly refused = (association: AssociationInfo, named: NamedInstance, status: number): void => {
    // A structure set completes no series.
    if (named.sopClassUid === rtStructureSetStorage) return;
    const words = `refused with status ${formatStatus(status)} while it came in`;
    this.#options.assembly.refused(association, {
      series: undefined,
      instance: pseudonym(this.#options.key, named.sopInstanceUid),
      problem: problem(status === storeStatus.outOfResources ? 'DISK_FULL' : 'INSTANCE_MISMATCH', words),
    });
  };

  /**
   * @returns when the tables know the image or would not take it, which never rejects; by then nothing of its bytes is
   *   needed any more
   * @throws ContourNodeError SERIES_PIXELS_DIFFER; whatever disk and tables throw
   */
  async #keep(series: string, incoming: Incoming): Promise<{ recorded: Promise<void> }> {
    const { assembly, lock, store, records } = this.#options;
    const { association, afterResponse } = incoming.received;
    const named = Promise.withResolvers<void>();
    const answered = Promise.withResolvers<void>();
    const kept = lock.run(series, async () => {
      await records.complete(series);
      // Before the image: an image whose sender nobody knows could not be finished after a crash.
      assembly.carries(association, series);
      const known = store.image(series, incoming.instance);
      if (known !== undefined) return this.#keepAgain(series, known, incoming);
      const file = await this.#name(series, incoming, 1);
      afterResponse(() => {
        answered.resolve();
        return kept;
      });
      named.resolve();
      // With the lock: nobody else may look at the series before the tables know of the image.
      await answered.promise;
      faultPoint('image-answered');
      await records.addAnswered(series, file, incoming.ct);
    });
    await Promise.race([named.promise, kept]);
    assembly.accepted(association, series, incoming.instance);
    return { recorded: kept };
  }

  /** An image that came before: nothing to do, or another header to the same pixels. */
  async #keepAgain(series: string, known: StoredImage, incoming: Incoming): Promise<void> {
    const image = await incoming.ct.hashed();
    if (!(await this.#samePixels(series, known, image, incoming.received))) {
      throw new ContourNodeError('SERIES_PIXELS_DIFFER', 'other pixels under a known SOP Instance UID');
    }
    if (known.image.headerSha256 === image.headerSha256) return;
    const file = await this.#name(series, incoming, known.version + 1);
    try {
      this.#options.records.add(series, file, image);
    } catch (error) {
      // It will be refused, so it must not be found in the folder later.
      await rm(file.path, { force: true });
      throw error;
    }
  }

  async #name(series: string, { instance, received }: Incoming, version: number): Promise<NamedFile> {
    const { store, sync } = this.#options;
    const folder = join(store.dataDirectory, instancesFolder(series));
    const name = instanceFile(instance, version);
    const path = join(folder, name);
    await this.#move(received.path, path);
    faultPoint('image-named');
    try {
      if (sync) await syncFolder(folder);
      return { instance, name, path, version, receivedAt: statSync(path).mtime.toISOString() };
    } catch (error) {
      // It will be refused, so it must not be found in the folder later.
      await rm(path, { force: true });
      throw error;
    }
  }

  /** Every image but a series' first finds the folder. */
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

  /** The same pixels may come in another encoding: then the decoded values are compared. */
  async #samePixels(
    series: string,
    known: StoredImage,
    image: CtInstance,
    received: ReceivedInstance,
  ): Promise<boolean> {
    const sameKind = known.image.pixelsHashed === image.pixelsHashed;
    if (sameKind && known.image.pixelSha256 === image.pixelSha256) return true;
    if (sameKind && image.pixelsHashed === 'stored-values') return false;
    const { dataDirectory } = this.#options.store;
    const knownPath = join(dataDirectory, instancesFolder(series), known.file);
    return (await decodedSha256(knownPath)) === (await decodedSha256(received.path));
  }
}

interface Incoming {
  readonly instance: string;
  readonly ct: CheckedCt;
  readonly received: ReceivedInstance;
}

/** The image in the file, which has to be the one that the C-STORE request named. */
function readChecked(bytes: Uint8Array, received: ReceivedInstance): CheckedCt {
  const file = parseDicom(bytes);
  checkNamed(file, received);
  return checkedCt(file);
}

async function decodedSha256(path: string): Promise<string> {
  return storedValuesSha256(parseDicom(await readFile(path)));
}
