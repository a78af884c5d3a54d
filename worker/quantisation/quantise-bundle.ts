import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Int8Network, RoiLoss } from '../../src/bundles/int8-network.ts';
import { membersOf, type SliceManifest, sliceManifestOf } from '../../src/bundles/manifest.ts';
import type { Bundle } from '../../src/bundles/read-bundle.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { version as contourNode } from '../../src/version.ts';
import { provenanceOf } from '../bundles/provenance.ts';
import { writeBundle } from '../bundles/write-bundle.ts';
import { writeInt8 } from '../bundles/write-int8.ts';
import { contourVolume } from '../contour-ct.ts';
import type { Engine } from '../engines/engine.ts';
import { openOnnxRuntime } from '../engines/onnxruntime.ts';
import type { GivenModality } from '../inference/modality-inputs.ts';
import { StageClock } from '../stage-clock.ts';
import { Calibration } from './calibrate.ts';
import { LossOfRois } from './loss-of-rois.ts';
import { quantiseGraph, rangeGraph } from './quantise-graph.ts';
import type { QuantisationCase } from './quantisation-cases.ts';

/** So many cases, the first, give the ranges of the values; the others are compared, or all where there are no others. */
const calibrationCases = 8;
/** Loss of mean DSC that no ROI may have. */
const mostLoss = 0.005;

interface QuantisationCall {
  /** A bundle of its own there, without float32; undefined: beside float32 in the same bundle. */
  readonly out: { readonly directory: string; readonly name: string } | undefined;
  readonly date: string;
  /** As it can be repeated elsewhere: no path in it. */
  readonly command: string;
  /** Images at once. */
  readonly batchSize: number;
  readonly onProgress: (stage: string, fraction: number, note: string) => void;
}

export interface Quantisation {
  readonly rois: readonly RoiLoss[];
  readonly calibrated: number;
  readonly cases: number;
  /** Time in the network for a slice, both on this machine and by turns. */
  readonly millisecondsPerSlice: { readonly float32: number; readonly int8: number };
}

/**
 * Adds to a bundle a network that computes with 8-bit integers, or writes it as a bundle of its own: calibrated on the smallest and
 * the largest value over real CTs (min/max), compared on others.
 * @throws ContourNodeError MODEL_NOT_SUPPORTED (an ensemble, a 3-D network, nothing to quantise, or an ROI that loses more than
 *   0.005 mean DSC), BUNDLE_INVALID (a network of the whole CT), ENGINE_FAILED, DISK_FULL, what reading the cases throws
 */
export async function quantiseBundle(
  bundle: Bundle,
  cases: readonly QuantisationCase[],
  call: QuantisationCall,
): Promise<Quantisation & { readonly bundle: Bundle }> {
  const manifest = sliceManifestOf(bundle.manifest);
  if (membersOf(manifest).length > 0) {
    throw new ContourNodeError('MODEL_NOT_SUPPORTED', `${manifest.name} is an ensemble`, {
      remedy: 'quantise its members and make an ensemble of them',
    });
  }
  // onnxruntime 1.30 has no kernel of its own for them: with integers they take 0.8 of the time in float32.
  if (manifest.input.patch !== undefined) {
    throw new ContourNodeError(
      'MODEL_NOT_SUPPORTED',
      `${manifest.name} is a 3-D network, which integers make hardly faster`,
      {
        remedy: 'use it in float32',
      },
    );
  }
  const work = await mkdtemp(join(tmpdir(), 'contour-node-quantise-'));
  const opened: Engine[] = [];
  const open = async (name: string, graph: Uint8Array, output = manifest.output.tensor) => {
    await writeFile(join(work, name), graph);
    const tensors = { input: manifest.input.tensor, output };
    const engine = await openOnnxRuntime(join(work, name), tensors, { device: 'cpu', threads: 0 });
    opened.push(engine);
    return engine;
  };
  try {
    const bytes = await readFile(join(bundle.directory, manifest.files.model.path));
    const float32 = await open('float32.onnx', bytes);
    const measured = rangeGraph(bytes);
    const measuring = await open('ranges.onnx', measured.graph, 'ranges');
    const calibration = new Calibration(measured.values);
    const first = cases.slice(0, calibrationCases);
    for (const [n, one] of first.entries()) {
      const { volume, inputs: all } = await one.read();
      const engine = calibration.watch(float32, measuring);
      const clock = new StageClock();
      for (const inputs of waysToSee(manifest, all))
        await contourVolume(volume, { bundle, engine }, { batchSize: call.batchSize, clock }, { inputs });
      call.onProgress('calibrating', (n + 1) / first.length, one.id);
    }
    const graph = quantiseGraph(bytes, calibration.ranges());
    const int8 = await open('int8.onnx', graph);
    const others = cases.length > first.length ? cases.slice(first.length) : cases;
    const compared = { ...(await compare(bundle, { float32, int8 }, others, call)), calibrated: first.length };
    refuseLoss(manifest, compared.rois);
    const { calibrated, rois } = compared;
    const { date, command, out } = call;
    const comparison = { contourNode, date, command, calibrated, cases: compared.cases, rois: [...rois] };
    const written =
      out === undefined
        ? await writeInt8(bundle, graph, comparison)
        : await writeBundle(out.directory, describe(manifest, bundle.digest, comparison, out.name), { model: graph });
    return { ...compared, bundle: written };
  } finally {
    for (const engine of opened) await engine.close();
    await rm(work, { recursive: true, force: true });
  }
}

/** With the images beside the CT and, where the network was trained to do without one, on the CT alone. */
function waysToSee(
  { input: { modalities = [] } }: SliceManifest,
  inputs: readonly GivenModality[],
): (readonly GivenModality[])[] {
  const needed = new Set(modalities.filter(({ mayBeMissing }) => !mayBeMissing).map(({ name }) => name));
  const least = inputs.filter(({ name }) => needed.has(name));
  return least.length === inputs.length ? [inputs] : [inputs, least];
}

/** @throws ContourNodeError MODEL_NOT_SUPPORTED */
function refuseLoss({ name }: SliceManifest, rois: readonly RoiLoss[]): void {
  const [worst] = rois.toSorted((a, b) => b.loss - a.loss);
  if (worst === undefined || worst.loss <= mostLoss) return;
  const { roi, loss, cases, float32, int8 } = worst;
  throw new ContourNodeError(
    'MODEL_NOT_SUPPORTED',
    `with 8-bit integers ${roi} of ${name} loses ${loss.toFixed(4)} mean DSC in ${cases} cases (${float32.toFixed(4)} to ${int8.toFixed(4)}), allowed ${mostLoss}`,
    { remedy: 'use it in float32' },
  );
}

async function compare(
  bundle: Bundle,
  engines: { readonly float32: Engine; readonly int8: Engine },
  cases: readonly QuantisationCase[],
  { batchSize, onProgress }: QuantisationCall,
): Promise<Omit<Quantisation, 'calibrated'>> {
  const manifest = sliceManifestOf(bundle.manifest);
  const losses = new LossOfRois();
  const seconds = { float32: 0, int8: 0 };
  let slices = 0;
  for (const [n, one] of cases.entries()) {
    const { volume, inputs: all, references } = await one.read();
    for (const inputs of waysToSee(manifest, all)) {
      const contour = async (kind: keyof typeof engines) => {
        const clock = new StageClock();
        const loaded = { bundle, engine: engines[kind] };
        const { rois } = await contourVolume(volume, loaded, { batchSize, clock }, { inputs });
        seconds[kind] += clock.batchSeconds.reduce((a, b) => a + b, 0);
        return rois;
      };
      losses.add(await contour('float32'), await contour('int8'), references, volume.grid);
      slices += volume.grid.size[2];
    }
    onProgress('comparing', (n + 1) / cases.length, one.id);
  }
  const perSlice = { float32: (1000 * seconds.float32) / slices, int8: (1000 * seconds.int8) / slices };
  return { rois: losses.rois(), cases: cases.length, millisecondsPerSlice: perSlice };
}

/** A bundle whose only network has 8-bit integers. */
function describe(
  { formatVersion: _version, files: _files, int8: _int8, training, ...manifest }: SliceManifest,
  digest: string,
  { date, command, calibrated, cases, rois }: Int8Network['comparison'],
  name: string,
) {
  const { patterns, series, ancestors } = provenanceOf({ training });
  return {
    ...manifest,
    name,
    description: `${manifest.description}; with 8-bit integers`,
    training: {
      contourNode,
      date,
      command,
      patterns,
      // The digests of the series are made with the name of the bundle that was trained.
      ancestors: [{ name: manifest.name, series }, ...ancestors],
      quantisation: { of: digest, calibrated, cases, rois },
    },
    // Figures of the network in float32 are not its own.
    metrics: {},
  };
}
