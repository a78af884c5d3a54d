import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { type PreparedCase, writeCase } from '../../worker/training/prepared-case.ts';
import { type TrainingConfig, trainingConfigSchema } from '../../worker/training/training-config.ts';
import type { Body } from '../../worker/volume/body.ts';
import { ctAppearance } from '../../worker/volume/ct-appearance.ts';
import { placeInBody } from '../../worker/volume/mask-place.ts';
import type { Grid, Mask, Volume } from '../../worker/volume/volume.ts';
import { seededRandom } from '../../worker/phantom/random.ts';

/** A training that takes seconds: 32 x 32 pixels, a bright disc left (`Disc_L`) and one right (`Disc_R`) of the middle. */
export function smallConfig(
  changes: { training?: object; augmentation?: object; architecture?: object; input?: object } = {},
): TrainingConfig {
  return trainingConfigSchema.parse({
    bundle: {
      name: 'discs',
      version: '0.0.1',
      description: 'two discs',
      intendedUse: 'demonstration',
      licence: 'none',
      applicability: { sliceSpacingMm: [1, 5] },
    },
    data: { source: 'phantom' },
    architecture: changes.architecture ?? { family: 'unet', parameters: { channels: 4, depth: 2 } },
    input: {
      spacingMm: 4,
      sliceSpacingMm: null,
      size: [32, 32],
      centre: 'image',
      neighbours: 1,
      windows: [{ low: -100, high: 200 }],
      ...changes.input,
    },
    rois: [
      { name: 'Disc_L', interpretedType: 'ORGAN', colour: [255, 0, 0], mirror: 'Disc_R' },
      { name: 'Disc_R', interpretedType: 'ORGAN', colour: [0, 255, 0], mirror: 'Disc_L' },
    ],
    augmentation: { translationMm: 8, rotationDegrees: 5, ...changes.augmentation },
    training: {
      seed: 4,
      epochs: 3,
      slicesPerEpoch: 24,
      batch: 4,
      loss: { dice: 1, crossEntropy: 1 },
      averaging: 0.9,
      ...changes.training,
    },
  });
}

/** A body that fills the image. */
function wholeGrid({ size, spacing, origin, z }: Grid): Body {
  const high = [origin[0] + size[0] * spacing[0], origin[1] + size[1] * spacing[1], z.at(-1) ?? 0] as const;
  const low = [origin[0], origin[1], z[0] ?? 0] as const;
  const centre = [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2] as const;
  return { low, high, centre, median: centre, volumeCm3: 1 };
}

const margin = 4;

/** Patients in a temporary folder that goes with the test file. Patient 0 has `Disc_R` not drawn. */
export async function smallCases(count: number): Promise<PreparedCase[]> {
  const folder = await mkdtemp(join(tmpdir(), 'contour-node-cases-'));
  after(() => rm(folder, { recursive: true }));
  return Promise.all(
    Array.from({ length: count }, (_, patient) => smallCase(join(folder, `case-${patient}`), patient)),
  );
}

async function smallCase(directory: string, patient: number): Promise<PreparedCase> {
  const random = seededRandom(100 + patient);
  const width = 32 + 2 * margin;
  const slices = 6;
  const grid: Grid = {
    size: [width, width, slices],
    spacing: [4, 4],
    origin: [0, 0],
    z: Float64Array.from({ length: slices }, (_, k) => k * 3),
  };
  const volume: Volume = { grid, hu: new Int16Array(width * width * slices) };
  const masks = [0, 1].map((): Mask => ({ grid, voxels: new Uint8Array(volume.hu.length) }));
  const discs = [0, 1].map((side) => ({
    x: margin + (side === 0 ? 22 : 9) + random.between(-2, 2),
    y: margin + 16 + random.between(-4, 4),
    r: random.between(4, 6),
  }));
  for (let v = 0; v < volume.hu.length; v += 1) {
    const [x, y] = [v % width, Math.floor(v / width) % width];
    volume.hu[v] = random.whole(-20, 20);
    for (const [side, disc] of discs.entries()) {
      if (Math.hypot(x - disc.x, y - disc.y) >= disc.r) continue;
      volume.hu[v] = 120;
      (masks[side] as Mask).voxels[v] = 1;
    }
  }
  const drawn = masks.map((mask, side) => (patient === 0 && side === 1 ? undefined : mask));
  const about = {
    id: `case-${patient}`,
    margin,
    ctSlices: slices,
    ct: ctAppearance(volume, wholeGrid(grid)),
    rois: drawn.map((mask) => {
      return mask === undefined ? null : { volumeCm3: 1, components: 1, place: placeInBody(mask, wholeGrid(grid)) };
    }),
  };
  return writeCase(directory, about, volume, drawn);
}
