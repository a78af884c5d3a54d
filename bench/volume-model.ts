/**
 * `node bench/volume-model.ts [SLICES] [NETWORK]`: a network of 117 classes with random weights over a CT of 512 x 512 x
 * 300: processor time and time beside that of bare onnxruntime (a process of its own before and after, as it is by default)
 * on as many patches, and the memory of the process. Processor time says the same on a busy machine. NETWORK is `nnunet`, the
 * U-Net that nnU-Net plans for such a patch (six stages of 32 to 320 channels), or a number: two convolutions with so many channels
 * and a head, which is the least that a network can do for so many classes.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import ort from 'onnxruntime-node';
import { volumeSectionSchema } from '../src/bundles/volume-section.ts';
import type { Engine } from '../worker/engines/engine.ts';
import { openOnnxRuntime } from '../worker/engines/onnxruntime.ts';
import { GraphBuilder, ints, number } from '../worker/networks/onnx-graph.ts';
import { graphInput, graphOutput, unetGraph } from '../worker/nnunet/unet-graph.ts';
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
const network = process.argv[3] ?? 'nnunet';

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
  tensors: { input: graphInput, output: graphOutput },
  channels: classes,
  labels: Array.from({ length: classes - 1 }, (_, n) => [n + 1]),
});

const random = seededRandom(1);

function randomWeights(_name: string, shape: readonly number[]): Float32Array {
  const length = shape.reduce((a, b) => a * b, 1);
  return Float32Array.from({ length }, () => random.between(-0.3, 0.3));
}

/** The U-Net of nnU-Net's plan for this patch: 30 million weights. */
function plannedNetwork(): Uint8Array {
  const stages = [0, 1, 2, 3, 4, 5];
  return unetGraph(
    {
      encoder: 'plain',
      features: [32, 64, 128, 256, 320, 320],
      kernels: stages.map(() => [3, 3, 3]),
      strides: stages.map((stage) => (stage === 0 ? [1, 1, 1] : stage === 5 ? [2, 1, 1] : [2, 2, 2])),
      blocks: stages.map(() => 2),
      decoderConvolutions: stages.slice(1).map(() => 2),
      bias: true,
      epsilon: 1e-5,
      negativeSlope: 0.01,
      stemFeatures: 32,
    },
    classes,
    [{ take: randomWeights, finish: () => undefined }],
    'bench',
  );
}

/** Two convolutions with their normalisations and the head: as much memory as a U-Net's finest stage, less work. */
function smallNetwork(features: number): Uint8Array {
  const graph = new GraphBuilder();
  const weights = (name: string, ...shape: number[]) => graph.floats(name, shape, randomWeights(name, shape));
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
  const last = block('second', block('first', graphInput, 1), features);
  graph.node('Conv', [last, weights('head.w', classes, features, 1, 1, 1), weights('head.b', classes)], graphOutput);
  const open = ['slices', 'rows', 'columns'];
  return graph.encode(
    'bench',
    { name: graphInput, shape: [1, ...open] },
    { name: graphOutput, shape: [classes, ...open] },
  );
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

/** What something took: processor time of all threads, and time. Seconds. */
interface Cost {
  readonly processor: number;
  readonly wall: number;
}

function costFromNow(): () => Cost {
  const start = process.cpuUsage();
  const begun = performance.now();
  return () => {
    const { user, system } = process.cpuUsage(start);
    return { processor: (user + system) / 1e6, wall: (performance.now() - begun) / 1000 };
  };
}

/** Runs bare onnxruntime on patches and prints what one costs, the first not counted. */
async function runBare(model: string, patches: number): Promise<void> {
  const session = await ort.InferenceSession.create(model);
  const voxels = patch.reduce((a, b) => a * b, 1);
  const input = new ort.Tensor('float32', new Float32Array(voxels).fill(0.1), [1, 1, ...patch]);
  await session.run({ [graphInput]: input });
  const cost = costFromNow();
  for (let n = 0; n < patches; n += 1) await session.run({ [graphInput]: input });
  const { processor, wall } = cost();
  console.log(JSON.stringify({ processor: processor / patches, wall: wall / patches } satisfies Cost));
}

async function bareCost(model: string): Promise<Cost> {
  const patches = network === 'nnunet' ? '1' : '3';
  const self = fileURLToPath(import.meta.url);
  const { stdout } = await promisify(execFile)(process.execPath, [self, 'bare', model, patches]);
  return JSON.parse(stdout) as Cost;
}

async function compare(): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'contour-node-bench-'));
  try {
    const model = join(work, 'model.onnx');
    await writeFile(model, network === 'nnunet' ? plannedNetwork() : smallNetwork(Number(network)));
    const machine = `${cpus().length} cores, ${cpus()[0]?.model ?? 'unknown processor'}`;
    console.log(`${machine}; ${classes} classes, 512 x 512 x ${slices}, network ${network}`);
    const before = await bareCost(model);

    const volume = ct();
    const body = findBody(volume);
    const extent = {
      low: [body.low[0] - 30, body.low[1] - 30, body.low[2] - 30] as const,
      high: [body.high[0] + 30, body.high[1] + 30, body.high[2] + 30] as const,
    };
    const engine = await openOnnxRuntime(model, section.tensors, { device: 'cpu', threads: 0 });
    const all = costFromNow();
    const image = prepareImage(volume, section, extent);
    const prepared = all();
    let patches = 0;
    const inEngine = { processor: 0, wall: 0 };
    const timed: Engine = {
      ...engine,
      run: async (...call) => {
        const run = costFromNow();
        const output = await engine.run(...call);
        const { processor, wall } = run();
        inEngine.processor += processor;
        inEngine.wall += wall;
        return output;
      },
    };
    const map = await segmentVolume(timed, volume.grid, image, section, (_, total) => void (patches = total));
    const whole = all();
    await engine.close();
    const after = await bareCost(model);

    const bare = (what: keyof Cost) => ((before[what] + after[what]) / 2) * patches;
    const line = (name: string, cost: (what: keyof Cost) => number) =>
      console.log(
        `  ${name.padEnd(24)}${(['processor', 'wall'] as const)
          .map((what) => `${cost(what).toFixed(1).padStart(8)} s ${(cost(what) / bare(what)).toFixed(2).padStart(5)}`)
          .join('')}`,
      );
    console.log(`  ${`${patches} patches`.padEnd(24)} processor and ratio, time and ratio`);
    line('bare onnxruntime', bare);
    line('image for the network', (what) => prepared[what]);
    line('engine', (what) => inEngine[what]);
    line('sums and labels', (what) => whole[what] - prepared[what] - inEngine[what]);
    line('all', (what) => whole[what]);
    console.log(`  labels found             ${labelBoxes(map).size}`);
    console.log(`  peak resident memory     ${Math.round(process.resourceUsage().maxRSS / 1024)} MB`);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

const [, , first, second, third] = process.argv;
await (first === 'bare' ? runBare(second!, Number(third)) : compare());
