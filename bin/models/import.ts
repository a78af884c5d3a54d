import { ContourNodeError } from '../../src/errors.ts';
import { importModel as importBundle } from '../../worker/bundles/import-model.ts';
import type { ModelsOptions } from './options.ts';
import { checkOutputs } from '../shared/new-output.ts';

export async function importModel(names: readonly string[], values: ModelsOptions): Promise<void> {
  const { about, out, json, force } = values;
  const [source, ...more] = names;
  if (source === undefined || more.length > 0 || out === undefined) {
    throw new ContourNodeError('USAGE', 'models import takes an nnU-Net folder or an ONNX file, and --out DIR');
  }
  await checkOutputs({ out }, force);
  const { manifest, directory, digest } = await importBundle(source, out, {
    about,
    propose: values.yes,
    configuration: values.configuration,
    folds: values.folds?.split(',').map((fold) => fold.trim()),
  });
  const { name, version } = manifest;
  if (json) {
    console.log(JSON.stringify({ directory, name, version, digest }, undefined, 2));
    return;
  }
  console.log(`${directory}: ${name} ${version}, ${manifest.rois.map((roi) => roi.name).join(', ')}`);
  if (!('volume' in manifest)) return;
  const { folds, axes, mirroring } = manifest.volume;
  const how = mirroring ? 'with' : 'without';
  console.log(
    `folds ${folds.join(', ')}, ${how} mirroring; the training images are taken to run ${axes.join(', ')}: contour a known patient and look whether left is left`,
  );
}
