/**
 * `node bench/volume-model.ts [SLICES] [FEATURES]`: a network of 117 classes with random weights over a CT of 512 x 512 x
 * 300: processor time beside that of bare onnxruntime (as it is by default) on as many patches, and the memory of the whole
 * process. Processor time, because it says the same on a busy machine. The network is the finest stage of a U-Net alone: one
 * of nnU-Net's does about eight times as much a patch.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import ort from 'onnxruntime-node';
import { volumeSectionSchema } from '../src/bundles/volume-section.ts';
import type { Engine } from '../worker/engines/engine.ts';
import { openOnnxRuntime } from '../worker/engines/onnxruntime.ts';
import { GraphBuilder, ints, number } from '../worker/networks/onnx-graph.ts';
import { labelBoxes } from '../worker/segmentation/label-region.ts';
import { prepareImage, segmentVolume } from '../worker/segmentation/segment-volume.ts';
import { seededRandom } from '../worker/phantom/random.ts';
import { findBody } from '../worker/volume/body.ts';
import type { Volume } from '../worker/volume/volume.ts';

const classes = 117;
const slices = Number(process.argv[2] ?? 300);
/** TotalSegmentator's network of 3 mm, which knows 117 classes at once, has this patch. */
const patch = [128, 112, 112];
const spacingMm = [3, 3, 3];
const features = Number(process.argv[3] ?? 32);

const section = volumeSectionSchema.parse({
  axes: ['S', 'P', 'L'],
  transpose: [0, 1, 2],
  normalisation: { scheme: 'ct', low: -1000, high: 1000, mean: 0, sd: 400 },
  spacingMm,
  resampling: {
    image: { order: 3, orderZ: 0, separateZ: null },
    logits: { order: 1, orderZ: 0, separateZ: null },
  },
  patch,
  folds: ['0'],
  tensors: { input: 'image', output: 'logits' },
  channels: classes,
  labels: Array.from({ length: classes - 1 }, (_, n) => [n + 1]),
});

/** Two convolutions with their normalisations and the head: as much memory as a U-Net's finest stage, less work. */
function network(): Uint8Array {
  const random = seededRandom(1);
  const graph = new GraphBuilder();
  const weights = (name: string, ...shape: number[]) =>
    graph.floats(
      name,
      shape,
      Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.between(-0.3, 0.3)),
    );
  const block = (name: string, from: string, inputs: number) => {
    graph.node(
      'Conv',
      [from, weights(`${name}.w`, features, inputs, 3, 3, 3), weights(`${name}.b`, features)],
      `${name}.c`,
      [ints('pads', [1, 1, 1, 1, 1, 1])],
    );
    graph.node(
      'InstanceNormalization',
      [`${name}.c`, weights(`${name}.s`, features), weights(`${name}.t`, features)],
      `${name}.n`,
    );
    graph.node('LeakyRelu', [`${name}.n`], name, [number('alpha', 0.01)]);
    return name;
  };
  const last = block('second', block('first', 'image', 1), features);
  graph.node('Conv', [last, weights('head.w', classes, features, 1, 1, 1), weights('head.b', classes)], 'logits');
  const open = ['slices', 'rows', 'columns'];
  return graph.encode('bench', { name: 'image', shape: [1, ...open] }, { name: 'logits', shape: [classes, ...open] });
}

/** An elliptic body of soft tissue, 380 x 260 mm, in air; 0.9766 x 0.9766 x 3 mm. */
function ct(): Volume {
  const spacing = 0.9765625;
  const hu = new Int16Array(512 * 512 * slices).fill(-1000);
  const random = seededRandom(2);
  for (let v = 0; v < hu.length; v += 1) {
    const x = ((v % 512) - 255.5) * spacing;
    const y = ((Math.trunc(v / 512) % 512) - 255.5) * spacing;
    if ((x / 190) ** 2 + (y / 130) ** 2 < 1) hu[v] = 40 + Math.round(random.between(-60, 60));
  }
  const origin = [-255.5 * spacing, -255.5 * spacing] as const;
  const z = Float64Array.from({ length: slices }, (_, k) => k * 3);
  return { grid: { size: [512, 512, slices], spacing: [spacing, spacing], origin, z }, hu };
}

/** Processor time of all threads from now on. */
function processorSeconds(): () => number {
  const start = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1e6;
  };
}

const work = await mkdtemp(join(tmpdir(), 'contour-node-bench-'));
try {
  const model = join(work, 'model.onnx');
  await writeFile(model, network());
  console.log(
    `${cpus().length} cores, ${cpus()[0]?.model ?? 'unknown processor'}; ${classes} classes, 512 x 512 x ${slices}`,
  );

  const session = await ort.InferenceSession.create(model);
  const voxels = patch.reduce((a, b) => a * b, 1);
  const input = new ort.Tensor('float32', new Float32Array(voxels).fill(0.1), [1, 1, ...patch]);
  await session.run({ image: input });
  const bareRuns = 3;
  const bare = processorSeconds();
  for (let n = 0; n < bareRuns; n += 1) await session.run({ image: input });
  const perPatch = bare() / bareRuns;
  await session.release();

  const volume = ct();
  const body = findBody(volume);
  const extent = {
    low: [body.low[0] - 30, body.low[1] - 30, body.low[2] - 30] as const,
    high: [body.high[0] + 30, body.high[1] + 30, body.high[2] + 30] as const,
  };
  const engine = await openOnnxRuntime(model, section.tensors, { device: 'cpu', threads: 0 });
  const all = processorSeconds();
  const image = prepareImage(volume, section, extent);
  const prepared = all();
  let patches = 0;
  let inEngine = 0;
  const timed: Engine = {
    ...engine,
    run: async (values, shape) => {
      const run = processorSeconds();
      const output = await engine.run(values, shape);
      inEngine += run();
      return output;
    },
  };
  const map = await segmentVolume(timed, volume.grid, image, section, (_, total) => void (patches = total));
  const seconds = all();
  await engine.close();
  const bareSeconds = perPatch * patches;
  console.log(
    `  bare onnxruntime          ${perPatch.toFixed(1)} s a patch, ${bareSeconds.toFixed(0)} s for ${patches}`,
  );
  console.log(`  image for the network     ${prepared.toFixed(1)} s`);
  console.log(
    `  patches and labels        ${(seconds - prepared).toFixed(0)} s: ${inEngine.toFixed(0)} s in the engine, ${(seconds - prepared - inEngine).toFixed(0)} s beside it`,
  );
  console.log(`  all                       ${seconds.toFixed(0)} s`);
  console.log(`  labels found              ${labelBoxes(map).size}`);
  console.log(`  peak resident memory      ${Math.round(process.resourceUsage().maxRSS / 1024)} MB`);
} finally {
  await rm(work, { recursive: true, force: true });
}
