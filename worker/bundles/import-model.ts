import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Bundle } from '../../src/bundles/read-bundle.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { isMonaiBundle } from '../monai/bundle-folder.ts';
import { importMonai } from './import-monai.ts';
import { importExportedNnUnet, importNnUnet, type NnUnetImport } from './import-nnunet.ts';
import { importOnnx } from './import-onnx.ts';

/**
 * Makes a bundle of another trainer's model: of an nnU-Net results folder, of a MONAI bundle, of an ONNX file with
 * plans.json beside it, or of an ONNX file alone, which about.yaml describes.
 * @throws ContourNodeError USAGE (neither about.yaml nor proposals); as importNnUnet, importMonai, importExportedNnUnet
 *   and importOnnx
 */
export async function importModel(source: string, directory: string, options: NnUnetImport): Promise<Bundle> {
  const { about, propose } = options;
  const isFolder = (await stat(source).catch(() => undefined))?.isDirectory() === true;
  const hasPlans = !isFolder && existsSync(join(dirname(source), 'plans.json'));
  if (isFolder || hasPlans) {
    if (about === undefined && !propose) {
      throw new ContourNodeError(
        'USAGE',
        'the folder does not say names, types, intended use and licence of its labels',
        {
          remedy: 'name them with --about FILE.yaml, or take proposals with --yes',
        },
      );
    }
    if (isFolder && isMonaiBundle(source)) return importMonai(source, directory, options);
    return isFolder ? importNnUnet(source, directory, options) : importExportedNnUnet(source, directory, options);
  }
  if (about === undefined) {
    throw new ContourNodeError('USAGE', 'an ONNX file without plans.json beside it needs --about FILE.yaml');
  }
  return importOnnx(source, about, directory);
}
