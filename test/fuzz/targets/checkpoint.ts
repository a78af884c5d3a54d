import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openCheckpoint } from '../../../worker/nnunet/checkpoint.ts';
import { FoldWeights } from '../../../worker/nnunet/fold-weights.ts';
import { temporaryFolder } from '../../dimse/running-scp.ts';
import { torchCheckpoint } from '../../support/torch-checkpoint.ts';
import { catalogued, type OpenTarget } from '../target.ts';

/** A checkpoint of an nnU-Net from another place (`models import`), read with all its weights. */
export const open: OpenTarget = async (cleanup) => {
  const path = join(await temporaryFolder(cleanup), 'checkpoint_final.pth');
  const values = Float32Array.from({ length: 6 }, (_, n) => n);
  const checkpoint = torchCheckpoint({
    weights: new Map([['encoder.conv.weight', { shape: [2, 3], values }]]),
    aliases: new Map([['encoder.all_modules.0.weight', 'encoder.conv.weight']]),
    initArgs: { configuration: '3d_fullres', plans: { spacing: [3, 1.5, 1.5], reader: null } },
    mirrorAxes: [0, 1, 2],
  });
  return {
    samples: [checkpoint],
    async feed(input) {
      await writeFile(path, input);
      await catalogued(async () => {
        const opened = await openCheckpoint(path, 'fold_0');
        try {
          await FoldWeights.read(opened);
        } finally {
          await opened.close();
        }
      });
    },
  };
};
