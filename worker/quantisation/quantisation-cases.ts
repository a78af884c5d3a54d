import type { BundleManifest } from '../../src/bundles/manifest.ts';
import { archiveCases } from '../archive/archive-cases.ts';
import { archivedRois, referenceMasks } from '../archive/archived-rois.ts';
import type { LeftOut } from '../archive/match-cases.ts';
import { readCase } from '../archive/read-case.ts';
import { generatePhantom } from '../phantom/generate-phantom.ts';
import type { Mask, Volume } from '../volume/volume.ts';

/** A CT to calibrate on or to compare with. */
export interface QuantisationCase {
  readonly id: string;
  /** The CT and, by the name of the ROI, what a person contoured or what is known of a phantom. */
  read(): Promise<{ readonly volume: Volume; readonly references: ReadonlyMap<string, Mask> }>;
}

/**
 * The patients of an archive, under the names that the ROIs had in the training archive of the bundle.
 * @throws ContourNodeError as archiveCases
 */
export async function archivedCases(
  archive: string,
  manifest: BundleManifest,
  onFile?: (done: number, total: number) => void,
): Promise<{ cases: QuantisationCase[]; leftOut: LeftOut[] }> {
  const rois = archivedRois(manifest);
  const { cases, leftOut } = await archiveCases(archive, rois, { ...(onFile && { onFile }) });
  return {
    leftOut,
    cases: cases.map((one) => ({
      id: one.id,
      async read() {
        const { volume, rois: found } = await readCase(one);
        return { volume, references: referenceMasks(rois, found, volume.grid) };
      },
    })),
  };
}

/** Seeds that neither the shipped bundles nor the tests use. */
const firstSeed = 80_001;
const phantomMatrix = 256;

export function phantomCases(count: number): QuantisationCase[] {
  return Array.from({ length: count }, (_, n) => ({
    id: `phantom ${firstSeed + n}`,
    read: async () => {
      const { volume, truth } = generatePhantom(firstSeed + n, { size: phantomMatrix });
      return { volume, references: new Map(truth.map(({ name, mask }) => [name, mask])) };
    },
  }));
}
