import type { CtGeometry } from '../src/dicom/ct-geometry.ts';
import type { Warning } from '../src/warning.ts';
import type { LoadedBundle } from './bundles/load-bundle.ts';
import { contourRoi } from './inference/contour-roi.ts';
import { ctWarnings } from './inference/ct-warnings.ts';
import { infer } from './inference/infer.ts';
import { type MemberProbabilities, meanOfMembers } from './inference/mean-of-members.ts';
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
  loaded: LoadedBundle,
  { batchSize, clock }: ContourOptions,
): Promise<ContouredVolume> {
  const { manifest } = loaded.bundle;
  // Also where the field of view lies at the image's centre: a CT of nobody is refused, not searched for organs.
  const body = await clock.run('body', () => findBody(volume));
  const networks = await clock.run('resampling', () =>
    (loaded.members ?? [loaded]).map(({ bundle: { manifest: own }, engine }) => {
      const centre = fieldCentre(volume.grid, body, own.input);
      return { own, engine, seen: toNetworkHu(volume, networkGrid(volume.grid, centre, own.input), own.input) };
    }),
  );
  const probabilities = await clock.run('inference', async (report) => {
    const found: MemberProbabilities[] = [];
    for (const [index, { own, engine, seen }] of networks.entries()) {
      const probabilities = await infer(engine, seen, own, {
        batchSize,
        onSlices: (done) => report((index + done / seen.grid.size[2]) / networks.length),
        onBatch: (seconds) => clock.batchSeconds.push(seconds),
      });
      found.push({ names: own.rois.map(({ name }) => name), probabilities });
    }
    return found.length === 1
      ? found[0]!.probabilities
      : meanOfMembers(
          found,
          manifest.rois.map(({ name }) => name),
        );
  });
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
