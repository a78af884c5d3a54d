import type { DimseLog } from '../dimse-log.ts';

export interface Refusal {
  readonly address: string;
  readonly words: string;
  /** Further fields of the log line. */
  readonly fields?: object;
  /** Not for what the peer did: there was no room. It does not count towards `makesWait`. */
  readonly transient?: boolean;
}

/** So many refusals of an address are logged one by one, the rest of the window as one number. */
const loggedEach = 20;
/** More than a peer with a wrong AE title causes within a window. */
const tolerated = 10;
const windowMilliseconds = 60_000;
/** Addresses beyond this number, more than a hospital has peers, count as one. */
const maximumAddresses = 1000;
const elsewhere = 'other addresses';

/**
 * Counts connections that were refused or aborted, by address, a minute at a time. The log gets the first of them and the
 * number of the rest: ten thousand lines would cost more than the attack itself.
 */
export class ConnectionThrottle {
  readonly #log: DimseLog;
  readonly #counts = new Map<string, { all: number; byPeer: number }>();
  #window: NodeJS.Timeout | undefined;

  constructor(log: DimseLog) {
    this.#log = log;
  }

  /** This side refused or aborted a connection. */
  add({ address, words, fields, transient = false }: Refusal): void {
    const count = this.#count(address);
    count.all++;
    if (!transient) count.byPeer++;
    this.#window ??= setTimeout(() => this.#end(), windowMilliseconds).unref();
    if (count.all <= loggedEach) this.#log.warn({ address, ...fields }, words);
    if (count.all === loggedEach)
      this.#log.warn({ address }, 'further refusals of this address are only counted, for a minute');
  }

  /** Whether a connection from this address waits before anything is read: too many were refused within the last minute. */
  makesWait(address: string): boolean {
    return (this.#counts.get(address)?.byPeer ?? 0) > tolerated;
  }

  #count(address: string): { all: number; byPeer: number } {
    const known = this.#counts.has(address) || this.#counts.size < maximumAddresses;
    const key = known ? address : elsewhere;
    let count = this.#counts.get(key);
    if (count === undefined) this.#counts.set(key, (count = { all: 0, byPeer: 0 }));
    return count;
  }

  /** Logs what was only counted. */
  close(): void {
    clearTimeout(this.#window);
    this.#end();
  }

  #end(): void {
    this.#window = undefined;
    for (const [address, { all }] of this.#counts) {
      if (all > loggedEach) this.#log.warn({ address, refused: all }, 'connections refused or aborted within a minute');
    }
    this.#counts.clear();
  }
}
