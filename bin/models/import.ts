import { ContourNodeError } from '../../src/errors.ts';
import { importOnnx } from '../../worker/bundles/import-onnx.ts';
import type { ModelsOptions } from './options.ts';

export async function importModel(names: readonly string[], { about, out, json }: ModelsOptions): Promise<void> {
  const [onnx, ...more] = names;
  if (onnx === undefined || more.length > 0 || about === undefined || out === undefined) {
    throw new ContourNodeError('USAGE', 'models import takes one ONNX file, --about FILE.yaml and --out DIR');
  }
  const { manifest, directory, digest } = await importOnnx(onnx, about, out);
  if (json)
    console.log(JSON.stringify({ directory, name: manifest.name, version: manifest.version, digest }, undefined, 2));
  else
    console.log(
      `${directory}: ${manifest.name} ${manifest.version}, ${manifest.rois.map((roi) => roi.name).join(', ')}`,
    );
}
