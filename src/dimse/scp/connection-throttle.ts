import type { DimseLog } from '../dimse-log.ts';

export interface Refusal {
  readonly address: string;
  readonly words: string;
  /** Further fields of the log line. */
  readonly fields?: object;
  /** It says nothing against the peer: there was no room. */
  readonly transient?: boolean;
}

/** So many refusals of an address stand in the log one by one, the rest of the window as one number. */
const loggedEach = 20;
/** A peer with a wrong title does not come back so often within a window. */
const tolerated = 10;
const windowMilliseconds = 60_000;
/** More addresses than a hospital's network has peers count as one. */
const maximumAddresses = 1000;
const elsewhere = 'other addresses';

/**
 * Connections that were refused or cut, by address, a minute at a time: the log has the first of them and the number of
 * the rest. Ten thousand lines would be the larger part of the work that an attacker makes.
 */
export class ConnectionThrottle {
  readonly #log: DimseLog;
  readonly #counts = new Map<string, { all: number; deserved: number }>();
  #window: NodeJS.Timeout | undefined;

  constructor(log: DimseLog) {
    this.#log = log;
  }

  /** A connection was refused or cut by this side. */
  add({ address, words, fields, transient = false }: Refusal): void {
    const count = this.#count(address);
    count.all++;
    if (!transient) count.deserved++;
    this.#window ??= setTimeout(() => this.#end(), windowMilliseconds).unref();
    if (count.all <= loggedEach) this.#log.warn({ address, ...fields }, words);
    if (count.all === loggedEach) this.#log.warn({ address }, 'more of this address are only counted for a minute');
  }

  /** Whether a connection from there waits before anything is read: lately too many of its like spoke no DICOM. */
  makesWait(address: string): boolean {
    return (this.#counts.get(address)?.deserved ?? 0) > tolerated;
  }

  #count(address: string): { all: number; deserved: number } {
    const known = this.#counts.has(address) || this.#counts.size < maximumAddresses;
    const key = known ? address : elsewhere;
    let count = this.#counts.get(key);
    if (count === undefined) this.#counts.set(key, (count = { all: 0, deserved: 0 }));
    return count;
  }

  /** Says what was only counted. */
  close(): void {
    clearTimeout(this.#window);
    this.#end();
  }

  #end(): void {
    this.#window = undefined;
    for (const [address, { all }] of this.#counts) {
      if (all > loggedEach) this.#log.warn({ address, refused: all }, 'connections refused or cut within a minute');
    }
    this.#counts.clear();
  }
}
