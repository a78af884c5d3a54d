import { ContourNodeError } from '../../src/errors.ts';
import { archiveCases } from '../archive/archive-cases.ts';
import type { ArchiveCase, LeftOut } from '../archive/match-cases.ts';
import { namedRoi, readCase } from '../archive/read-case.ts';
import { fits, type RoiPatterns } from '../archive/roi-patterns.ts';
import { rasterise } from '../contours/rasterise.ts';
import type { NetworkInput } from '../volume/preprocess.ts';
import type { Grid, Mask } from '../volume/volume.ts';
import { phantomCase, phantomName } from './phantom-cases.ts';
import type { RawCase } from './prepare-case.ts';
import { split, type Side } from './split.ts';
import type { TrainingConfig } from './training-config.ts';

/** A case, with the function that makes it when the cache does not have it. */
export interface PlannedCase {
  /** Name without patient data. */
  readonly id: string;
  /** Folder in the cache. */
  readonly key: string;
  readonly side: Side;
  /** Folder within the archive, or the phantom's name. */
  readonly place: string;
  readonly patient: string;
  /** Series Instance UID of the CT; absent for a phantom. */
  readonly seriesInstanceUid?: string;
  readonly load: () => Promise<RawCase>;
}

/** Who is trained on and who is set aside, before anything is prepared. */
export interface CasePlan {
  readonly cases: readonly PlannedCase[];
  /** Patients that the training does not look at (`data.testShare`). */
  readonly testPatients: number;
  readonly leftOut: readonly LeftOut[];
  /** Names of ROIs in the archive that belong to no ROI of the bundle, with the number of structure sets that have each. */
  readonly otherRois: ReadonlyMap<string, number>;
}

/** After each file of the archive whose header was read. */
type OnFile = (done: number, total: number) => void;

/** @throws ContourNodeError as archiveCases and split; TRAINING_DATA an ROI that nobody has */
export async function planCases(config: TrainingConfig, archive: string, onFile?: OnFile): Promise<CasePlan> {
  return config.data.source === 'phantom'
    ? { cases: phantoms(config, config.data), testPatients: 0, leftOut: [], otherRois: new Map() }
    : dicomPlan(config, config.data, archive, onFile);
}

function phantoms(config: TrainingConfig, data: Extract<TrainingConfig['data'], { source: 'phantom' }>): PlannedCase[] {
  const names = config.rois.map(({ name }) => name);
  return Array.from({ length: data.training + data.validation }, (_, index) => {
    const seed = data.firstSeed + index;
    const size = data.sizes[index % data.sizes.length] ?? 512;
    const withMr = data.mr === true && (index + 1) % (data.ctAloneEvery ?? Infinity) !== 0;
    const id = phantomName(seed, size, withMr);
    const side = index < data.training ? 'training' : 'validation';
    return {
      id,
      key: id,
      side,
      place: id,
      patient: id,
      load: async () => phantomCase(seed, size, names, config.input, withMr),
    };
  });
}

async function dicomPlan(
  { rois, training, input }: TrainingConfig,
  data: Extract<TrainingConfig['data'], { source: 'dicom' }>,
  archive: string,
  onFile?: OnFile,
): Promise<CasePlan> {
  const { cases, leftOut } = await archiveCases(archive, rois, { patients: data.patients, ...(onFile && { onFile }) });
  const otherRois = namesOfNoRoi(cases, rois);
  checkEveryRoi(cases, rois, otherRois);
  const sided = split(cases, data, training.seed);
  return {
    cases: sided.flatMap(({ case: one, side }) =>
      side === undefined || side === 'test' ? [] : [planned(one, side, rois, input)],
    ),
    testPatients: new Set(sided.filter(({ side }) => side === 'test').map(({ case: { patient } }) => patient)).size,
    leftOut: [
      ...leftOut,
      ...sided.filter(({ side }) => side === undefined).map(({ case: one }) => ({ ...one, error: inNeitherList() })),
    ],
    otherRois,
  };
}

function planned(
  one: ArchiveCase,
  side: Side,
  rois: readonly RoiPatterns[],
  { modalities: beside = [] }: NetworkInput,
): PlannedCase {
  const wanted = new Set(beside.map(({ name }) => name));
  const { id, place, patient, seriesInstanceUid, content } = one;
  const load = async (): Promise<RawCase> => {
    const { volume, rois: found, modalities } = await readCase(one, wanted);
    const masks = rois.map((roi) => {
      const contours = namedRoi(found, roi)?.contours;
      return contours && ((grid: Grid): Mask => rasterise(contours, grid));
    });
    return { id, volume, rois: masks, modalities: new Map(modalities.map((given) => [given.name, given])) };
  };
  return { id, key: `${id}-${content}`, side, place, patient, seriesInstanceUid, load };
}

function namesOfNoRoi(cases: readonly ArchiveCase[], rois: readonly RoiPatterns[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { roiNames } of cases) {
    for (const name of new Set(roiNames)) {
      if (!rois.some((roi) => fits(name, roi))) counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  return new Map([...counts].toSorted(([, a], [, b]) => b - a));
}

/** A channel without training data would give random contours. */
function checkEveryRoi(
  cases: readonly ArchiveCase[],
  rois: readonly RoiPatterns[],
  otherRois: ReadonlyMap<string, number>,
): void {
  const absent = rois.filter((roi) => !cases.some(({ roiNames }) => roiNames.some((name) => fits(name, roi))));
  if (absent.length === 0) return;
  const names = [...otherRois.keys()].slice(0, 12).join(', ');
  throw new ContourNodeError(
    'TRAINING_DATA',
    `no structure set of the archive has ${absent.map(({ name }) => name).join(', ')}; its other ROIs: ${names || 'none'}`,
    { remedy: 'correct the patterns of the ROI in the training configuration, or remove the ROI' },
  );
}

function inNeitherList(): ContourNodeError {
  return new ContourNodeError('TRAINING_DATA', 'in neither of data.training and data.validation', {
    remedy: 'name the patient in one of the lists',
  });
}
