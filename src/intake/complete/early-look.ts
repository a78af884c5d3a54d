import type { Clock } from '../../clock.ts';
import type { CurrentConfig } from '../../config/config-in-force.ts';
import { modalityOf } from '../../dicom/kept-instance.ts';
import { asContourNodeError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { checks } from '../../retries.ts';
import type { StoredImage } from '../../store/instances.ts';
import { compareText } from '../../store/orders.ts';
import type { SeriesRecord } from '../../store/series-record.ts';
import type { Store } from '../../store/store.ts';
import type { SeriesLock } from '../series-lock.ts';
import type { CtInputs } from '../pairing/ct-inputs.ts';
import { type CheckedImages, checkOf } from './check-series.ts';
import type { ContourAhead } from './contour-ahead.ts';
import type { CountInstances } from './count-at-peer.ts';
import { expectedCount, isCountReached, judgeCount } from './expected-count.ts';
import { SeriesTimers } from './series-timers.ts';

export interface EarlyLookOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly lock: SeriesLock;
  readonly log: Log;
  readonly current: () => CurrentConfig;
  readonly countInstances: CountInstances;
  readonly inputs: Pick<CtInputs, 'decide'>;
  readonly ahead: Pick<ContourAhead, 'begin'>;
}

/** What the assembly knows of a series. */
export interface Quiet {
  /** It has new instances, nothing of it is missing or on its way. */
  readonly canComplete: (record: SeriesRecord) => boolean;
  /** Images of its study still come. */
  readonly isStudyArriving: (record: SeriesRecord) => boolean;
  /** Completes it, after every check. */
  readonly complete: (series: string) => void;
}

/**
 * Looks at a new series as soon as its last association is released, within the quiet period. Where it has as many
 * instances as its source says, and they make a volume, it is completed now. Else it is contoured ahead. A look changes
 * nothing of the series; a count that says anything else than what is there is left to the end of the quiet period.
 */
export class EarlyLooks {
  readonly #options: EarlyLookOptions;
  readonly #timers: SeriesTimers;

  constructor(options: EarlyLookOptions) {
    this.#options = options;
    this.#timers = new SeriesTimers(options.clock);
  }

  /** Its association was released; the next one of a sender that opens one for every image cancels the look. */
  soon(series: string, quiet: Quiet): void {
    this.#timers.set(series, checks.earlyLookMilliseconds, () => void this.#look(series, quiet));
  }

  cancel(series: string): void {
    this.#timers.cancel(series);
  }

  close(): void {
    this.#timers.close();
  }

  async #look(series: string, quiet: Quiet): Promise<void> {
    const { log } = this.#options;
    try {
      if (await this.#isCountReached(series, quiet)) quiet.complete(series);
    } catch (error) {
      log.warn({ series, err: asContourNodeError(error) }, 'a series could not be looked at before its completion');
    }
  }

  async #isCountReached(series: string, quiet: Quiet): Promise<boolean> {
    const { store, lock, current } = this.#options;
    const { completeByCount, contourAhead } = current().config.intake;
    const record = this.#quietRecord(series, quiet);
    const [first] = store.images(series);
    if (record === undefined || first === undefined || (!completeByCount && !contourAhead)) return false;
    const peer = current().config.peers.find(({ name }) => name === record.assembly.peer);
    // Without the lock: a peer may take its time, and more of the series may come.
    const count = await expectedCount(peer, store.images(series), this.#options);
    return lock.run(series, async () => {
      const now = this.#quietRecord(series, quiet);
      if (now === undefined) return false;
      // Of a repeat the first counts.
      const images = store.images(series).toSorted((a, b) => compareText(a.receivedAt, b.receivedAt));
      const { warnings, missing } = judgeCount(now, peer, count, images.length);
      if (missing > 0) return false;
      const checked = await this.#checked(now, images);
      if (checked === undefined) return false;
      if (completeByCount && isCountReached(count, images) && !quiet.isStudyArriving(now)) return true;
      if (!contourAhead || modalityOf(images[0]!.image.sopClassUid) !== 'CT') return false;
      const decision = await this.#options.inputs.decide(now, checked.slices, images);
      if (decision.kind !== 'go on') return false;
      const { inputs } = decision;
      const told = [...warnings, ...decision.warnings];
      await this.#options.ahead.begin({ record: now, images, checked, warnings: told, inputs });
      return false;
    });
  }

  /** Of a series that is looked at: what an operator decides, and what comes after a revision, waits. */
  #quietRecord(series: string, { canComplete }: Quiet): SeriesRecord | undefined {
    const record = this.#options.store.get(series);
    const isNew = record?.revision === 0 && record.outcome === undefined && !record.operatorActed;
    return isNew && canComplete(record) ? record : undefined;
  }

  /** Undefined where the images make no volume: more may come. */
  async #checked(record: SeriesRecord, images: readonly StoredImage[]): Promise<CheckedImages | undefined> {
    const { store, current } = this.#options;
    const check = await checkOf(store.dataDirectory, current().config, record, images);
    try {
      return check(images);
    } catch {
      return undefined;
    }
  }
}
