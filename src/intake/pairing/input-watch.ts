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
import { mayBeOfOnePatient } from './known-inputs.ts';

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

  /** Routes have changed: what waits is looked at again. */
  configured(): void {
    const { store, again } = this.#options;
    for (const ct of store.ofModality('CT')) if (store.get(ct)?.outcome === 'awaits input') again(ct);
  }

  /** An MR series or a registration is complete, or cannot be used. Not to be called with a CT's lock; never rejects. */
  async came(series: string): Promise<void> {
    const { store, lock, log } = this.#options;
    const image = store.anyImage(series)?.image;
    if (image === undefined || modalityOf(image.sopClassUid) === 'CT') return;
    for (const ct of store.ofModality('CT')) {
      const other = store.anyImage(ct)?.image;
      if (other === undefined || !mayBeOfOnePatient([image, other])) continue;
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
    if (!isRejectedForInput(record)) {
      const found = await this.#besideNewest(record);
      if (found === undefined) return;
      if ('doubt' in found) {
        if (record.warnings.some(({ text }) => text === found.doubt)) return;
        store.record(ct, { kind: 'input doubted', text: found.doubt });
        log.warn({ series: ct, came }, 'what came speaks against the MR that a CT was contoured with');
        return;
      }
    }
    store.record(ct, { kind: 'input came', series: came });
    log.info({ series: ct, came }, 'something came that is seen beside a CT');
    again(ct);
  }

  /**
   * What follows for the newest revision. Better: every input that it has is there, and one more, or a newer one, or another way
   * to it. Doubt: one that it has, and that is here, would not be taken any more.
   */
  async #besideNewest(record: SeriesRecord): Promise<{ better: true } | { doubt: string } | undefined> {
    const { store, inputs } = this.#options;
    if (record.outcome !== 'ordered' || record.revision === 0) return undefined;
    const written = await manifestOfRevision(store.dataDirectory, record.key, record.revision);
    if (written === undefined) return undefined;
    const { manifest } = written;
    const images = imagesOf(manifest, store.images(record.key));
    const { pairings } = await inputs.pairings(record, imagesIn(images), images);
    // What still arrives is looked at when it has come.
    if ([...pairings.values()].some((pairing) => pairing.kind === 'paired' && pairing.isOpen)) return undefined;
    const before: readonly InputImage[] = manifest.inputs ?? [];
    for (const { name, series, registrations = [] } of before) {
      const pairing = pairings.get(name);
      const isRefused = [series, ...registrations].some((one) => store.get(one)?.outcome === 'rejected');
      if (pairing?.kind === 'ambiguous' || (pairing?.kind === 'missing' && isRefused))
        return { doubt: `contoured with ${name} ${series}; since then ${pairing.words}` };
      if (pairing?.kind !== 'paired') return undefined;
    }
    const paired = [...pairings.values()].flatMap((pairing) => (pairing.kind === 'paired' ? [pairing.image] : []));
    return JSON.stringify(paired) === JSON.stringify(before) ? undefined : { better: true };
  }
}

/** A crash right after something came is noticed within this time. */
const recentMilliseconds = 24 * 3_600_000;

function isRejectedForInput({ outcome, problems: [problem] }: SeriesRecord): boolean {
  return outcome === 'rejected' && problem !== undefined && problem.code.startsWith('SERIES_INPUT_');
}
