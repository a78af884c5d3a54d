import { setTimeout as pause } from 'node:timers/promises';
import { usedMemory } from './card.ts';

const intervalMs = 250;

/**
 * Runs a task and watches how the memory in use on the cards grows meanwhile.
 * @returns beside the task's result the largest growth on any card, bytes; undefined where the driver does not say. What
 *   other programs take meanwhile counts as well: drivers do not list processes of other containers
 */
export async function watchCardMemory<T>(task: () => Promise<T>): Promise<{ result: T; growth: number | undefined }> {
  const before = await usedMemory();
  let growth: number | undefined;
  const look = async () => {
    for (const [card, used] of (await usedMemory()).entries()) {
      const start = before[card];
      if (used !== undefined && start !== undefined) growth = Math.max(growth ?? 0, used - start);
    }
  };
  const ended = new AbortController();
  const watch = async () => {
    while (!ended.signal.aborted) {
      await look();
      await pause(intervalMs, undefined, { signal: ended.signal }).catch(() => undefined);
    }
  };
  const watching = watch();
  try {
    const result = await task();
    ended.abort();
    await watching;
    return { result, growth };
  } finally {
    ended.abort();
  }
}
