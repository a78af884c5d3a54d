import { readFile, writeFile } from 'node:fs/promises';

/**
 * The largest resident memory of this process since the last reset, bytes. Linux (proc_pid_status(5): VmHWM); elsewhere
 * that of its whole life.
 */
export async function peakMemory(): Promise<number> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const kilobytes = /^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1];
  return 1024 * (kilobytes === undefined ? process.resourceUsage().maxRSS : Number(kilobytes));
}

/** proc_pid_clear_refs(5): 5 resets the peak to what is resident now. A kernel without it keeps the older peak. */
export async function resetPeakMemory(): Promise<void> {
  await writeFile('/proc/self/clear_refs', '5').catch(() => {});
}

/** What this process has and may still get beside whatever else runs on the machine or in its container, bytes. */
export function memoryWithinReach(): number {
  return process.memoryUsage().rss + process.availableMemory();
}
