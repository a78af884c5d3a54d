import { generatePhantom } from '../phantom/generate-phantom.ts';
import { maskToNetwork, type NetworkInput } from '../volume/preprocess.ts';
import { type RawCase, sharp } from './prepare-case.ts';

/**
 * A generated patient as training data.
 * @param size pixels of the CT's matrix
 * @param names ROIs of the bundle; a name that phantoms do not have counts as missing
 * @param withMr an MR for every modality of the input
 */
export function phantomCase(
  seed: number,
  size: number,
  names: readonly string[],
  input: NetworkInput,
  withMr = false,
): RawCase {
  const { volume, truth, mr } = generatePhantom(seed, { size, ...(withMr && { mr: true }) });
  const inPlane: NetworkInput = { ...sharp(input), sliceSpacingMm: null };
  const rois = names.map((name): RawCase['rois'][number] => {
    const mask = truth.find((structure) => structure.name === name)?.mask;
    return mask && ((grid) => (grid === mask.grid ? mask : maskToNetwork(mask, grid, inPlane)));
  });
  const modalities = new Map(mr && (input.modalities ?? []).map(({ name }) => [name, mr]));
  return { id: phantomName(seed, size, withMr), volume, rois, modalities };
}

export function phantomName(seed: number, size: number, withMr: boolean): string {
  return `phantom-${seed}-${size}${withMr ? '-mr' : ''}`;
}
