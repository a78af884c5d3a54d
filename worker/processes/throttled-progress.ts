import type { Progress } from '../stage-clock.ts';

/** In ms; shorter than anybody sees. A report a slice keeps queue and node busy. */
const betweenReports = 200;

/**
 * Passes on the first report of each stage at once, as the delivery waits for one, and of the others one in 200 ms.
 * @param now in ms
 */
export function throttledProgress(progress: Progress, now: () => number = () => performance.now()): Progress {
  let shown: { stage: string; at: number } | undefined;
  return (stage, fraction) => {
    const at = now();
    if (shown?.stage === stage && at - shown.at < betweenReports) return;
    shown = { stage, at };
    progress(stage, fraction);
  };
}
