import { ContourNodeError } from '../../src/errors.ts';
import type { Cleanup } from '../support/cleanup.ts';

/** Something that takes bytes from outside. */
export interface FuzzTarget {
  /** Valid inputs, which are changed. */
  readonly samples: readonly [Buffer, ...Buffer[]];
  /** Feeds one input; rejects when it does what it must not. A crash, a hang and too much memory are seen from outside. */
  feed(input: Buffer): Promise<void> | void;
}

/** What a module of test/fuzz/targets exports. */
export type OpenTarget = (cleanup: Cleanup) => Promise<FuzzTarget>;

/** Runs what may end with an error of the catalogue of one line, and with no other. */
export async function catalogued(run: () => unknown): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof ContourNodeError)) throw error;
    if (error.message.includes('\n')) throw new Error(`more than one line: ${error.message}`, { cause: error });
  }
}
