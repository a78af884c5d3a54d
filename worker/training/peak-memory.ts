import { readFile, writeFile } from 'node:fs/promises';
import { totalmem } from 'node:os';

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

/** What this process may have, bytes: the machine's memory, or less in a container. */
export function memoryLimit(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}
