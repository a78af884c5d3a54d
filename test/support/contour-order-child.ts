import { contourPayloadSchema } from '../../src/work/payloads.ts';
import { loadBundle } from '../../worker/bundles/load-bundle.ts';
import { contourOrder } from '../../worker/order/contour-order.ts';

// Contours one order and kills itself when it comes to a stage (`result`: at the end of the last one).
const [dataDirectory, payload, bundle, deadly] = process.argv.slice(2) as [string, string, string, string];
const loaded = await loadBundle(bundle, '.', { name: 'onnxruntime', device: 'cpu', threads: 1 });
await contourOrder(dataDirectory, contourPayloadSchema.parse(JSON.parse(payload)), {
  openEngine: () => Promise.resolve(loaded),
  batchSize: 8,
  progress: (stage, fraction) => {
    if (stage === deadly || (deadly === 'result' && fraction > 0.999)) process.kill(process.pid, 'SIGKILL');
  },
});
