import type { SliceManifest, VolumeManifest } from '../src/bundles/manifest.ts';
import type { CtGeometry } from '../src/dicom/ct-geometry.ts';
import type { Warning } from '../src/warning.ts';
import type { LoadedBundle } from './bundles/load-bundle.ts';
import type { Engine } from './engines/engine.ts';
import { contourRoi } from './inference/contour-roi.ts';
import { ctWarnings } from './inference/ct-warnings.ts';
import { infer } from './inference/infer.ts';
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
import type { Grid, Volume } from './volume/volume.ts';

export interface ContouredVolume {
  /** Every ROI of the bundle, in its order. */
  readonly rois: readonly JudgedRoi[];
  /** How the CT differs from those of the training; what concerns one ROI stands there. */
  readonly ctWarnings: readonly Warning[];
  readonly body: Body;
}

export interface ContouredCt extends ContouredVolume {
  readonly volume: Volume;
}

export interface ContourOptions {
  /** Slices at once through the network. */
  readonly batchSize: number;
  readonly clock: StageClock;
}

/**
 * A checked CT series and a bundle to contours: what `contour` and the contour job have in common.
 * @param ct its geometry, and a file per slice in the geometry's order
 * @throws ContourNodeError PIXEL_DECODING, DICOM_UNREADABLE, SERIES_NO_BODY, ENGINE_FAILED, BUNDLE_INVALID
 */
export async function contourCt(
  ct: { geometry: CtGeometry; files: readonly string[] },
  loaded: LoadedBundle,
  options: ContourOptions,
): Promise<ContouredCt> {
  const slices = ct.files.length;
  const volume = await options.clock.run('volume', (report) =>
    loadVolume(ct.files, ct.geometry, (done) => report(done / slices)),
  );
  return { volume, ...(await contourVolume(volume, loaded, options)) };
}

/**
 * The same for a volume in memory.
 * @throws ContourNodeError SERIES_NO_BODY, ENGINE_FAILED, BUNDLE_INVALID
 */
export async function contourVolume(
  volume: Volume,
  { bundle: { manifest }, engine }: LoadedBundle,
  { batchSize, clock }: ContourOptions,
): Promise<ContouredVolume> {
  // Also where the field of view lies at the image's centre: a CT of nobody is refused, not searched for organs.
  const body = await clock.run('body', () => findBody(volume));
  const { field, regionOf } =
    'volume' in manifest
      ? await regionsOfLabels(volume, body, manifest, engine, clock)
      : await regionsOfProbabilities(volume, body, manifest, engine, { batchSize, clock });
  const { trained } = manifest.applicability;
  return clock.run('contours', (report) => {
    const rois = manifest.rois.map((roi, index) => {
      report(index / manifest.rois.length);
      return contourRoi(roi, regionOf(index), field);
    });
    return {
      body,
      rois: judgeRois(rois, manifest, body, volume.grid.size[2]),
      ctWarnings: [
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
}

/** A network of slices: a probability per ROI on a grid of its own. */
async function regionsOfProbabilities(
  volume: Volume,
  body: Body,
  manifest: SliceManifest,
  engine: Engine,
  { batchSize, clock }: ContourOptions,
): Promise<Regions> {
  const network = await clock.run('resampling', () => {
    const centre = fieldCentre(volume.grid, body, manifest.input);
    return toNetworkHu(volume, networkGrid(volume.grid, centre, manifest.input), manifest.input);
  });
  const probabilities = await clock.run('inference', (report) =>
    infer(engine, network, manifest, {
      batchSize,
      onSlices: (done) => report(done / network.grid.size[2]),
      onBatch: (seconds) => clock.batchSeconds.push(seconds),
    }),
  );
  return {
    field: probabilities.grid,
    regionOf: (roi) => roiRegion(probabilities, roi, volume.grid, manifest.rois[roi]!.threshold),
  };
}

/** Beyond the body's box a nose or an ear may lie, which the box leaves out, and the skin that an ROI follows. */
const aroundBodyMm = 30;

/** A network of the whole CT: one label a voxel. Patches that do not meet the body are left out. */
async function regionsOfLabels(
  volume: Volume,
  body: Body,
  { volume: section }: VolumeManifest,
  engine: Engine,
  clock: StageClock,
): Promise<Regions> {
  const [low, high] = [body.low.map((at) => at - aroundBodyMm), body.high.map((at) => at + aroundBodyMm)];
  const extent = { low: low as unknown as Triple, high: high as unknown as Triple };
  const image = await clock.run('resampling', () => prepareImage(volume, section, extent));
  const map = await clock.run('inference', (report) =>
    segmentVolume(engine, volume.grid, image, section, (done, total, seconds) => {
      report(done / total);
      clock.batchSeconds.push(seconds);
    }),
  );
  const boxes = labelBoxes(map);
  return { field: volume.grid, regionOf: (roi) => labelRegion(map, boxes, section.labels[roi]!) };
}

/** Every warning of a drawing, in the job's words: those of an ROI begin with its name. */
export function allWarnings({ rois, ctWarnings: ofCt }: ContouredVolume): Warning[] {
  const ofRois = rois.flatMap(({ roi, warnings }) =>
    warnings.map(({ code, text }) => ({ code, text: `${roi.name}: ${text}` })),
  );
  return [...ofCt, ...ofRois];
}
