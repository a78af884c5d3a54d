import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openOnnxRuntime } from '../../../worker/engines/onnxruntime.ts';
import { temporaryFolder } from '../../dimse/running-scp.ts';
import { pointwiseNetwork } from '../../support/tiny-onnx.ts';
import { catalogued, type OpenTarget } from '../target.ts';

/** A network file that somebody brings (`models import`), opened and run on one small slice. */
export const open: OpenTarget = async (cleanup) => {
  const path = join(await temporaryFolder(cleanup), 'model.onnx');
  const graph = Buffer.from(pointwiseNetwork({ weights: [[20], [-20]], bias: [-10, 10] }));
  return {
    samples: [graph],
    async feed(input) {
      await writeFile(path, input);
      await catalogued(async () => {
        const engine = await openOnnxRuntime(path, { input: 'input', output: 'output' }, { device: 'cpu', threads: 1 });
        try {
          await engine.run(new Float32Array(64), [1, 1, 8, 8]);
        } finally {
          await engine.close();
        }
      });
    },
  };
};
