import type { TakenLease } from '../../jobs/contour-leases.ts';
import type { PreparedRemoteOrder } from './remote-orders.ts';

/** Name under which a worker speaks of its lease. */
export const leaseIdPattern = /^[0-9a-f]{16}-\d+-[0-9a-f]{16}-(?:\d+|pictures)\.[0-9a-f]{32}$/;

/** What a worker does before anything was computed: an order that ends here is given back, and no try is counted. */
export const stageOfImages = 'images';

export interface HeldLease extends PreparedRemoteOrder {
  readonly id: string;
  readonly lease: TakenLease;
  /** Name of its token or certificate. */
  readonly worker: string;
  stage: string;
  /** Milliseconds: when the stage of the images, or what follows it, began. */
  since: number;
  renewedAt: number;
  expiry: NodeJS.Timeout | undefined;
  writing: Promise<void> | undefined;
}
