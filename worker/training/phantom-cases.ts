import { generatePhantom } from '../phantom/generate-phantom.ts';
import { maskToNetwork, type NetworkInput } from '../volume/preprocess.ts';
import { type RawCase, sharp } from './prepare-case.ts';

/**
 * A generated patient as training data.
 * @param size pixels of the CT's matrix
 * @param names ROIs of the bundle; a name that phantoms do not have counts as missing
 */
export function phantomCase(seed: number, size: number, names: readonly string[], input: NetworkInput): RawCase {
  const { volume, truth } = generatePhantom(seed, { size });
  const inPlane: NetworkInput = { ...sharp(input), sliceSpacingMm: null };
  const rois = names.map((name): RawCase['rois'][number] => {
    const mask = truth.find((structure) => structure.name === name)?.mask;
    return mask && ((grid) => (grid === mask.grid ? mask : maskToNetwork(mask, grid, inPlane)));
  });
  return { id: `phantom-${seed}-${size}`, volume, rois };
}
