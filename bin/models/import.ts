import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ContourNodeError } from '../../src/errors.ts';
import { importExportedNnUnet, importNnUnet } from '../../worker/bundles/import-nnunet.ts';
import { importOnnx } from '../../worker/bundles/import-onnx.ts';
import type { ModelsOptions } from './options.ts';

export async function importModel(names: readonly string[], values: ModelsOptions): Promise<void> {
  const { about, out, json } = values;
  const [source, ...more] = names;
  const folder = source !== undefined && (await stat(source).catch(() => undefined))?.isDirectory() === true;
  const planned = source !== undefined && !folder && existsSync(join(dirname(source), 'plans.json'));
  if (source === undefined || more.length > 0 || out === undefined || (about === undefined && !folder && !planned)) {
    throw new ContourNodeError('USAGE', 'models import takes an nnU-Net folder or an ONNX file, --about FILE.yaml and --out DIR');
  }
  if ((folder || planned) && about === undefined && !values.yes) {
    throw new ContourNodeError('USAGE', 'the folder does not say names, types, intended use and licence of what it finds', {
      remedy: 'say them with --about FILE.yaml, or take proposals with --yes',
    });
  }
  const choice = {
    about,
    propose: values.yes,
    configuration: values.configuration,
    folds: values.folds?.split(',').map((fold) => fold.trim()),
  };
  const { manifest, directory, digest } = folder
    ? await importNnUnet(source, out, choice)
    : planned
      ? await importExportedNnUnet(source, out, choice)
      : await importOnnx(source, about!, out);
  const { name, version } = manifest;
  if (json) {
    console.log(JSON.stringify({ directory, name, version, digest }, undefined, 2));
    return;
  }
  console.log(`${directory}: ${name} ${version}, ${manifest.rois.map((roi) => roi.name).join(', ')}`);
  if (!('volume' in manifest)) return;
  const { folds, axes, mirroring } = manifest.volume;
  console.log(
    `folds ${folds.join(', ')}, ${mirroring ? 'with' : 'without'} mirroring; the training images are taken to run ${axes.join(', ')}: contour a known patient and look whether left is left`,
  );
}
