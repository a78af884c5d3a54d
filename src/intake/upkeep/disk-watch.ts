import { asContourNodeError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { freeBytes } from '../../store/disk-space.ts';
import { problem } from '../../problem.ts';
import type { Problem } from '../../problem.ts';
import type { Clock } from '../../clock.ts';

/** `low`: logged, and delivered series are removed early; `full`: no instance is accepted. */
export type DiskState = 'enough' | 'low' | 'full';

export interface DiskWatchOptions {
  readonly dataDirectory: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Below so many free bytes the disk is low (retention.minimumFreeGigabytes). */
  readonly lowBytes: () => number;
  /** Below so many it is full (intake.reservedMegabytes): journals, tables and results need the rest. */
  readonly reservedBytes: () => number;
  /** The disk became low. */
  readonly onLow?: () => void;
}

const intervalMilliseconds = 10_000;

/** Watches the disk of the data directory, so that log and page say that it runs short before it is full. */
export class DiskWatch {
  readonly #options: DiskWatchOptions;
  #state: DiskState = 'enough';
  #free = Number.POSITIVE_INFINITY;
  #cancel: () => void = () => {};
  #closed = false;

  constructor(options: DiskWatchOptions) {
    this.#options = options;
  }

  get full(): boolean {
    return this.#state === 'full';
  }

  /** Looks now and every ten seconds. */
  async start(): Promise<void> {
    await this.look().catch((error: unknown) =>
      this.#options.log.error({ err: asContourNodeError(error) }, 'the free space of the data directory is not known'),
    );
    if (!this.#closed) this.#cancel = this.#options.clock.after(intervalMilliseconds, () => void this.start());
  }

  /** Whether an instance of so many bytes may be kept. Asks the disk again where the answer may have become no. */
  async hasRoomFor(bytes: number): Promise<boolean> {
    this.#free -= bytes;
    if (this.#free < 2 * this.#options.reservedBytes() || !Number.isFinite(this.#free)) await this.look();
    return this.#free >= this.#options.reservedBytes();
  }

  /** What the page shows; asks the disk again. */
  async problems(): Promise<Problem[]> {
    const state = await this.look();
    if (state === 'enough') return [];
    const words = state === 'full' ? 'is full: no image is accepted' : 'runs short: delivered series are removed early';
    const { dataDirectory } = this.#options;
    return [problem('DISK_FULL', `the disk of the data directory (${dataDirectory}) ${words}; ${this.#words()}`)];
  }

  close(): void {
    this.#closed = true;
    this.#cancel();
  }

  async look(): Promise<DiskState> {
    const { dataDirectory, lowBytes, reservedBytes, log, onLow } = this.#options;
    this.#free = await freeBytes(dataDirectory);
    const before = this.#state;
    this.#state = this.#free < reservedBytes() ? 'full' : this.#free < lowBytes() ? 'low' : 'enough';
    if (this.#state === before) return before;
    if (this.#state === 'full') log.error({}, `the disk is full: associations are rejected; ${this.#words()}`);
    else if (this.#state === 'low')
      log.warn({}, `the disk runs short: delivered series are removed early; ${this.#words()}`);
    else log.info({}, 'the disk has room again');
    if (before === 'enough') onLow?.();
    return this.#state;
  }

  #words(): string {
    const { lowBytes, reservedBytes } = this.#options;
    return (
      `${megabytes(this.#free)} MB are free of the ${megabytes(lowBytes())} MB that should be ` +
      `(retention.minimumFreeGigabytes); under ${megabytes(reservedBytes())} MB (intake.reservedMegabytes) nothing is accepted`
    );
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
