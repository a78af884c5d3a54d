import type { CtGeometry } from '../src/dicom/ct-geometry.ts';
import type { Warning } from '../src/warning.ts';
import type { LoadedBundle } from './bundles/load-bundle.ts';
import { contourRoi } from './inference/contour-roi.ts';
import { ctWarnings } from './inference/ct-warnings.ts';
import { infer } from './inference/infer.ts';
import { bodyPartWarnings, judgeRois, type JudgedRoi } from './inference/roi-warnings.ts';
import type { StageClock } from './stage-clock.ts';
import { type Body, findBody } from './volume/body.ts';
import { ctAppearance } from './volume/ct-appearance.ts';
import { loadVolume } from './volume/load-volume.ts';
import { fieldCentre, networkGrid, toNetworkHu } from './volume/preprocess.ts';
import type { Volume } from './volume/volume.ts';

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

/** A checked CT series on disk: its geometry, and a file per slice in the geometry's order. */
export interface CtFiles {
  readonly geometry: CtGeometry;
  readonly files: readonly string[];
}

export interface ContourOptions {
  /** Slices at once through the network. */
  readonly batchSize: number;
  readonly clock: StageClock;
}

/**
 * A checked CT series and a bundle to contours: what `contour` and the contour job have in common.
 * @throws ContourNodeError PIXEL_DECODING, DICOM_UNREADABLE, SERIES_NO_BODY, ENGINE_FAILED, BUNDLE_INVALID
 */
export async function contourCt(ct: CtFiles, loaded: LoadedBundle, options: ContourOptions): Promise<ContouredCt> {
  const volume = await readCt(ct, options.clock);
  return { volume, ...(await contourVolume(volume, loaded, options)) };
}

/** @throws ContourNodeError PIXEL_DECODING, DICOM_UNREADABLE */
export async function readCt({ geometry, files }: CtFiles, clock: StageClock): Promise<Volume> {
  return clock.run('volume', (report) => loadVolume(files, geometry, (done) => report(done / files.length)));
}

/**
 * The same for a volume in memory.
 * @param known the body, where it was found before
 * @throws ContourNodeError SERIES_NO_BODY, ENGINE_FAILED, BUNDLE_INVALID
 */
export async function contourVolume(
  volume: Volume,
  { bundle: { manifest }, engine }: LoadedBundle,
  { batchSize, clock }: ContourOptions,
  known?: Body,
): Promise<ContouredVolume> {
  // Also where the field of view lies at the image's centre: a CT of nobody is refused, not searched for organs.
  const body = known ?? (await clock.run('body', () => findBody(volume)));
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
  const { trained } = manifest.applicability;
  return clock.run('contours', (report) => {
    const rois = manifest.rois.map((_, index) => {
      report(index / manifest.rois.length);
      return contourRoi(probabilities, volume.grid, manifest, index);
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

/** Every warning of a drawing, in the job's words: those of an ROI begin with its name. */
export function allWarnings({ rois, ctWarnings: ofCt }: ContouredVolume): Warning[] {
  const ofRois = rois.flatMap(({ roi, warnings }) =>
    warnings.map(({ code, text }) => ({ code, text: `${roi.name}: ${text}` })),
  );
  return [...ofCt, ...ofRois];
}
