import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { asContourNodeError, ContourNodeError } from '../../src/errors.ts';
import { problemFrom } from '../../src/problem.ts';
import { delayAfter, retries } from '../../src/retries.ts';
import type { ProgressReport } from '../../src/work/progress.ts';
import { sliceCount } from '../../src/work/remote-order.ts';
import { remoteOrderFile, returnedFile } from './contour-remote-order.ts';
import { fetchSlices } from './fetch-slices.ts';
import type { NodeConnection, TakenOrder } from './node-connection.ts';

export interface LeaseRun {
  readonly node: NodeConnection;
  readonly taken: TakenOrder;
  /** Made for it, and removed afterwards. */
  readonly folder: string;
  /** Contours what lies in the folder. @throws ContourNodeError ENGINE_*, BUNDLE_*, MODEL_NOT_FOUND */
  readonly contour: (folder: string, progress: (now: ProgressReport) => void) => Promise<unknown>;
  /** Aborted when the worker stops and has no more patience. */
  readonly signal: AbortSignal;
  readonly renewSeconds?: number;
}

export interface LeaseEnd {
  /** `lost`: the node has given the order to another worker; `failed`: the node counts a failed try. */
  readonly outcome: 'returned' | 'given back' | 'failed' | 'lost';
  readonly error?: ContourNodeError;
  readonly seconds: { images: number; contours: number; return: number };
}

/** What says that the network, not the order, is at fault: the order is given back, and no try is counted. */
const ofTheWay: readonly string[] = [
  'REMOTE_TRANSFER',
  'API_UNREACHABLE',
  'LOGIN_NEEDED',
  'NOT_ALLOWED',
  'REDIS_UNAVAILABLE',
];
/** The node has answered; asking again changes nothing. */
const final: readonly string[] = ['REMOTE_LEASE', 'REMOTE_RESULT', 'REMOTE_VERSION', 'RESULT_CONFLICT'];

/** One order from a node: fetches the images, contours them, and returns the contours. Never throws. */
export async function runLease(run: LeaseRun): Promise<LeaseEnd> {
  const { node, taken, folder } = run;
  const lost = new AbortController();
  const signal = AbortSignal.any([run.signal, lost.signal]);
  const seconds = { images: 0, contours: 0, return: 0 };
  let now: ProgressReport = { stage: 'images', fraction: 0 };
  const renew = async (): Promise<void> => {
    await node.progress(taken.lease, now).catch((error: unknown) => {
      // What else goes wrong may be over at the next renewal; the node waits for several.
      if (asContourNodeError(error).code === 'REMOTE_LEASE') lost.abort();
    });
  };
  const renewal = setInterval(() => void renew(), (run.renewSeconds ?? 10) * 1000);
  const timed = async (what: keyof typeof seconds, work: () => Promise<unknown>): Promise<void> => {
    const started = performance.now();
    await work().finally(() => (seconds[what] = (performance.now() - started) / 1000));
    signal.throwIfAborted();
  };
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, remoteOrderFile), JSON.stringify(taken.order));
    const count = sliceCount(taken.order);
    await timed('images', () =>
      fetchSlices(node, {
        lease: taken.lease,
        count,
        folder,
        signal,
        onSlice: (done) => (now = { stage: 'images', fraction: (0.1 * done) / count }),
      }),
    );
    // At once: from here on an order that ends without a result counts as a try.
    now = { stage: 'volume', fraction: 0 };
    void renew();
    await timed('contours', () => run.contour(folder, (report) => (now = report)));
    const contours = await readFile(join(folder, returnedFile));
    await timed('return', () => returnContours(node, taken.lease, contours, signal));
    return { outcome: 'returned', seconds };
  } catch (error) {
    return { ...(await ended(run, asContourNodeError(error), lost.signal.aborted)), seconds };
  } finally {
    clearInterval(renewal);
    await rm(folder, { recursive: true, force: true });
  }
}

/** Tells the node, as far as it can be told: a lease of which nothing is heard ends by itself. */
async function ended(
  { node, taken, signal }: LeaseRun,
  error: ContourNodeError,
  lost: boolean,
): Promise<Pick<LeaseEnd, 'outcome' | 'error'>> {
  // The node ends the try itself when it refuses what came.
  if (lost || error.code === 'REMOTE_LEASE') return { outcome: 'lost', error };
  if (final.includes(error.code)) return { outcome: 'failed', error };
  const isGivenBack = signal.aborted || ofTheWay.includes(error.code);
  const told = isGivenBack ? node.giveBack(taken.lease) : node.fail(taken.lease, problemFrom(error));
  await told.catch(() => undefined);
  return { outcome: isGivenBack ? 'given back' : 'failed', error };
}

/** Until they are there: the same contours for the same lease are written once. */
async function returnContours(
  node: NodeConnection,
  lease: string,
  contours: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  const started = Date.now();
  for (let failures = 1; ; failures += 1) {
    try {
      return await node.returnContours(lease, contours, signal);
    } catch (error) {
      const known = asContourNodeError(error);
      if (signal.aborted || final.includes(known.code)) throw error;
      if ((Date.now() - started) / 1000 > retries.remoteTransfer.giveUpSeconds) {
        throw new ContourNodeError('REMOTE_TRANSFER', `the contours did not get to ${node.name}: ${known.message}`, {
          cause: error,
        });
      }
      await sleep(delayAfter(failures, retries.remoteTransfer), undefined, { signal });
    }
  }
}
