import type { ComparePayload, ContourPayload, DeliverPayload } from '../work/payloads.ts';

/** Series to be contoured. */
export const contourQueue = 'contour';

/** Corrections, to be compared with the delivered structure sets. */
export const compareQueue = 'compare';

/** The kinds of jobs that a worker takes: one for the queues of all destinations. */
export const queueKinds = ['contour', 'compare', 'deliver'] as const;
export type QueueKind = (typeof queueKinds)[number];

export function queueKind(queue: string): QueueKind {
  return queue === contourQueue || queue === compareQueue ? queue : 'deliver';
}

/** Structure sets for one destination: one that hangs holds up no other. */
export function deliverQueue(destination: string): string {
  return `deliver-${destination}`;
}

/** Fixed by the payload, so that the same try is never in the queue twice; BullMQ allows no colon. */
export function contourJobId(payload: ContourPayload): string {
  return [payload.series, payload.revision, payload.order, payload.try].join('-');
}

/** Every job id begins with its series. */
export function seriesOfJob(jobId: string): string {
  return jobId.slice(0, 16);
}

/** The series and the order of a job of the queue `contour`, as one key. */
export function orderKeyOfJob(jobId: string): string {
  const [series = '', , order = ''] = jobId.split('-');
  return orderKey(series, order);
}

export function orderKey(series: string, order: string): string {
  return `${series}-${order}`;
}

export function picturesJobId(payload: ContourPayload): string {
  return [payload.series, payload.revision, payload.order, 'pictures'].join('-');
}

export function compareJobId(payload: ComparePayload): string {
  return [payload.series, payload.structureSet, payload.order, payload.try].join('-');
}

export function deliverJobId(payload: DeliverPayload): string {
  return [payload.series, payload.revision, payload.order, payload.profile, payload.destination, payload.try].join('-');
}
