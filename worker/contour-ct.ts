import { modalitiesOf, type SliceManifest, sliceManifestOf, type VolumeManifest } from '../src/bundles/manifest.ts';
import type { CtGeometry, SlicePlanes } from '../src/dicom/ct-geometry.ts';
import type { SliceSource } from '../src/dicom/slice-source.ts';
import { ContourNodeError } from '../src/errors.ts';
import type { Warning } from '../src/warning.ts';
import type { InputUse } from '../src/work/work-result.ts';
import type { LoadedBundle } from './bundles/load-bundle.ts';
import type { Engine } from './engines/engine.ts';
import { contourRoi } from './inference/contour-roi.ts';
import { ctWarnings } from './inference/ct-warnings.ts';
import { infer, type Probabilities } from './inference/infer.ts';
import { type GivenModality, type PreparedModality, prepareModalities } from './inference/modality-inputs.ts';
import { type MemberProbabilities, meanOfMembers } from './inference/mean-of-members.ts';
import { bodyPartWarnings, judgeRois, type JudgedRoi } from './inference/roi-warnings.ts';
import { roiRegion, type RoiRegion } from './inference/roi-region.ts';
import { labelBoxes, labelRegion } from './segmentation/label-region.ts';
import type { Triple } from './segmentation/model-view.ts';
import { prepareImage, segmentVolume } from './segmentation/segment-volume.ts';
import type { StageClock } from './stage-clock.ts';
import { type Body, findBody } from './volume/body.ts';
import { ctAppearance } from './volume/ct-appearance.ts';
import { loadVolume } from './volume/load-volume.ts';
import { fieldCentre, networkGrid, toNetworkHu } from './volume/preprocess.ts';
import type { PlacedImage } from './volume/modality-image.ts';
import { onTiltedPlanes, uprightVolume } from './volume/upright.ts';
import type { Grid, Volume } from './volume/volume.ts';

export interface ContouredVolume {
  /** Every ROI of the bundle, in its order. */
  readonly rois: readonly JudgedRoi[];
  /** How the CT differs from the training CTs. Warnings about one ROI stand with the ROI. */
  readonly ctWarnings: readonly Warning[];
  readonly body: Body;
  /** What became of the images beside the CT that the network takes. */
  readonly inputs: readonly InputUse[];
  /** Those that were used, at their place on an upright CT; none of a CT that leans. */
  readonly beside: readonly NamedImage[];
}

/** An image beside the CT under the name of the bundle's input. */
export type NamedImage = PlacedImage & Pick<GivenModality, 'name'>;

export interface ContouredCt extends ContouredVolume {
  readonly volume: Volume;
}

/** A checked CT series on disk: its geometry, and a file or frame per slice in the geometry's order. */
export interface CtFiles {
  readonly geometry: CtGeometry;
  readonly files: readonly SliceSource[];
  /** Images beside the CT. */
  readonly inputs?: readonly GivenModality[];
}

export interface ContourOptions {
  /** Slices at once through the network. */
  readonly batchSize: number;
  readonly clock: StageClock;
}

/**
 * One CT to contours: reads the voxels of a checked series, runs the bundle's network and traces the contours of every ROI.
 * The command `contour` and the contour job both call it.
 * @throws ContourNodeError PIXEL_DECODING, DICOM_UNREADABLE, SERIES_NO_BODY, ENGINE_FAILED, BUNDLE_INVALID
 */
export async function contourCt(ct: CtFiles, loaded: LoadedBundle, options: ContourOptions): Promise<ContouredCt> {
  const volume = await readCt(ct, options.clock);
  return {
    volume,
    ...(await contourVolume(volume, loaded, options, { planes: ct.geometry.planes, inputs: ct.inputs })),
  };
}

/** @throws ContourNodeError PIXEL_DECODING, DICOM_UNREADABLE */
export async function readCt({ geometry, files }: CtFiles, clock: StageClock): Promise<Volume> {
  return clock.run('volume', (report) => loadVolume(files, geometry, (done) => report(done / files.length)));
}

/** What is known of a volume besides its voxels. */
export interface VolumeFacts {
  /** Where its slices lie, if they do not lie one above the other. */
  readonly planes?: SlicePlanes | undefined;
  /** The body, where it was found before. */
  readonly body?: Body;
  /** Images beside the CT. */
  readonly inputs?: readonly GivenModality[] | undefined;
}

/**
 * The same for a volume in memory. The network sees a tilted stack upright, and the contours come back in the tilted planes.
 * @throws ContourNodeError SERIES_NO_BODY, ENGINE_FAILED, BUNDLE_INVALID
 */
export async function contourVolume(
  volume: Volume,
  loaded: LoadedBundle,
  { batchSize, clock }: ContourOptions,
  { planes, body: known, inputs = [] }: VolumeFacts = {},
): Promise<ContouredVolume> {
  const { manifest } = loaded.bundle;
  const tilted = planes?.tilted === true ? planes : undefined;
  // Also where the field of view lies at the image's centre, so that a CT without a patient is refused.
  const body = known ?? (await clock.run('body', () => findBody(volume)));
  const { field, regionOf, modalities } =
    'volume' in manifest
      ? await regionsOfLabels({ volume, body, inputs, tilted }, manifest, loaded.engine, clock)
      : await regionsOfProbabilities({ volume, body, inputs, tilted }, manifest, loaded, { batchSize, clock });
  const { trained } = manifest.applicability;
  return clock.run('contours', (report) => {
    const rois = manifest.rois.map((roi, index) => {
      report(index / manifest.rois.length);
      return contourRoi(roi, regionOf(index), field);
    });
    return {
      body,
      inputs: modalities.map(({ use }) => use),
      beside: modalities.flatMap(({ use, placed }) =>
        placed === undefined || tilted !== undefined ? [] : [{ ...placed, name: use.name }],
      ),
      rois: judgeRois(rois, manifest, body, volume.grid.size[2]),
      ctWarnings: [
        ...modalities.flatMap(({ warnings }) => warnings),
        ...(trained === undefined ? [] : ctWarnings(ctAppearance(volume, body, trained.tissueClassesHu), trained)),
        ...bodyPartWarnings(rois, manifest),
      ],
    };
  });
}

/** Where each ROI can be on the CT's grid, and what the network saw in plane. */
interface Regions {
  readonly field: Grid;
  readonly regionOf: (roi: number) => RoiRegion | undefined;
  /** Each once, also where several networks see it. */
  readonly modalities: readonly PreparedModality[];
}

/** What a network gets. */
interface Patient {
  readonly volume: Volume;
  readonly body: Body;
  readonly inputs: readonly GivenModality[];
  readonly tilted: SlicePlanes | undefined;
}

/** A network of slices, or an ensemble of them: a probability per ROI on the grid of the (first) network. */
async function regionsOfProbabilities(
  { volume, body, inputs, tilted }: Patient,
  manifest: SliceManifest,
  loaded: LoadedBundle,
  options: ContourOptions,
): Promise<Regions> {
  const upright = tilted === undefined ? volume : uprightVolume(volume, tilted);
  const there = { volume: upright, body: tilted === undefined ? body : findBody(upright), inputs };
  const { probabilities: seen, modalities } = await roiProbabilities(there, loaded, options);
  const probabilities = tilted === undefined ? seen : onTiltedPlanes(seen, volume.grid, tilted);
  return {
    field: probabilities.grid,
    modalities,
    regionOf: (roi) => roiRegion(probabilities, roi, volume.grid, manifest.rois[roi]!.threshold),
  };
}

/**
 * Probabilities of the bundle's ROIs in an upright volume, on the grid of its (first) network; of an ensemble the mean.
 * @throws ContourNodeError ENGINE_FAILED, BUNDLE_INVALID (also a network of the whole CT, which gives labels)
 */
export async function roiProbabilities(
  { volume, body, inputs }: Omit<Patient, 'tilted'>,
  loaded: LoadedBundle,
  { batchSize, clock }: ContourOptions,
): Promise<{ readonly probabilities: Probabilities; readonly modalities: readonly PreparedModality[] }> {
  const { networks, modalities } = await clock.run('resampling', () => {
    const prepared = new Map<string, PreparedModality>();
    const seenBy = (loaded.members ?? [loaded]).map(({ bundle, engine }) => {
      const own = sliceManifestOf(bundle.manifest);
      const wanted = own.input.modalities ?? [];
      // What one network does without another may need.
      const isWithout = (name: string): boolean => prepared.get(name)?.placed === undefined;
      const fresh = wanted.filter(
        ({ name, mayBeMissing }) => !prepared.has(name) || (isWithout(name) && !mayBeMissing),
      );
      for (const one of prepareModalities(fresh, inputs, volume, body)) prepared.set(one.use.name, one);
      const grid = networkGrid(volume.grid, fieldCentre(volume.grid, body, own.input), own.input);
      const hu = {
        ...toNetworkHu(volume, grid, own.input),
        modalities: wanted.map(({ name }) => prepared.get(name)?.onGrid(grid)),
      };
      return { own, engine, hu };
    });
    return { networks: seenBy, modalities: [...prepared.values()] };
  });
  const probabilities = await clock.run('inference', async (report) => {
    const found: MemberProbabilities[] = [];
    for (const [index, { own, engine, hu }] of networks.entries()) {
      const probabilities = await infer(engine, hu, own, {
        batchSize,
        onSlices: (done) => report((index + done / hu.grid.size[2]) / networks.length),
        onBatch: (seconds) => clock.batchSeconds.push(seconds),
      });
      found.push({ names: own.rois.map(({ name }) => name), probabilities });
    }
    const names = loaded.bundle.manifest.rois.map(({ name }) => name);
    return found.length === 1 ? found[0]!.probabilities : meanOfMembers(found, names);
  });
  return { probabilities, modalities };
}

/** A nose or an ear may lie beyond the body's box, and so does the skin that an ROI follows. */
const aroundBodyMm = 30;

/**
 * A network of the whole CT: one label a voxel. Patches that do not meet the body are left out.
 * @throws ContourNodeError SERIES_GANTRY_TILT the labels of an upright grid have no values in the tilted planes
 */
async function regionsOfLabels(
  { volume, body, inputs, tilted }: Patient,
  manifest: VolumeManifest,
  engine: Engine,
  clock: StageClock,
): Promise<Regions> {
  const { name, volume: section } = manifest;
  if (tilted !== undefined) {
    throw new ContourNodeError(
      'SERIES_GANTRY_TILT',
      `${name}, a network of the whole CT, does not take a gantry tilt`,
      {
        remedy: 'reconstruct an axial series without gantry tilt, or contour with a network of slices',
      },
    );
  }
  const [low, high] = [body.low.map((at) => at - aroundBodyMm), body.high.map((at) => at + aroundBodyMm)];
  const extent = { low: low as unknown as Triple, high: high as unknown as Triple };
  const { image, modalities } = await clock.run('resampling', () => {
    const prepared = prepareModalities(modalitiesOf(manifest) ?? [], inputs, volume, body);
    const placed = prepared.flatMap((one) => one.placed ?? []);
    return { image: prepareImage(volume, section, extent, placed), modalities: prepared };
  });
  const map = await clock.run('inference', (report) =>
    segmentVolume(engine, volume.grid, image, section, (done, total, seconds) => {
      report(done / total);
      clock.batchSeconds.push(seconds);
    }),
  );
  const boxes = labelBoxes(map);
  return { field: volume.grid, modalities, regionOf: (roi) => labelRegion(map, boxes, section.labels[roi]!) };
}

/** All warnings of a contoured CT; the text of a warning about an ROI begins with the ROI's name. */
export function allWarnings({ rois, ctWarnings: ofCt }: ContouredVolume): Warning[] {
  const ofRois = rois.flatMap(({ roi, warnings }) =>
    warnings.map(({ code, text }) => ({ code, text: `${roi.name}: ${text}` })),
  );
  return [...ofCt, ...ofRois];
}
