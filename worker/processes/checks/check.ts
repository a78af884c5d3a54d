/** One check of `doctor`. */
export interface Check {
  readonly name: string;
  /**
   * @returns what was found, in words
   * @throws ContourNodeError what is wrong, with what to do
   */
  readonly run: () => Promise<string>;
}

/** For an answer from another program. */
export const answerSeconds = 5;
