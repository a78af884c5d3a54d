/** Runs one action at a time for each series; different series do not wait for each other. */
export class SeriesLock {
  readonly #tails = new Map<string, Promise<unknown>>();

  async run<T>(series: string, action: () => Promise<T> | T): Promise<T> {
    const before = this.#tails.get(series) ?? Promise.resolve();
    const mine = before.then(action, action);
    this.#tails.set(series, mine);
    try {
      return await mine;
    } finally {
      if (this.#tails.get(series) === mine) this.#tails.delete(series);
    }
  }

  /** Resolves when no action runs. */
  async idle(): Promise<void> {
    while (this.#tails.size > 0) await Promise.allSettled(this.#tails.values());
  }
}
