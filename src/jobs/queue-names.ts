import type { ContourPayload, DeliverPayload } from './work-order.ts';

/** Series to be drawn. */
export const contourQueue = 'contour';

/** Structure sets for one destination: one that hangs holds up no other. */
export function deliverQueue(destination: string): string {
  return `deliver-${destination}`;
}

/** Fixed by the payload, so that the same try is never in the queue twice; BullMQ allows no colon. */
export function contourJobId(payload: ContourPayload): string {
  return [payload.series, payload.revision, payload.order, payload.try].join('-');
}

export function deliverJobId(payload: DeliverPayload): string {
  return [payload.series, payload.revision, payload.order, payload.profile, payload.destination, payload.try].join('-');
}
