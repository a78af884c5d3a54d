import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { z } from 'zod';
import {
  manifestSchemaOf,
  type BundleManifest,
  type SliceManifest,
  type sliceManifestSchema,
  type volumeManifestSchema,
} from '../../src/bundles/manifest.ts';
import { readBundle, type Bundle } from '../../src/bundles/read-bundle.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { inWords, issueLine } from '../../src/schema-words.ts';
import { orDiskFull } from '../../src/disk-full.ts';
import { everyNth } from './golden.ts';
import { goldenPatch, type Golden } from './golden-patch.ts';
import { putFile } from './put-file.ts';
import { replaceFolder } from './replace-folder.ts';
import { infer } from '../inference/infer.ts';
import { turn } from '../inference/model-axes.ts';
import { openOnnxRuntime } from '../engines/onnxruntime.ts';
import { imageCentre, inputShape, networkGrid, toNetworkHu, writeNetworkInput } from '../volume/preprocess.ts';
import { noData } from '../volume/modality-on-grid.ts';
import type { Volume } from '../volume/volume.ts';

/** A manifest without what is computed from the files. */
export type BundleDescription = Omit<z.input<typeof sliceManifestSchema>, 'formatVersion' | 'files'>;
export type VolumeDescription = Omit<z.input<typeof volumeManifestSchema>, 'formatVersion' | 'files'>;

export interface BundleContents {
  /** The ONNX file. */
  readonly model: Uint8Array;
  /** The trainer's weights (worker/networks/tensor-file.ts), for the engine `tensorflow` and for training on. */
  readonly weights?: Uint8Array;
  /** Largest allowed difference from the golden output. */
  readonly tolerance?: number;
  /** Size of the golden patch of a volume model, where the graph takes another than the model's own. */
  readonly goldenSize?: readonly number[];
}

/** Values of a golden output that a bundle keeps, about: a patch of a hundred classes has half a gigabyte. */
const goldenValues = 200_000;

/**
 * Each so many-th value of a golden output is kept: a number that has no divisor in common with the length of an axis, so that
 * values of every class, row and column are among them.
 */
export function thinning(shape: readonly number[]): number {
  let every = Math.max(1, Math.floor(shape.reduce((a, b) => a * b, 1) / goldenValues));
  while (shape.some((length) => commonDivisor(length, every) > 1)) every += 1;
  return every;
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}

/**
 * Writes a bundle folder: the files, a golden input (generated) with the output that onnxruntime gives for it on the
 * CPU, their digests, and bundle.json. The folder appears as a whole or not at all.
 * @throws ContourNodeError BUNDLE_INVALID (the description does not match the schema or the graph),
 *   USAGE (the folder exists and is no bundle), ENGINE_FAILED, DISK_FULL
 */
export async function writeBundle(
  directory: string,
  description: BundleDescription | VolumeDescription,
  contents: BundleContents,
): Promise<Bundle> {
  const target = resolve(directory);
  if (existsSync(target) && !existsSync(join(target, 'bundle.json'))) {
    throw new ContourNodeError('USAGE', `${directory} exists and is no bundle`, { remedy: 'give a new folder' });
  }
  const remedy = 'free space and write the bundle again; the earlier one is kept';
  await orDiskFull('no space for the bundle', remedy, () => writeFolder(target, description, contents));
  return readBundle(target);
}

async function writeFolder(
  target: string,
  description: BundleDescription | VolumeDescription,
  contents: BundleContents,
): Promise<void> {
  await replaceFolder(target, async (draft) => {
    const put = (path: string, bytes: Uint8Array) => putFile(draft, path, bytes);
    const model = await put('model.onnx', contents.model);
    const weights = contents.weights === undefined ? undefined : await put('weights.safetensors', contents.weights);
    const unknown = { path: '-', sha256: '0'.repeat(64), shape: [1] };
    const complete = (golden: object) =>
      parse({
        formatVersion: 1,
        ...description,
        files: { model, golden, ...(weights === undefined ? {} : { weights }) },
      });
    const manifest = complete({ input: unknown, output: unknown, tolerance: contents.tolerance ?? 1e-3 });

    const path = join(draft, 'model.onnx');
    const golden =
      'volume' in manifest
        ? await goldenPatch(path, manifest, contents.goldenSize ?? manifest.volume.patch)
        : await goldenSlice(path, manifest);
    const every = thinning(golden.outputShape);
    const input = { ...(await put('golden-input.f32', bytesOf(golden.input))), shape: golden.inputShape };
    const output = {
      ...(await put('golden-output.f32', bytesOf(everyNth(golden.output, every)))),
      shape: golden.outputShape,
      every,
    };
    const final = complete({ input, output, tolerance: manifest.files.golden.tolerance });
    await writeFile(join(draft, 'bundle.json'), `${JSON.stringify(final, null, 2)}\n`);
  });
}

function parse(manifest: unknown): BundleManifest {
  const parsed = manifestSchemaOf(manifest).safeParse(manifest, inWords);
  if (parsed.success) return parsed.data;
  throw new ContourNodeError(
    'BUNDLE_INVALID',
    parsed.error.issues.map((issue) => issueLine(issue, 'the bundle')).join('; '),
    {
      remedy: 'correct the description of the bundle',
    },
  );
}

/** Runs one slice, or one patch along the slices, as inference does, which also checks that graph and manifest fit. */
async function goldenSlice(model: string, manifest: SliceManifest): Promise<Golden> {
  const { input, output } = manifest;
  const engine = await openOnnxRuntime(
    model,
    { input: input.tensor, output: output.tensor },
    { device: 'cpu', threads: 0 },
  );
  try {
    const slices = input.patch?.slices ?? 1;
    const scene = goldenScene(input.size, input.spacingMm, Math.max(2, slices));
    const asScanned = { ...input, sliceSpacingMm: null };
    const ct = toNetworkHu(scene, networkGrid(scene.grid, imageCentre(scene.grid), asScanned), asScanned);
    const network = { ...ct, modalities: (input.modalities ?? []).map(() => goldenModality(ct)) };
    await infer(engine, network, manifest, { batchSize: network.grid.size[2] });
    const shape = inputShape(input, 1);
    const tensor = new Float32Array(shape.reduce((a, b) => a * b, 1));
    for (let k = 0; k < slices; k += 1) writeNetworkInput(network, k, input, tensor, (k * tensor.length) / slices);
    const seen =
      input.patch !== undefined
        ? { data: tensor, shape }
        : turn({ data: tensor, shape }, input.layout, input.axes, 'to the model');
    const result = await engine.run(seen.data, seen.shape);
    return { input: seen.data, inputShape: [...seen.shape], output: result.data, outputShape: [...result.shape] };
  } finally {
    await engine.close();
  }
}

/**
 * Slices of a made-up head on the network's own grid: an ellipse of soft tissue in air with a ring of bone, an
 * airway, a few discs between -100 and 200 HU and noise, so that a trained network answers with more than zeros.
 */
function goldenScene([width, height]: readonly [number, number], spacing: number, slices: number): Volume {
  const hu = new Int16Array(width * height * slices);
  let state = 12345;
  // Numerical Recipes' linear congruential generator: the same numbers on every machine.
  const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  const radius = Math.min(85, width * spacing * 0.45, height * spacing * 0.45);
  const discs = Array.from({ length: 12 }, () => ({
    x: (random() - 0.5) * 1.2 * radius,
    y: (random() - 0.5) * 1.2 * radius,
    r: (0.05 + 0.12 * random()) * radius,
    hu: -100 + 300 * random(),
  }));
  for (let v = 0; v < hu.length; v += 1) {
    const x = ((v % width) - (width - 1) / 2) * spacing;
    const y = ((Math.trunc(v / width) % height) - (height - 1) / 2) * spacing;
    const distance = Math.hypot(x, y * 0.9) / radius;
    let value = distance < 1 ? 40 : -1000;
    for (const disc of discs) if (distance < 1 && Math.hypot(x - disc.x, y - disc.y) < disc.r) value = disc.hu;
    if (distance > 0.8 && distance < 0.86 && y > -0.4 * radius) value = 900;
    if (Math.hypot(x, y + 0.35 * radius) < 0.12 * radius) value = -950;
    hu[v] = Math.round(value + (random() + random() + random() - 1.5) * 30);
  }
  const origin = [(-(width - 1) / 2) * spacing, (-(height - 1) / 2) * spacing] as const;
  const z = Float64Array.from({ length: slices }, (_, k) => 3 * k);
  return { grid: { size: [width, height, slices], spacing: [spacing, spacing], origin, z }, hu };
}

/** What a modality beside the CT shows of the made-up head: soft tissue in reversed contrast, nothing in the first columns. */
function goldenModality({ grid, hu }: Volume): Int16Array {
  const reached = grid.size[0] >> 2;
  return hu.map((value, v) => (v % grid.size[0] < reached ? noData : Math.max(-2000, Math.min(2000, -10 * value))));
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
