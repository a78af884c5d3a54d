import { components } from '../inference/components.ts';
import { registrationFit } from '../registration/registration-fit.ts';
import { type Body, findBody } from '../volume/body.ts';
import { ctAppearance } from '../volume/ct-appearance.ts';
import { maskVolumeCm3, placeInBody } from '../volume/mask-place.ts';
import type { PlacedImage } from '../volume/modality-image.ts';
import { modalityOnGrid, tissueStatistics } from '../volume/modality-on-grid.ts';
import { fieldCentre, maskToNetwork, networkGrid, toNetworkHu, type NetworkInput } from '../volume/preprocess.ts';
import type { Grid, Mask, Volume } from '../volume/volume.ts';
import { type CaseDescription, type PreparedCase, writeCase } from './prepared-case.ts';

/** A patient as read: CT and, per ROI of the bundle, a function that makes its mask on a grid, if the patient has the ROI. */
export interface RawCase {
  readonly id: string;
  readonly volume: Volume;
  /** The mask on a grid with the CT's slices and any pixels, or undefined where the patient lacks the ROI. */
  readonly rois: readonly (((grid: Grid) => Mask) | undefined)[];
  /** By the name of the modality; those that the patient lacks are left out. */
  readonly modalities?: ReadonlyMap<string, PlacedImage>;
}

/** Brings a patient to the network's grid and writes it to the cache. */
export async function prepareCase(
  raw: RawCase,
  input: NetworkInput,
  margin: number,
  directory: string,
): Promise<PreparedCase> {
  const { grid } = raw.volume;
  const body = findBody(raw.volume);
  const network = networkGrid(grid, fieldCentre(grid, body, input), input, margin);
  // Contours are filled on the network's own pixels: filling them on coarse CT pixels first would leave steps.
  const inPlane: Grid = { ...network, size: [network.size[0], network.size[1], grid.size[2]], z: grid.z };
  const masks = raw.rois.map((maskOn) => maskOn && maskToNetwork(maskOn(inPlane), network, sharp(input)));
  const modalities = (input.modalities ?? []).map(({ name }) => {
    const placed = raw.modalities?.get(name);
    const statistics = placed && tissueStatistics(placed, raw.volume, body);
    if (placed === undefined || statistics === undefined) return undefined;
    return {
      values: modalityOnGrid(placed, network, statistics),
      fit: registrationFit(placed, raw.volume, body) ?? null,
    };
  });
  const about = {
    id: raw.id,
    margin,
    ctSlices: grid.size[2],
    ct: ctAppearance(raw.volume, body),
    rois: raw.rois.map((maskOn) => (maskOn === undefined ? null : contouredRoi(maskOn(grid), body))),
  };
  const ofModalities = { modalities: modalities.map((one) => (one === undefined ? null : { fit: one.fit })) };
  return writeCase(
    directory,
    modalities.length === 0 ? about : { ...about, ...ofModalities },
    { ...toNetworkHu(raw.volume, network, input), modalities: modalities.map((one) => one?.values) },
    masks,
  );
}

/** The figures of an ROI for the bundle's ranges. An ROI too small for one voxel counts as missing. */
function contouredRoi(mask: Mask, body: Body): CaseDescription['rois'][number] {
  const found = components(mask.voxels, mask.grid.size).count;
  return found === 0 ? null : { volumeCm3: maskVolumeCm3(mask), components: found, place: placeInBody(mask, body) };
}

/** The input without `resolutionMm`: averaging is for HU, not for masks. */
export function sharp(input: NetworkInput): NetworkInput {
  const copy = { ...input };
  delete copy.resolutionMm;
  return copy;
}
