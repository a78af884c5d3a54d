import type { Progress } from '../stage-clock.ts';

/** Shorter than anybody sees: a report a slice keeps queue and node as busy as a hundredth of the network. */
const betweenReports = 200;

/** Passes on the first report of each stage at once, as the delivery waits for one, and of the others what comes seldom enough. */
export function seldom(progress: Progress, now: () => number = () => performance.now()): Progress {
  let shown: { stage: string; at: number } | undefined;
  return (stage, fraction) => {
    const at = now();
    if (shown?.stage === stage && at - shown.at < betweenReports) return;
    shown = { stage, at };
    progress(stage, fraction);
  };
}
