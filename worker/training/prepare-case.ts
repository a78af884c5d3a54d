import { findBody } from '../volume/body.ts';
import { imageCentre, maskToNetwork, networkGrid, toNetworkHu, type NetworkInput } from '../volume/preprocess.ts';
import type { Grid, Mask, Volume } from '../volume/volume.ts';
import { type PreparedCase, writeCase } from './prepared-case.ts';

/** A patient as it came: CT and, per ROI of the bundle, a function that gives its mask on a grid, if it is drawn. */
export interface RawCase {
  readonly id: string;
  readonly volume: Volume;
  /** The mask on a grid with the CT's slices and any pixels, or undefined where the patient lacks the ROI. */
  readonly rois: readonly (((grid: Grid) => Mask) | undefined)[];
}

/** Brings a patient to the network's grid and writes it to the cache. */
export async function prepareCase(
  raw: RawCase,
  input: NetworkInput,
  margin: number,
  directory: string,
): Promise<PreparedCase> {
  const { grid } = raw.volume;
  const centre = input.centre === 'body' ? findBody(raw.volume).centre : imageCentre(grid);
  const network = networkGrid(grid, centre, input, margin);
  // Contours are filled on the network's own pixels: rastering them on coarse CT pixels first would leave steps.
  const inPlane: Grid = { ...network, size: [network.size[0], network.size[1], grid.size[2]], z: grid.z };
  const masks = raw.rois.map((maskOn) => maskOn && maskToNetwork(maskOn(inPlane), network, sharp(input)));
  const volumesCm3 = raw.rois.map((maskOn) => maskOn && volumeCm3(maskOn(grid)));
  const steps = Array.from(grid.z.subarray(1), (z, k) => z - (grid.z[k] ?? 0));
  const about = {
    id: raw.id,
    margin,
    volumesCm3: volumesCm3.map((volume) => volume ?? null),
    sliceSpacingMm: [Math.min(...steps), Math.max(...steps)] as [number, number],
    coverageMm: (grid.z.at(-1) ?? 0) - (grid.z[0] ?? 0),
  };
  return writeCase(directory, about, toNetworkHu(raw.volume, network, input), masks);
}

/** The input without the averaging that makes fine CTs look like coarse ones: it is for HU, not for masks. */
export function sharp(input: NetworkInput): NetworkInput {
  const copy = { ...input };
  delete copy.resolutionMm;
  return copy;
}

/** Voxels times pixel area times the mean distance of the slices. */
function volumeCm3({ grid, voxels }: Mask): number {
  const count = voxels.reduce((sum, voxel) => sum + voxel, 0);
  const slices = grid.z.length;
  const spacing = slices > 1 ? ((grid.z[slices - 1] ?? 0) - (grid.z[0] ?? 0)) / (slices - 1) : 1;
  return (count * grid.spacing[0] * grid.spacing[1] * spacing) / 1000;
}
