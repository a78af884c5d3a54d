/** Where a helper registers what has to happen at the end: a TestContext, or a bench's own list. */
export interface Cleanup {
  after(undo: () => Promise<void>): void;
}

/** For programs that are no tests: undoes in reverse order. */
export class CleanupList implements Cleanup {
  readonly #undo: (() => Promise<void>)[] = [];

  after(undo: () => Promise<void>): void {
    this.#undo.push(undo);
  }

  async run(): Promise<void> {
    for (const undo of this.#undo.splice(0).toReversed()) await undo();
  }
}
