import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits until `probe` gives something other than undefined.
 *
 * @throws Error naming `what` and the last error of the probe after `seconds`
 */
export async function eventually<T>(
  what: string,
  seconds: number,
  probe: () => Promise<T | undefined> | T | undefined,
  everyMilliseconds = 100,
): Promise<T> {
  const end = Date.now() + seconds * 1000;
  let last: unknown;
  while (Date.now() < end) {
    try {
      const found = await probe();
      if (found !== undefined) return found;
    } catch (error) {
      last = error;
    }
    await sleep(everyMilliseconds);
  }
  throw new Error(`${what}: not within ${seconds} s`, { cause: last });
}
