import { type BundleManifest, modalitiesOf } from '../../src/bundles/manifest.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { archiveCases } from '../archive/archive-cases.ts';
import { archivedRois, referenceMasks } from '../archive/archived-rois.ts';
import type { LeftOut } from '../archive/match-cases.ts';
import { readCase } from '../archive/read-case.ts';
import type { GivenModality } from '../inference/modality-inputs.ts';
import { generatePhantom } from '../phantom/generate-phantom.ts';
import type { Mask, Volume } from '../volume/volume.ts';

/** A CT to calibrate on or to compare with. */
export interface QuantisationCase {
  readonly id: string;
  read(): Promise<{
    readonly volume: Volume;
    /** What the network sees beside the CT, all of it. */
    readonly inputs: readonly GivenModality[];
    /** By the name of the ROI, what a person contoured or what is known of a phantom. */
    readonly references: ReadonlyMap<string, Mask>;
  }>;
}

/**
 * The patients of an archive, under the names that the ROIs had in the training archive of the bundle. Of a bundle that sees more
 * than the CT those that have all of it: without, the values that it makes of an MR would have no range.
 * @throws ContourNodeError as archiveCases; TRAINING_DATA none has what the bundle sees
 */
export async function archivedCases(
  archive: string,
  manifest: BundleManifest,
  onFile?: (done: number, total: number) => void,
): Promise<{ cases: QuantisationCase[]; leftOut: LeftOut[] }> {
  const rois = archivedRois(manifest);
  const wanted = modalitiesOf(manifest) ?? [];
  const { cases, leftOut } = await archiveCases(archive, rois, { ...(onFile && { onFile }) });
  const whole = cases.filter(({ modalities }) => modalities.length >= wanted.length);
  const names = wanted.map(({ name }) => name).join(' and ');
  const lacking = cases.filter((one) => !whole.includes(one));
  if (whole.length === 0) {
    throw new ContourNodeError(
      'TRAINING_DATA',
      `no patient below ${archive} has the ${names} that ${manifest.name} sees`,
      {
        remedy: `put the ${names} of the patients beside their CT, with its registration`,
      },
    );
  }
  return {
    leftOut: [
      ...leftOut,
      ...lacking.map(({ id, place }) => {
        return { id, place, error: new ContourNodeError('TRAINING_DATA', `there is no ${names} beside the CT`) };
      }),
    ],
    cases: whole.map((one) => ({
      id: one.id,
      async read() {
        const { volume, rois: found, modalities } = await readCase(one, new Set(wanted.map(({ name }) => name)));
        return { volume, inputs: modalities, references: referenceMasks(rois, found, volume.grid) };
      },
    })),
  };
}

/** Seeds that neither the shipped bundles nor the tests use. */
const firstSeed = 80_001;
const phantomMatrix = 256;

/** Phantoms, with an MR for every image that the bundle sees beside the CT. */
export function phantomCases(count: number, manifest: BundleManifest): QuantisationCase[] {
  const wanted = modalitiesOf(manifest) ?? [];
  return Array.from({ length: count }, (_, n) => ({
    id: `phantom ${firstSeed + n}`,
    read: async () => {
      const options = { size: phantomMatrix, ...(wanted.length > 0 && { mr: true as const }) };
      const { volume, truth, mr } = generatePhantom(firstSeed + n, options);
      const inputs = wanted.map(({ name }) => ({ ...mr!, name, how: 'registration' as const }));
      return { volume, inputs, references: new Map(truth.map(({ name, mask }) => [name, mask])) };
    },
  }));
}
