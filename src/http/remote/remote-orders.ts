import type { ContourPayload } from '../../work/payloads.ts';
import type { RemoteOrder } from '../../work/remote-order.ts';
import type { WorkResult } from '../../work/work-result.ts';

/** An order that may leave the node. */
export interface PreparedRemoteOrder {
  readonly order: RemoteOrder;
  /**
   * The file of a slice, without anything that names a patient; always the same bytes.
   * @param index from 0: the CT in the order of its geometry, then each input in that of its own
   * @throws ContourNodeError PIXEL_DECODING, DICOM_UNREADABLE
   */
  slice(index: number): Promise<Buffer>;
}

/** What the node does with an order for a worker on another machine; it needs the code of the worker, which src/ does not know. */
export interface RemoteOrders {
  /**
   * @returns undefined where no worker is needed: `write` finishes the order
   * @throws ContourNodeError DATA_DIRECTORY, MODEL_NOT_FOUND, BUNDLE_*
   */
  prepare(payload: ContourPayload): Promise<PreparedRemoteOrder | undefined>;
  /**
   * Writes structure sets, result and pictures of an order.
   * @param file what the worker returned (src/work/remote-contours.ts); undefined where none is needed
   * @param onResult called once, when the result is on disk; pictures follow
   * @throws ContourNodeError REMOTE_RESULT, REMOTE_VERSION, ENGINE_FAILED and what the disk has
   */
  write(
    payload: ContourPayload,
    file: string | undefined,
    options: { readonly onResult: () => void; readonly signal: AbortSignal },
  ): Promise<WorkResult['status']>;
}
