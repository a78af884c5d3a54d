import type { Grid, Mask, Volume } from '../volume/volume.ts';
import type { PlacedImage } from '../volume/modality-image.ts';
import { patientStructures, type Tissue } from './anatomy.ts';
import { generateMr } from './generate-mr.ts';
import { type Structure } from './structure.ts';
import { Canvas, type Pose } from './canvas.ts';
import { seededRandom, type Random } from './random.ts';
import { addMetal, addNoise, paintCouch } from './scanner.ts';
import type { Shape } from './shapes.ts';
import { tumour } from './tumour.ts';

export interface PhantomOptions {
  /** Pixels of the square matrix; default 512. A smaller one samples the same patient in the same field of view. */
  readonly size?: number;
  /** Pixel spacing in mm; default: the seed's field of view divided by `size`. */
  readonly spacing?: number;
  /** Number of slices over the seed's scan length; default: as the seed's slice spacing has it (2, 2.5, 3 or 4 mm). */
  readonly slices?: number;
  /** With an MR, which shows the tumour better than the CT: there its border is faint, in places absent. */
  readonly mr?: true;
}

export interface Phantom {
  readonly volume: Volume;
  /** GTVp (with retropharyngeal nodes) first, then Parotid_L, Parotid_R, Mandible, SpinalCord. */
  readonly truth: readonly { readonly name: string; readonly mask: Mask }[];
  /** What lies within the skin. */
  readonly body: Mask;
  /** With `mr`: a T1-weighted MR with contrast agent, and the way to it. */
  readonly mr?: PlacedImage;
}

// Labels of the canvas: 0 is everything outside the skin.
const patient = 1;
const firstStructure = 2;

/** ROIs with a known truth, in the order of `Phantom.truth`. */
export const phantomStructures = ['GTVp', 'Parotid_L', 'Parotid_R', 'Mandible', 'SpinalCord'] as const;

/**
 * A generated head-and-neck planning CT: the same seed and options give the same voxels. The patient (size, pose,
 * tumour), the scan (field of view, length, slice spacing) and the noise follow from the seed; matrix and slices may
 * be chosen without changing the patient.
 */
export function generatePhantom(seed: number, options: PhantomOptions = {}): Phantom {
  const random = seededRandom(seed);
  const grid = scanGrid(random, options);
  const pose = patientPose(random);
  const muscle = random.between(48, 60);
  const tissue: Tissue = {
    muscle,
    fat: random.between(-110, -85),
    vessel: random.chance(0.5) ? muscle + random.between(-8, 0) : random.between(130, 200),
    gland: random.between(-5, 25),
  };
  const contrast = random.between(16, 30);
  const { body, before, after } = patientStructures(seededRandom(seed, 1), tissue);
  const gtv = gtvStructures(seed, muscle, contrast, options.mr === true);

  const canvas = new Canvas(grid, -1000);
  const [head, trunk] = [105 * pose.scale[1], 122 * pose.scale[1]].map((reach) => pose.position[1] + reach) as [
    number,
    number,
  ];
  paintCouch(canvas, seededRandom(seed, 3), { head: head - 8, trunk }, pose.position[0]);
  canvas.paint(body.shape, body.layers, pose, patient);
  for (const { shape, layers, name } of [...before, ...gtv, ...after]) {
    const known = phantomStructures.findIndex((structure) => structure === name);
    canvas.paint(shape, layers, pose, known < 0 ? patient : firstStructure + known, true);
  }
  const dental = seededRandom(seed, 4);
  if (dental.chance(0.3)) {
    const [x, y, z] = [dental.pick([-1, 1]) * 26, -68, dental.pick([-39, -50])];
    addMetal(canvas, dental, [pose.position[0] + x, pose.position[1] + y, pose.position[2] + z]);
  }
  addNoise(canvas, seededRandom(seed, 5), random.between(6, 11));

  const skin = { grid, voxels: canvas.labels.map((label) => (label >= patient ? 1 : 0)) };
  const mr = options.mr === true ? generateMr(seed, [body, ...before, ...gtv, ...after], pose) : undefined;
  return { volume: { grid, hu: canvas.hu }, truth: truthOf(canvas), body: skin, ...(mr && { mr }) };
}

/** Primary tumour and retropharyngeal nodes; beside an MR their contrast in the CT is a part of the usual one. */
function gtvStructures(seed: number, muscle: number, contrast: number, hasMr: boolean): Structure[] {
  const { primary, nodes } = tumour(seededRandom(seed, 2));
  const random = seededRandom(seed, 6);
  const [ofPrimary, ofNodes] = hasMr ? [random.between(0, 0.5), random.between(0.2, 0.8)] : [1, 1];
  const solid = (shape: Shape, part: number): Structure => ({
    shape,
    layers: [{ depth: 0, hu: muscle + contrast * part }],
    name: 'GTVp',
    ...(hasMr && { t1: random.between(540, 680) }),
  });
  return [solid(primary, ofPrimary), ...nodes.map((shape) => solid(shape, ofNodes))];
}

/** The scan: from above the ears to the shoulders, with the patient frame's origin near (0, 0, 0). */
function scanGrid(random: Random, options: PhantomOptions): Grid {
  const fieldOfView = random.pick([450, 480, 500, 550]);
  const sliceSpacing = random.pick([2, 2.5, 3, 3, 3, 4]);
  const bottom = random.between(-150, -100);
  const length = random.between(60, 100) - bottom;
  const offset = [random.between(-15, 15), random.between(-5, 25)] as const;

  const size = options.size ?? 512;
  const spacing = options.spacing ?? fieldOfView / size;
  const slices = options.slices ?? Math.round(length / sliceSpacing);
  const step = options.slices === undefined ? sliceSpacing : Math.round((length / slices) * 100) / 100;
  const start = Math.round((-spacing * (size - 1)) / 2);
  return {
    size: [size, size, slices],
    spacing: [spacing, spacing],
    origin: [start + Math.round(offset[0]), start + Math.round(offset[1])],
    z: Float64Array.from({ length: slices }, (_, k) => Math.round((bottom + k * step) * 100) / 100),
  };
}

function patientPose(random: Random): Pose {
  const size = random.between(0.9, 1.08);
  const degree = Math.PI / 180;
  const stretch = (): number => size * random.between(0.96, 1.04);
  const scale = [stretch(), stretch(), stretch()] as const;
  return {
    scale,
    rotation: [random.between(-6, 6) * degree, random.between(-4, 4) * degree, random.between(-7, 7) * degree],
    position: [random.between(-8, 8), random.between(-8, 8), random.between(-8, 8)],
  };
}

function truthOf(canvas: Canvas): Phantom['truth'] {
  const { grid, labels } = canvas;
  const truth = phantomStructures.map((name) => ({ name, mask: { grid, voxels: new Uint8Array(labels.length) } }));
  const voxels = truth.map(({ mask }) => mask.voxels);
  for (let at = 0; at < labels.length; at++) {
    const label = labels[at] ?? 0;
    if (label < firstStructure) continue;
    const structure = voxels[label - firstStructure];
    if (structure !== undefined) structure[at] = 1;
  }
  return truth;
}
