import { readFile } from 'node:fs/promises';
import { type CheckedCt, type CtInstance, readCtInstance } from '../dicom/ct-instance.ts';
import { asContourNodeError } from '../errors.ts';
import { faultPoint } from '../observe/fault-point.ts';
import type { Log } from '../observe/log.ts';
import type { Store } from '../store/store.ts';
import type { Clock } from './clock.ts';
import type { SeriesLock } from './series-lock.ts';

/** An image under its name in the series' folder. */
export interface NamedFile {
  /** Pseudonym of its SOP Instance UID. */
  readonly instance: string;
  readonly name: string;
  readonly path: string;
  readonly version: number;
  /** ISO time. */
  readonly receivedAt: string;
}

export interface ImageRecordsOptions {
  readonly store: Store;
  readonly lock: SeriesLock;
  readonly clock: Clock;
  readonly log: Log;
  /** The tables know all images of the series again. */
  readonly onRecorded: (series: string) => void;
}

interface Unrecorded {
  readonly images: NamedFile[];
  cancel: () => void;
}

/** Milliseconds until the tables are tried again with an image that they would not take. */
const retryAfter = 30_000;

/**
 * What the tables know of the images that were answered with success. Should they not take one (their disk is full), its
 * file keeps it, and nothing is decided about its series before they do.
 */
export class ImageRecords {
  readonly #options: ImageRecordsOptions;
  readonly #unrecorded = new Map<string, Unrecorded>();

  constructor(options: ImageRecordsOptions) {
    this.#options = options;
  }

  /** @throws what SQLite throws */
  add(series: string, { instance, name, version, receivedAt }: NamedFile, image: CtInstance): void {
    this.#options.store.addImage(series, { instance, version, file: name, receivedAt, image });
    faultPoint('image-recorded');
  }

  /** The same for an image whose sender has its answer, with the series' lock. Never rejects. */
  async addAnswered(series: string, file: NamedFile, ct: CheckedCt): Promise<void> {
    try {
      this.add(series, file, await ct.hashed());
    } catch (error) {
      const left = this.#unrecorded.get(series) ?? { images: [], cancel: this.#later(series) };
      left.images.push(file);
      this.#unrecorded.set(series, left);
      this.#notTaken(series, error);
    }
  }

  /**
   * Has the tables take what they would not take before. To be called, with the series' lock, before anything is decided
   * about its images.
   *
   * @throws whatever disk and tables throw
   */
  async complete(series: string): Promise<void> {
    const left = this.#unrecorded.get(series);
    if (left === undefined) return;
    for (let next = left.images[0]; next !== undefined; next = left.images[0]) {
      this.add(series, next, await readCtInstance(await readFile(next.path), { decode: false }));
      left.images.shift();
    }
    left.cancel();
    this.#unrecorded.delete(series);
  }

  /** What is still missing is made from the files at the next start. */
  close(): void {
    for (const { cancel } of this.#unrecorded.values()) cancel();
    this.#unrecorded.clear();
  }

  /** @returns what cancels it */
  #later(series: string): () => void {
    const { clock, lock, onRecorded } = this.#options;
    return clock.after(retryAfter, () => {
      lock
        .run(series, () => this.complete(series))
        .then(() => onRecorded(series))
        .catch((error: unknown) => {
          const left = this.#unrecorded.get(series);
          if (left === undefined) return;
          left.cancel = this.#later(series);
          this.#notTaken(series, error);
        });
    });
  }

  #notTaken(series: string, error: unknown): void {
    const words = 'the tables did not take an image that is kept; it is tried again before the series goes on';
    this.#options.log.error({ series, err: asContourNodeError(error) }, words);
  }
}
