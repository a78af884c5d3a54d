import { resolve } from 'node:path';
import type { Config } from '../../src/config/schema.ts';
import type { PreparedOrder } from './prepare-remote-order.ts';
import { prepareRemoteOrder } from './prepare-remote-order.ts';
import { runWriter, type WriterOptions } from './writer-process.ts';
import type { WriteTask } from './writer-messages.ts';
import type { WorkResult } from '../../src/work/work-result.ts';

/** What the node needs of the worker's code to serve workers on other machines: src/http/remote/remote-orders.ts says what each does. */
export interface OrdersForRemoteWorkers {
  prepare(payload: WriteTask['payload']): Promise<PreparedOrder | undefined>;
  write(
    payload: WriteTask['payload'],
    file: string | undefined,
    options: Pick<WriterOptions, 'onResult' | 'signal'>,
  ): Promise<WorkResult['status']>;
}

export function ordersForRemoteWorkers({ dataDirectory, models, worker }: Config): OrdersForRemoteWorkers {
  const directories = { dataDirectory: resolve(dataDirectory), modelsDirectory: models.directory };
  return {
    prepare: (payload) => prepareRemoteOrder(directories, payload),
    write: (payload, file, options) =>
      runWriter(
        { ...directories, payload, ...(file !== undefined && { file }) },
        { ...options, limitMinutes: worker.timeoutMinutes },
      ),
  };
}
