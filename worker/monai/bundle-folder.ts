import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseYaml } from '../../src/config/parse-yaml.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { unsupported } from '../nnunet/parse-part.ts';
import { BundleConfig } from './bundle-config.ts';
import { readMetadata, type Metadata } from './metadata.ts';
import { readPostprocessing, type Postprocessing } from './postprocessing.ts';
import { readPreprocessing, type Preprocessing } from './preprocessing.ts';
import { readSlidingWindow, type SlidingWindow } from './sliding-window.ts';

/** A MONAI bundle (monai.readthedocs.io, "MONAI Bundle Specification") as far as inference needs it. */
export interface MonaiBundle {
  /** Name of its folder. */
  readonly folder: string;
  readonly metadata: Metadata;
  readonly preprocessing: Preprocessing;
  readonly window: SlidingWindow;
  readonly postprocessing: Postprocessing;
  /** Path of the network. */
  readonly onnx: string;
}

const metadataFile = 'configs/metadata.json';
const inferenceFiles = ['configs/inference.json', 'configs/inference.yaml', 'configs/inference.yml'];

/** Whether a folder is a MONAI bundle, whole or not. */
export function isMonaiBundle(folder: string): boolean {
  return [metadataFile, ...inferenceFiles].some((file) => existsSync(join(folder, file)));
}

/**
 * @throws ContourNodeError PATH_NOT_FOUND (a file is missing), MODEL_NOT_SUPPORTED naming what this node does not do
 */
export async function readMonaiBundle(folder: string): Promise<MonaiBundle> {
  const metadata = readMetadata(await readConfig(folder, metadataFile));
  const inference = inferenceFiles.find((file) => existsSync(join(folder, file)));
  if (inference === undefined) {
    throw new ContourNodeError('PATH_NOT_FOUND', `${basename(folder)} has no ${inferenceFiles[0]}`, {
      remedy: 'copy the whole bundle: it says what is done to a CT before and behind the network',
    });
  }
  const config = new BundleConfig(await readConfig(folder, inference), basename(inference));
  return {
    folder: basename(folder),
    metadata,
    preprocessing: readPreprocessing(config.transforms('preprocessing'), metadata.image),
    window: readSlidingWindow(config.component('inferer')),
    postprocessing: readPostprocessing(config.transforms('postprocessing'), metadata.output),
    onnx: await onnxOf(folder, inference),
  };
}

async function readConfig(folder: string, file: string): Promise<unknown> {
  const text = await readFile(join(folder, file), 'utf8').catch((cause: unknown) => {
    throw new ContourNodeError('PATH_NOT_FOUND', `${basename(folder)} has no ${file}`, {
      cause,
      remedy:
        'give the folder of a whole MONAI bundle: configs/metadata.json, configs/inference.json, models/model.onnx',
    });
  });
  // JSON is YAML too.
  const { value, fault } = parseYaml(text);
  if (fault === undefined) return value;
  throw unsupported(`${file}, line ${fault.line}: ${fault.message}`);
}

async function onnxOf(folder: string, inference: string): Promise<string> {
  const files = await readdir(join(folder, 'models')).catch((): string[] => []);
  const found = files.filter((file) => file.endsWith('.onnx'));
  const file = found.includes('model.onnx') ? 'model.onnx' : found[0];
  if (file !== undefined && (found.length === 1 || file === 'model.onnx')) return join(folder, 'models', file);
  if (file !== undefined)
    throw unsupported(`models holds several ONNX files: ${found.toSorted().join(', ')}`, 'call one of them model.onnx');
  const weights = files.find((name) => /\.(pt|pth|ts)$/.test(name));
  throw new ContourNodeError(
    'PATH_NOT_FOUND',
    `${basename(folder)} has no models/model.onnx${weights === undefined ? '' : `, only models/${weights}`}`,
    {
      remedy: `export it where MONAI is installed, in the folder: python -m monai.bundle onnx_export --net_id network_def --filepath models/model.onnx --ckpt_file models/model.pt --meta_file ${metadataFile} --config_file ${inference}`,
    },
  );
}
