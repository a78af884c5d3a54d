import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { SliceManifest } from '../../src/bundles/manifest.ts';
import type { Bundle } from '../../src/bundles/read-bundle.ts';
import { engineSettingsFile } from '../../src/work/paths.ts';
import { writeWhole } from '../../src/work/write-whole.ts';
import { inputShape } from '../volume/preprocess.ts';
import type { Engine } from './engine.ts';
import { openEngine, type EngineChoice } from './open-engine.ts';

const settingsSchema = z.object({
  threads: z.int().min(0),
  /** Images in one call of the network. */
  images: z.int().min(1),
});
type Settings = z.output<typeof settingsSchema>;

/** On a CPU more pixels at once take memory and save no time (Deeplabv3+ of 512 x 512 with 2 threads: 63 ms a slice by
 * itself, 70 ms by eight). */
const pixelsAtOnce = 512 * 512;

/** More small images at once were never faster. */
const imagesAtOnce = 8;

/** Images that a CPU gets at once at most. */
export function mostImages([width, height]: SliceManifest['input']['size']): number {
  return Math.min(imagesAtOnce, Math.max(1, Math.floor(pixelsAtOnce / (width * height))));
}

/**
 * Opens a bundle with the threads and the images at once that are fastest on this machine: as measured now, in about
 * a second, or by an earlier start. Only a network of slices that onnxruntime runs on the CPU is measured; where the choice names
 * threads, only the images.
 * @param dataDirectory keeps what was measured, a file for each network of a bundle and kind of machine
 * @throws ContourNodeError as openEngine
 */
export async function openFastest(bundle: Bundle, choice: EngineChoice, dataDirectory: string): Promise<Engine> {
  const { manifest } = bundle;
  const open = (threads: number) => openEngine(bundle, { ...choice, threads });
  const engine = await open(choice.threads);
  if (engine.name !== 'onnxruntime' || engine.device !== 'cpu' || !('input' in manifest)) return engine;
  const file = join(dataDirectory, engineSettingsFile(bundle.digest, machineKey(choice.threads, engine.precision)));
  let settings = await readSettings(file);
  if (settings === undefined) {
    settings = await measure(engine, manifest, choice.threads, open);
    await keep(file, settings);
  }
  if (settings.threads === choice.threads) return { ...engine, images: settings.images };
  await engine.close();
  return { ...(await open(settings.threads)), images: settings.images };
}

/** What the measurement depends on besides the bundle. */
function machineKey(threads: number, precision: Engine['precision']): string {
  const processor = cpus()[0]?.model ?? '';
  const machine = JSON.stringify([processor, availableParallelism(), threads, precision, process.version]);
  return createHash('sha256').update(machine).digest('hex');
}

/** undefined: not measured, or not readable. */
async function readSettings(file: string): Promise<Settings | undefined> {
  try {
    return settingsSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return undefined;
  }
}

/** No further candidate is tried after that. */
const budgetSeconds = 1;
/** What is not faster by this part may be so by chance: the settings stay as they are. */
const worthwhile = 0.05;

/** Where it cannot be written the next start measures again: contouring does not depend on it. */
async function keep(file: string, settings: Settings): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeWhole(file, JSON.stringify(settings));
  } catch {
    // As said above.
  }
}

async function measure(
  engine: Engine,
  { input }: SliceManifest,
  threads: number,
  open: (threads: number) => Promise<Engine>,
): Promise<Settings> {
  const end = performance.now() + budgetSeconds * 1000;
  const most = input.patch === undefined ? mostImages(input.size) : 1;
  const seconds = (opened: Engine, images: number) => secondsPerImage(opened, inputShape(input, images));
  let best = { threads, images: most };
  let least = await seconds(engine, most);
  const consider = async (opened: Engine, candidate: Settings) => {
    const taken = await seconds(opened, candidate.images);
    if (taken > least * (1 - worthwhile)) return;
    least = taken;
    best = candidate;
  };
  for (let images = most >> 1; images >= 1 && performance.now() < end; images >>= 1)
    await consider(engine, { threads, images });
  for (let more = availableParallelism(); threads === 0 && more >= 1 && performance.now() < end; more >>= 1) {
    const opened = await open(more);
    try {
      await consider(opened, { threads: more, images: best.images });
    } finally {
      await opened.close();
    }
  }
  return best;
}

/** The least of two runs, after one that fills the memory arena. */
async function secondsPerImage(engine: Engine, shape: readonly number[]): Promise<number> {
  const values = new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.1);
  await engine.run(values, shape);
  let least = Infinity;
  for (let n = 0; n < 2; n += 1) {
    const start = performance.now();
    await engine.run(values, shape);
    least = Math.min(least, (performance.now() - start) / 1000);
  }
  return least / shape[0]!;
}
