import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { listBundles, readBundle } from '../src/bundles/read-bundle.ts';
import { loadConfig } from '../src/config/load.ts';
import type { Config } from '../src/config/schema.ts';
import { asContourNodeError, ContourNodeError } from '../src/errors.ts';
import { checkGolden } from '../worker/bundles/golden.ts';
import { importOnnx } from '../worker/bundles/import-onnx.ts';
import { openBundle } from '../worker/bundles/open-bundle.ts';
import { openEngine } from '../worker/engines/open-engine.ts';

export const summary = 'list, verify, export and import model bundles';

export const help = `usage: contour-node models list|verify|export|import ... [--config FILE] [--json]

  list                        bundles in models.directory: version, intended use, ROIs
  verify [NAME...]            digests and golden output of each (default: all) on the configured engine
         [--engine E] [--device D]
  export NAME --out F.onnx    the ONNX file, verified
  import F.onnx --config D.yaml --out DIR
                              a bundle of somebody else's ONNX file; D.yaml describes input, output and ROIs

examples:
  contour-node models list
  contour-node models verify --engine tensorflow
  contour-node models export openkbp-head-neck --out head-neck.onnx
  contour-node models import their.onnx --config their.yaml --out models/theirs

their.yaml:
  name: theirs
  version: 1.0.0
  description: brainstem, by our department
  input: { spacingMm: 1, sliceSpacingMm: null, size: [256, 256], centre: body, neighbours: 0,
           windows: [{ low: -160, high: 240 }], layout: nchw, tensor: image }
  output: { activation: logit, layout: nchw, tensor: logits }
  rois: [{ name: Brainstem, interpretedType: ORGAN, colour: [0, 128, 255] }]
  intendedUse: research
  applicability: { sliceSpacingMm: [1, 5] }
  licence: ours`;

const options = {
  engine: { type: 'string' },
  device: { type: 'string' },
  config: { type: 'string' },
  out: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

interface Values {
  readonly engine?: string | undefined;
  readonly device?: string | undefined;
  readonly config?: string | undefined;
  readonly out?: string | undefined;
  readonly json: boolean;
}

export async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options });
  const [action, ...names] = positionals;
  if (action === 'import') return importModel(names, values);
  const { config } = await loadConfig(values.config);
  if (action === 'list' && names.length === 0) return list(config, values);
  if (action === 'verify') return verify(config, names, values);
  if (action === 'export') return exportModel(config, names, values);
  throw new ContourNodeError(
    'USAGE',
    action === undefined ? 'models needs list, verify, export or import' : `models ${positionals.join(' ')}`,
  );
}

async function list({ models }: Config, values: Values): Promise<void> {
  const found: object[] = [];
  for (const folder of await listBundles(models.directory)) {
    try {
      const { manifest, digest } = await readBundle(join(models.directory, folder));
      const { name, version, intendedUse, description } = manifest;
      const rois = manifest.rois.map((roi) => roi.name);
      found.push({ folder, name, version, intendedUse, description, rois, digest });
      if (!values.json)
        console.log(`${folder.padEnd(24)} ${version.padEnd(8)} ${intendedUse.padEnd(14)} ${rois.join(', ')}`);
    } catch (error) {
      const { code, message } = asContourNodeError(error);
      found.push({ folder, error: { code, message } });
      if (!values.json) console.log(`${folder.padEnd(24)} ${code}: ${message}`);
    }
  }
  if (values.json) console.log(JSON.stringify(found, undefined, 2));
  else if (found.length === 0) console.log(`no bundle in ${models.directory}`);
}

async function verify({ models, engine }: Config, names: readonly string[], values: Values): Promise<void> {
  const choice = { ...engine, name: values.engine ?? engine.name, device: values.device ?? engine.device };
  const results: { name: string; ok: boolean; largestDifference?: number; device?: string; error?: object }[] = [];
  for (const name of names.length > 0 ? names : await listBundles(models.directory)) {
    try {
      const bundle = await openBundle(name, models.directory);
      const opened = await openEngine(bundle, choice);
      try {
        const largestDifference = await checkGolden(bundle, opened);
        results.push({ name, ok: true, largestDifference, device: opened.device });
        if (!values.json)
          console.log(
            `ok      ${name}: digests, golden output on ${opened.name} (${opened.device}) within ${largestDifference.toExponential(1)}`,
          );
      } finally {
        await opened.close();
      }
    } catch (error) {
      const { code, message, remedy } = asContourNodeError(error);
      results.push({ name, ok: false, error: { code, message, remedy } });
      if (!values.json) console.log(`failed  ${name}: ${code}: ${message} (${remedy})`);
    }
  }
  if (values.json) console.log(JSON.stringify(results, undefined, 2));
  else if (results.length === 0) console.log(`no bundle in ${models.directory}`);
  if (results.some(({ ok }) => !ok)) process.exitCode = 1;
}

async function exportModel({ models }: Config, names: readonly string[], { out, json }: Values): Promise<void> {
  const [name, ...more] = names;
  if (name === undefined || more.length > 0 || out === undefined)
    throw new ContourNodeError('USAGE', 'models export takes one bundle and --out F.onnx');
  const bundle = await openBundle(name, models.directory);
  await copyFile(join(bundle.directory, bundle.manifest.files.model.path), out).catch((cause: unknown) => {
    throw new ContourNodeError('PATH_NOT_FOUND', `${out} cannot be written`, { cause });
  });
  const { version, files, input, output } = bundle.manifest;
  if (json)
    console.log(JSON.stringify({ out, name, version, sha256: files.model.sha256, input, output }, undefined, 2));
  else console.log(`${out}: ${name} ${version}, input ${input.tensor}, output ${output.tensor}`);
}

async function importModel(names: readonly string[], { config, out, json }: Values): Promise<void> {
  const [onnx, ...more] = names;
  if (onnx === undefined || more.length > 0 || config === undefined || out === undefined) {
    throw new ContourNodeError('USAGE', 'models import takes one ONNX file, --config D.yaml and --out DIR');
  }
  const { manifest, directory, digest } = await importOnnx(onnx, config, out);
  if (json)
    console.log(JSON.stringify({ directory, name: manifest.name, version: manifest.version, digest }, undefined, 2));
  else
    console.log(
      `${directory}: ${manifest.name} ${manifest.version}, ${manifest.rois.map((roi) => roi.name).join(', ')}`,
    );
}
