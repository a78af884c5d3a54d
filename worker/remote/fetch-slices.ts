import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { asContourNodeError, ContourNodeError } from '../../src/errors.ts';
import { delayAfter, retries } from '../../src/retries.ts';
import { slicesFrom } from '../../src/work/slice-frame.ts';
import { sliceFile } from './contour-remote-order.ts';
import type { NodeConnection } from './node-connection.ts';

export interface FetchOptions {
  readonly lease: string;
  readonly count: number;
  readonly folder: string;
  readonly signal: AbortSignal;
  /** Called after each slice with the number that is there. */
  readonly onSlice: (done: number) => void;
  /** A connection on which nothing comes for so long is given up. */
  readonly idleSeconds?: number;
  /** Given up after so long without a further slice. */
  readonly patienceSeconds?: number;
}

/** Of a slice with its header; the largest that the node takes by default are smaller. */
const longestSlice = 256 * 1024 * 1024;

/**
 * Fetches the slices of an order into a folder. A connection that breaks, or a slice with a wrong digest, costs that slice: the
 * rest is asked for again. Where a connection brings not a single slice, fewer are asked for at once, so that they come through
 * a proxy that passes nothing on before it has everything.
 * @throws ContourNodeError REMOTE_LEASE; REMOTE_TRANSFER it did not get on for patienceSeconds; NOT_ALLOWED, LOGIN_NEEDED
 */
export async function fetchSlices(node: NodeConnection, options: FetchOptions): Promise<void> {
  const {
    lease,
    count,
    folder,
    signal,
    onSlice,
    idleSeconds = 60,
    patienceSeconds = retries.remoteTransfer.giveUpSeconds,
  } = options;
  let have = 0;
  let atOnce = count;
  let failures = 0;
  let lastAt = Date.now();
  while (have < count) {
    const before = have;
    try {
      const asked = await node.images(lease, have, Math.min(count, have + atOnce) - 1, { idleSeconds, signal });
      let index = asked.first;
      if (index > have) throw new Error(`slice ${index + 1} instead of ${have + 1}`);
      for await (const slice of slicesFrom(asked.stream, longestSlice)) {
        if (index === have) {
          await writeFile(join(folder, sliceFile(index)), slice);
          have += 1;
          lastAt = Date.now();
          onSlice(have);
        }
        index += 1;
      }
    } catch (error) {
      const known = asContourNodeError(error);
      if (signal.aborted) throw error;
      if (known.code === 'REMOTE_LEASE') throw known;
      if ((Date.now() - lastAt) / 1000 > patienceSeconds) {
        throw new ContourNodeError(
          'REMOTE_TRANSFER',
          `${have} of ${count} slices came from ${node.name}, then none for ${patienceSeconds} s: ${known.message}`,
          { cause: error },
        );
      }
    }
    if (have > before) {
      failures = 0;
      continue;
    }
    atOnce = Math.max(1, Math.ceil(atOnce / 4));
    failures += 1;
    await sleep(delayAfter(failures, retries.remoteTransfer), undefined, { signal });
  }
}
