import { readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Places at which a test has a process die as `kill -9` would have it, in the order in which a CT passes them.
 * docs/reliability.md says what is tried there.
 */
export const faultPoints = {
  // the node
  'image-written': 'an image lies in incoming/ and is not flushed',
  'image-flushed': 'it is flushed and has no name in its series',
  'image-named': 'it has its name; its folder is not flushed, the tables do not know it',
  'image-recorded': 'it is kept; the sender has no answer',
  'event-appended': 'a line is in the journal, not in the tables',
  'ahead-manifest-written': 'a series is quiet and not complete yet; its manifest ahead is written, no order',
  'ahead-order-written': 'the order ahead is written; its job is not in the queue',
  'ahead-taken-back': 'more images came and the order ahead is gone; its job is still in the queue',
  'revision-written': 'the manifest is written, not recorded',
  'order-written': 'an order is written, not recorded',
  'contour-try-recorded': 'a try is counted; its job is not in the queue',
  'result-seen': 'the result was read, not recorded',
  'deliver-try-recorded': 'a delivery is counted; its job is not in the queue',
  'delivery-seen': 'how a delivery ended was read, not recorded',
  'compare-try-recorded': 'a comparison is counted; its job is not in the queue',
  'comparison-seen': 'what came of a comparison was read, not recorded',
  // the worker
  'contour-job-taken': 'a worker has the job, no engine has it',
  'contour-job-done': 'the engine is done, the queue does not know it',
  'delivery-begun': 'a delivery is marked as begun; nothing was sent',
  'delivery-answered': 'the TPS has answered; nothing is written down',
  'delivery-written': 'what came of it is written down; the queue does not know it',
  // the comparing process
  'comparison-made': 'the contours are written, no result',
  // the engine process
  contouring: 'an engine has the order; nothing is drawn',
  'structure-set-written': 'the structure set is written, no result',
  'result-written': 'the result is written, no picture; the worker does not know it',
} as const;
export type FaultPoint = keyof typeof faultPoints;

/**
 * Folder in which a test arms points: a file with a point's name holds how often a process dies there; `POINT.KEY` counts
 * for the series with this key alone.
 */
const armed = process.env['CONTOUR_NODE_FAULT_POINTS'];

/** Ends this process without a word where a test has armed the point; else does nothing. */
export function faultPoint(point: FaultPoint, series?: string): void {
  if (armed === undefined) return;
  die(join(armed, point));
  if (series !== undefined) die(join(armed, `${point}.${series}`));
}

function die(file: string): void {
  let times: number;
  try {
    times = Number(readFileSync(file, 'utf8'));
  } catch {
    return;
  }
  if (times > 1) writeFileSync(file, String(times - 1));
  else unlinkSync(file);
  process.kill(process.pid, 'SIGKILL');
}
