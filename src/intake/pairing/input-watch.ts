import { imagesIn } from '../../dicom/ct-instance.ts';
import { modalityOf } from '../../dicom/kept-instance.ts';
import { asContourNodeError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { isAssembling } from '../../store/series-state.ts';
import type { SeriesRecord } from '../../store/series-record.ts';
import type { Store } from '../../store/store.ts';
import type { InputImage } from '../../work/input-image.ts';
import { imagesOf } from '../complete/later-images.ts';
import { manifestOfRevision } from '../complete/write-revision.ts';
import type { SeriesLock } from '../series-lock.ts';
import type { CtInputs } from './ct-inputs.ts';
import { areOfOnePatient } from './known-inputs.ts';

export interface InputWatchOptions {
  readonly store: Store;
  readonly lock: SeriesLock;
  readonly log: Log;
  readonly inputs: CtInputs;
  /** Completes a series at once. */
  readonly again: (series: string) => void;
}

/** Looks at the CTs of a patient again when an MR or a registration has come. */
export class InputWatch {
  readonly #options: InputWatchOptions;
  #stop: () => void = () => {};

  constructor(options: InputWatchOptions) {
    this.#options = options;
  }

  /** After a start: listens, and looks at what came last, which may not have been heard of. */
  start(now: number): void {
    const { store } = this.#options;
    // A CT does not wait for images that have stopped to arrive.
    this.#stop = store.onChange((series, change) => {
      const isBroken = change.kind === 'event' && ['held', 'association ended'].includes(change.event.kind);
      if (isBroken && store.get(series)?.assembly.incomplete !== undefined) void this.came(series);
    });
    const since = new Date(now - recentMilliseconds).toISOString();
    for (const series of store.changedSince(since)) {
      if (store.get(series)?.outcome === 'complete') void this.came(series);
    }
  }

  close(): void {
    this.#stop();
  }

  /** An MR series or a registration is complete, or cannot be used. Not to be called with a CT's lock; never rejects. */
  async came(series: string): Promise<void> {
    const { store, lock, log } = this.#options;
    const image = store.anyImage(series)?.image;
    if (image === undefined || modalityOf(image.sopClassUid) === 'CT') return;
    for (const ct of store.ofModality('CT')) {
      const other = store.anyImage(ct)?.image;
      if (other === undefined || !areOfOnePatient(image, other)) continue;
      try {
        await lock.run(ct, () => this.#lookAgain(ct, series));
      } catch (error) {
        log.error({ series: ct, err: asContourNodeError(error) }, 'what came beside a CT could not be looked at');
      }
    }
  }

  async #lookAgain(ct: string, came: string): Promise<void> {
    const { store, again, log } = this.#options;
    const record = store.get(ct);
    if (record === undefined) return;
    if (isAssembling(record)) {
      if (record.outcome === 'awaits input') again(ct);
      return;
    }
    const isBetter = isRejectedForInput(record) || (await this.#hasBetter(record));
    if (!isBetter) return;
    store.record(ct, { kind: 'input came', series: came });
    log.info({ series: ct, came }, 'something came that is seen beside a CT');
    again(ct);
  }

  /** Every input that the newest revision has is there, and one more, or a newer one, or another way to it. */
  async #hasBetter(record: SeriesRecord): Promise<boolean> {
    const { store, inputs } = this.#options;
    if (record.outcome !== 'ordered' || record.revision === 0) return false;
    const manifest = await manifestOfRevision(store.dataDirectory, record.key, record.revision);
    if (manifest === undefined) return false;
    const images = imagesOf(manifest, store.images(record.key));
    const { pairings } = await inputs.pairings(record, imagesIn(images), images);
    // What still arrives is looked at when it has come.
    if ([...pairings.values()].some((pairing) => pairing.kind === 'paired' && pairing.isOpen)) return false;
    const paired = [...pairings.values()].flatMap((pairing) => (pairing.kind === 'paired' ? [pairing.image] : []));
    const before: readonly InputImage[] = manifest.inputs ?? [];
    const isWhole = before.every(({ name }) => paired.some((one) => one.name === name));
    return isWhole && JSON.stringify(paired) !== JSON.stringify(before);
  }
}

/** A crash right after something came is noticed within this time. */
const recentMilliseconds = 24 * 3_600_000;

function isRejectedForInput({ outcome, problems: [problem] }: SeriesRecord): boolean {
  return outcome === 'rejected' && problem !== undefined && problem.code.startsWith('SERIES_INPUT_');
}
