import type { LoadedBundle } from '../bundles/load-bundle.ts';
import { contourVolume } from '../contour-ct.ts';
import { maskContours } from '../contours/roi-contours.ts';
import { generatePhantom } from '../phantom/generate-phantom.ts';
import { contactSheet, polygonRings } from '../pictures/contact-sheet.ts';
import { StageClock } from '../stage-clock.ts';
import { overlap } from './compare-masks.ts';
import { onGrid } from './evaluate-patient.ts';

export interface FailurePicture {
  readonly seed: number;
  /** Mean DSC over the ROIs that phantoms have. An ROI that was not found counts as 0, so that such phantoms rank as the worst. */
  readonly meanDice: number;
  /** PNG: truth red, model green. */
  readonly picture: Buffer;
}

/** Matrix of the phantoms, as fine as the tiles of the picture. */
const size = 256;

/**
 * Contours generated phantoms and returns pictures of the worst results. They show no patient.
 * @param seeds of phantoms that the bundle was not trained on
 * @param count how many pictures
 */
export async function failurePictures(
  loaded: LoadedBundle,
  seeds: readonly number[],
  count: number,
  onPhantom?: (done: number, total: number) => void,
): Promise<FailurePicture[]> {
  const results: FailurePicture[] = [];
  for (const [index, seed] of seeds.entries()) {
    const { volume, truth } = generatePhantom(seed, { size });
    const { rois } = await contourVolume(volume, loaded, { batchSize: 8, clock: new StageClock() });
    const shared = rois.flatMap((found) => {
      const structure = truth.find(({ name }) => name === found.roi.name);
      return structure === undefined ? [] : [{ found, mask: structure.mask }];
    });
    const dice = shared.map(({ found, mask }) => overlap(mask, onGrid(found.part, volume.grid)).dsc ?? 0);
    const lines = shared.flatMap(({ found, mask }) => [
      { name: `${found.roi.name} truth`, colour: [255, 40, 40] as const, rings: polygonRings(maskContours(mask)) },
      { name: `${found.roi.name} model`, colour: [60, 255, 60] as const, rings: polygonRings(found.slices) },
    ]);
    const meanDice = dice.reduce((sum, value) => sum + value, 0) / Math.max(1, dice.length);
    const title = `Phantom ${seed}: mean DSC ${meanDice.toFixed(3)}`;
    results.push({ seed, meanDice, picture: contactSheet(volume, lines, { title, planes: { axial: 4 } }) });
    onPhantom?.(index + 1, seeds.length);
  }
  return results.toSorted((a, b) => a.meanDice - b.meanDice).slice(0, count);
}
