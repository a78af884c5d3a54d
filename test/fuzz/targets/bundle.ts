import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readBundle, verifyDigests } from '../../../src/bundles/read-bundle.ts';
import { decodeTensors, encodeTensors } from '../../../worker/networks/tensor-file.ts';
import { temporaryFolder } from '../../dimse/running-scp.ts';
import { checkout } from '../../support/run-program.ts';
import { catalogued, type OpenTarget } from '../target.ts';

/** The manifest of a bundle, and a file of weights. */
export const open: OpenTarget = async (cleanup) => {
  const folder = await temporaryFolder(cleanup);
  const manifest = await readFile(`${checkout}models/phantom-gtvp/bundle.json`);
  const weights = encodeTensors(
    new Map([
      ['first/kernel', Float32Array.from({ length: 24 }, (_, i) => i / 7)],
      ['first/bias', new Float32Array(3)],
    ]),
    { shapes: new Map([['first/kernel', [2, 4, 3]]]), metadata: { family: 'unet' } },
  );
  return {
    samples: [manifest, weights],
    async feed(input) {
      await writeFile(join(folder, 'bundle.json'), input);
      await catalogued(async () => verifyDigests(await readBundle(folder)));
      await catalogued(() => decodeTensors(input, 'weights'));
    },
  };
};
