/** Gets the stage of a job and the fraction of the whole job that is done. */
export type Progress = (stage: string, fraction: number) => void;

/** Usual share of each stage in the time of a job, to show its progress. */
const shares = [
  ['volume', 0.25],
  ['body', 0.05],
  ['resampling', 0.05],
  ['inference', 0.4],
  ['contours', 0.15],
  ['structure set', 0.05],
  ['pictures', 0.05],
] as const;
export type Stage = (typeof shares)[number][0];

/** Measures the stages of one job and reports the progress of the whole job. */
export class StageClock {
  readonly timings: { stage: string; seconds: number }[] = [];
  /** Time that the engine took for each batch of slices. */
  readonly batchSeconds: number[] = [];
  readonly #progress: Progress | undefined;

  constructor(progress?: Progress) {
    this.#progress = progress;
  }

  /** Runs one stage; it calls `report` with the part of it that is done. */
  async run<T>(stage: Stage, work: (report: (part: number) => void) => Promise<T> | T): Promise<T> {
    const before = shares
      .slice(
        0,
        shares.findIndex(([name]) => name === stage),
      )
      .reduce((sum, [, share]) => sum + share, 0);
    const share = shares.find(([name]) => name === stage)![1];
    const report = (part: number) => this.#progress?.(stage, before + share * part);
    const started = performance.now();
    report(0);
    const result = await work(report);
    this.timings.push({ stage, seconds: Math.round(performance.now() - started) / 1000 });
    report(1);
    return result;
  }
}
