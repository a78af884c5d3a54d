import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VolumeManifest } from '../../src/bundles/manifest.ts';
import { readCtFolder } from '../../src/dicom/read-ct-folder.ts';
import { openBundle } from '../../worker/bundles/open-bundle.ts';
import { importNnUnet } from '../../worker/bundles/import-nnunet.ts';
import { openEngine } from '../../worker/engines/open-engine.ts';
import { largestLogit } from '../../worker/segmentation/label-rule.ts';
import { rowOffset } from '../../worker/segmentation/label-planes.ts';
import { labelPlanes, prepareImage } from '../../worker/segmentation/segment-volume.ts';
import { findBody } from '../../worker/volume/body.ts';
import { loadVolume } from '../../worker/volume/load-volume.ts';
import type { Volume } from '../../worker/volume/volume.ts';
import { readNpz } from '../support/npz.ts';
import { sharedData } from '../support/shared-data.ts';
import { temporaryFolder } from '../support/threshold-bundle.ts';

/** How close this node comes to what nnU-Net's own predictor answered, in the body. */
interface Parity {
  /** Per label that nnU-Net found there. */
  readonly dsc: ReadonlyMap<number, number>;
  readonly bodyVoxels: number;
  readonly unlikeVoxels: number;
  /** Of the probabilities of the slices that are there, over all classes. */
  readonly meanDifference: number;
  readonly worstDifference: number;
  readonly seconds: number;
}

interface ParityCase {
  /** Folder of the trained model, folds, and file of what nnU-Net predicted. */
  readonly folder: string;
  readonly folds: readonly string[];
  readonly expected: string;
  readonly mirroring?: boolean;
  /** Columns and rows (the same) that were cut out of every slice. */
  readonly cut?: readonly [number, number];
}

/** @param data the folder nnunet-phantom of ../shared/data @param work a folder for the bundle */
async function compareWithNnUnet(data: string, work: string, given: ParityCase): Promise<Parity> {
  const whole = await phantomCt(`${data}/ct`);
  const body = findBody(whole);
  const ct = given.cut === undefined ? whole : cutOut(whole, given.cut);
  const { directory } = await importNnUnet(`${data}/${given.folder}`, `${work}/${given.expected}`, {
    propose: true,
    folds: given.folds,
  });
  const bundle = await openBundle(directory, '.');
  const section = { ...(bundle.manifest as VolumeManifest).volume, mirroring: given.mirroring ?? false };
  const engine = await openEngine(bundle, { name: 'onnxruntime', device: 'cpu', threads: 0 });
  const npz = await readNpz(`${data}/expected/${given.expected}.npz`);
  const labels = npz.get('labels')!.data as Uint8Array;
  const probabilities = npz.get('probabilities')?.data as Float16Array | undefined;
  const slices = Array.from(npz.get('probability_slices')?.data ?? [], Number);
  const inBody = voxelsOf(ct, body);

  const [nx, ny] = ct.grid.size;
  const area = nx * ny;
  const found = new Uint8Array(ct.hu.length);
  const keeping = keepingLogits(section.channels, area);
  let [sum, count, worst] = [0, 0, 0];
  const started = performance.now();
  const image = prepareImage(ct, section);
  await labelPlanes(engine, image, section, keeping, (index, labelled) => {
    const at = rowOffset(image.view, index, 0, 0);
    found.set(labelled, at);
    const planes = keeping.takePlanes();
    const place = slices.indexOf(index);
    if (place < 0 || probabilities === undefined) return;
    softmax(planes);
    for (let v = 0; v < area; v += 1) {
      if (inBody[at + v] === 0) continue;
      for (const [channel, plane] of planes.entries()) {
        const expected = probabilities[(channel * slices.length + place) * area + v]!;
        const difference = Math.abs(plane[v]! - expected);
        worst = Math.max(worst, difference);
        sum += difference;
        count += 1;
      }
    }
  });
  const seconds = (performance.now() - started) / 1000;
  await engine.close();
  return { ...compareLabels(found, labels, inBody), meanDifference: sum / count, worstDifference: worst, seconds };
}

/** The rule of the largest logit, which also keeps the logits of all channels of a plane. */
function keepingLogits(channels: number, area: number) {
  const largest = largestLogit();
  const planes = Array.from({ length: channels }, () => new Float32Array(area));
  let next = 0;
  return {
    twoLargestDecide: false,
    decide(values: Float32Array, all: Uint16Array, from: number, count: number) {
      largest.decide(values, all, from, count);
      for (const [channel, plane] of planes.entries()) plane[next] = values[channel]!;
      next += 1;
    },
    get label() {
      return largest.label;
    },
    get lead() {
      return largest.lead;
    },
    takePlanes() {
      assert.equal(next, area);
      next = 0;
      return planes;
    },
  };
}

async function phantomCt(folder: string): Promise<Volume> {
  const { series, files } = await readCtFolder([folder], { sliceSpacingMm: [1, 10], minimumCoverageMm: 0 });
  return loadVolume(
    series.slices.map(({ sopInstanceUid }) => files.get(sopInstanceUid)!),
    series.geometry,
  );
}

function cutOut({ grid, hu }: Volume, [first, end]: readonly [number, number]): Volume {
  const [nx, ny, nz] = grid.size;
  const length = end - first;
  const cut = new Int16Array(length * length * nz);
  for (let v = 0; v < cut.length; v += 1) {
    const [x, y, k] = [v % length, Math.trunc(v / length) % length, Math.trunc(v / (length * length))];
    cut[v] = hu[(k * ny + y + first) * nx + x + first]!;
  }
  const origin = [grid.origin[0] + first * grid.spacing[0], grid.origin[1] + first * grid.spacing[1]] as const;
  return { grid: { ...grid, size: [length, length, nz], origin }, hu: cut };
}

/** 1 in the box of the body. */
function voxelsOf({ grid }: Volume, { low, high }: ReturnType<typeof findBody>): Uint8Array {
  const [nx, ny, nz] = grid.size;
  const within = (value: number, axis: 0 | 1 | 2) => value >= low[axis] && value <= high[axis];
  return Uint8Array.from({ length: nx * ny * nz }, (_, v) => {
    const x = grid.origin[0] + (v % nx) * grid.spacing[0];
    const y = grid.origin[1] + (Math.trunc(v / nx) % ny) * grid.spacing[1];
    return within(x, 0) && within(y, 1) && within(grid.z[Math.trunc(v / (nx * ny))]!, 2) ? 1 : 0;
  });
}

function softmax(planes: readonly Float32Array[]): void {
  for (let v = 0; v < planes[0]!.length; v += 1) {
    const largest = Math.max(...planes.map((plane) => plane[v]!));
    const sum = planes.reduce((total, plane) => total + Math.exp(plane[v]! - largest), 0);
    for (const plane of planes) plane[v] = Math.exp(plane[v]! - largest) / sum;
  }
}

function compareLabels(found: Uint8Array, expected: Uint8Array, inBody: Uint8Array) {
  const counts = new Map<number, { both: number; sum: number }>();
  let [bodyVoxels, unlikeVoxels] = [0, 0];
  const count = (label: number, both: number) => {
    const known = counts.get(label) ?? { both: 0, sum: 0 };
    counts.set(label, { both: known.both + both, sum: known.sum + 1 });
  };
  for (let v = 0; v < found.length; v += 1) {
    if (inBody[v] === 0) continue;
    bodyVoxels += 1;
    const same = found[v] === expected[v];
    if (!same) unlikeVoxels += 1;
    count(found[v]!, same ? 1 : 0);
    count(expected[v]!, same ? 1 : 0);
  }
  const dsc = new Map([...counts].filter(([label]) => label > 0).map(([label, { both, sum }]) => [label, both / sum]));
  return { dsc, bodyVoxels, unlikeVoxels };
}

/** The limits of docs/models.md, each with its number in the message. */
function faultsOf(parity: Parity): string[] {
  return [
    ...[...parity.dsc].flatMap(([label, dsc]) => (dsc < 0.999 ? [`label ${label}: DSC ${dsc.toFixed(5)}`] : [])),
    ...(parity.unlikeVoxels * 10_000 > parity.bodyVoxels
      ? [`${parity.unlikeVoxels} of ${parity.bodyVoxels} voxels differ`]
      : []),
    ...(parity.worstDifference > 2e-3 ? [`probabilities differ by ${parity.worstDifference.toPrecision(2)}`] : []),
  ];
}

/** A row of the table in docs/models.md. */
function parityRow(name: string, parity: Parity): string {
  const worst = Math.min(...parity.dsc.values());
  const probabilities = Number.isNaN(parity.meanDifference)
    ? 'not kept'
    : `${parity.meanDifference.toExponential(1)}, ${parity.worstDifference.toExponential(1)}`;
  const mean = [...parity.dsc.values()].reduce((a, b) => a + b, 0) / parity.dsc.size;
  return `| ${name} | ${mean.toFixed(5)}, ${worst.toFixed(5)} | ${parity.unlikeVoxels} of ${parity.bodyVoxels} | ${probabilities} |`;
}

/** A test for each case; its row of the table in docs/models.md stands in the output. */
export function parityTests(cases: readonly ParityCase[]): void {
  const data = sharedData('nnunet-phantom');
  const skip = data === undefined ? 'needs ../shared/data/nnunet-phantom: what nnU-Net itself predicted' : false;
  for (const given of cases) {
    const name = `${given.expected}: labels and probabilities of nnU-Net's own predictor`;
    test(name, { skip, timeout: 1_200_000 }, async (t) => {
      const parity = await compareWithNnUnet(data!, await temporaryFolder(t), given);
      t.diagnostic(`${parityRow(given.expected, parity)} ${parity.seconds.toFixed(0)} s`);
      assert.deepEqual(faultsOf(parity), []);
    });
  }
}
