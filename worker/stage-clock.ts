/** How long each stage took, and how far a job is. */
export type Progress = (stage: string, fraction: number) => void;

/** Share of the whole time that a stage usually takes, for the progress shown. */
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

/** Times the stages of one job and turns their progress into that of the whole. */
export class StageClock {
  readonly timings: { stage: string; seconds: number }[] = [];
  /** Time that the engine took for each batch of slices. */
  readonly batchSeconds: number[] = [];
  readonly #progress: Progress | undefined;

  constructor(progress?: Progress) {
    this.#progress = progress;
  }

  /** Runs one stage; `report` takes the part of it that is done. */
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
