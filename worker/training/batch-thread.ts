import { parentPort, workerData } from 'node:worker_threads';
import { BatchSampler, type SamplerPlan } from './sample-batch.ts';

/** Worker thread of `batch-loader.ts`: gets batch numbers, posts the batches. */
const sampler = new BatchSampler(workerData as SamplerPlan);

parentPort?.on('message', (n: number) => {
  const batch = sampler.training(n);
  parentPort?.postMessage({ n, batch }, [batch.input.buffer, batch.target.buffer, batch.known.buffer] as ArrayBuffer[]);
});
