import { createInterface } from 'node:readline/promises';
import { ContourNodeError } from '../../src/errors.ts';

/** Reads an answer. @throws ContourNodeError when the text is no answer to the question */
export type ReadAnswer<T> = (text: string) => T | Promise<T>;

export interface Asker {
  /** Whether somebody is there to ask. */
  readonly asks: boolean;
  /**
   * @param given the answer from the command line, which is then not asked for
   * @param fallback what an empty answer means
   * @throws ContourNodeError USAGE when the input ends; what `read` throws where nobody can be asked again
   */
  ask<T>(given: string | undefined, question: string, fallback: string, read: ReadAnswer<T>): Promise<T>;
  close(): void;
}

/** Takes the default where the command line has no answer. */
export const withoutQuestions: Asker = {
  asks: false,
  ask: async (given, _question, fallback, read) => read(given ?? fallback),
  close: () => undefined,
};

/** Asks on stdout and stdin; on a terminal again after an answer that cannot be read. */
export function terminalAsker(): Asker {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  // Lines from a pipe may arrive before they are asked for: the iterator keeps them.
  const lines = terminal[Symbol.asyncIterator]();
  return {
    asks: true,
    async ask(given, question, fallback, read) {
      if (given !== undefined) return read(given);
      for (;;) {
        process.stdout.write(`${question}${fallback === '' ? '' : ` [${fallback}]`}: `);
        const line = await lines.next();
        if (line.done === true)
          throw new ContourNodeError('USAGE', `no answer to '${question}'`, {
            remedy: 'answer by flags, or give --yes',
          });
        const text = line.value.trim();
        try {
          return await read(text === '' ? fallback : text);
        } catch (error) {
          if (!(error instanceof ContourNodeError) || !process.stdin.isTTY) throw error;
          console.log(error.message);
        }
      }
    },
    close: () => terminal.close(),
  };
}
