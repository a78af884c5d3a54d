import { stageAfterResult } from '../src/work/progress.ts';

/** Gets the stage of a job and the fraction of the whole job that is done. */
export type Progress = (stage: string, fraction: number) => void;

const stages = ['volume', 'body', 'resampling', 'inference', 'contours', 'structure set', stageAfterResult] as const;
export type Stage = (typeof stages)[number];

/** Usual share of each stage in the time of a job, to show its progress: with a network of slices, of the whole CT. */
const shares = {
  slices: [0.25, 0.05, 0.05, 0.4, 0.15, 0.05, 0.05],
  volume: [0.02, 0.01, 0.03, 0.9, 0.02, 0.01, 0.01],
} as const satisfies Record<string, readonly number[]>;
/** What the network of a job sees. */
export type Sees = keyof typeof shares;

/** Measures the stages of one job and reports the progress of the whole job. */
export class StageClock {
  readonly timings: { stage: string; seconds: number }[] = [];
  /** Time that the engine took for each batch of slices. */
  readonly batchSeconds: number[] = [];
  readonly #progress: Progress | undefined;
  readonly #shares: readonly number[];

  constructor(progress?: Progress, sees: Sees = 'slices') {
    this.#progress = progress;
    this.#shares = shares[sees];
  }

  /** The models of a recipe pass some stages one after the other: each stage has one time. */
  #add(stage: Stage, seconds: number): void {
    const passed = this.timings.find((one) => one.stage === stage);
    const sum = Math.round(1000 * ((passed?.seconds ?? 0) + seconds)) / 1000;
    if (passed === undefined) this.timings.push({ stage, seconds: sum });
    else passed.seconds = sum;
  }

  /** Runs one stage; it calls `report` with the part of it that is done. */
  async run<T>(stage: Stage, work: (report: (part: number) => void) => Promise<T> | T): Promise<T> {
    const index = stages.indexOf(stage);
    const before = this.#shares.slice(0, index).reduce((sum, share) => sum + share, 0);
    const share = this.#shares[index]!;
    const report = (part: number) => this.#progress?.(stage, before + share * part);
    const started = performance.now();
    report(0);
    const result = await work(report);
    this.#add(stage, (performance.now() - started) / 1000);
    report(1);
    return result;
  }
}
