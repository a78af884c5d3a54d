import type { MatchedRoi } from '../../src/dicom/rtstruct/match-to-ct.ts';
import type { ArchiveCase } from '../archive/match-cases.ts';
import { archivedRois } from '../archive/archived-rois.ts';
import { namedRoi, readCase } from '../archive/read-case.ts';
import type { RoiPatterns } from '../archive/roi-patterns.ts';
import type { Warning } from '../../src/warning.ts';
import { type LoadedBundle, modalitiesSeen } from '../bundles/load-bundle.ts';
import { allWarnings, contourVolume } from '../contour-ct.ts';
import { rasterise } from '../contours/rasterise.ts';
import type { RoiPart } from '../inference/contour-roi.ts';
import { contactSheet, contourRings, polygonRings, type PictureRoi } from '../pictures/contact-sheet.ts';
import type { Colour } from '../pictures/picture.ts';
import { StageClock } from '../stage-clock.ts';
import type { Grid, Mask } from '../volume/volume.ts';
import { compareMasks, type Comparison } from './compare-masks.ts';
import { type InputVariant, inputsOf } from './input-variant.ts';

/** One ROI of one patient, contoured by one model and by a person. */
export interface EvaluationRow {
  /** Pseudonym of the patient's folder. */
  readonly patient: string;
  readonly roi: string;
  readonly model: string;
  readonly comparison: Comparison;
}

export interface EvaluatedModel extends LoadedBundle {
  /** Its name in rows, tables and figures, unique in the evaluation. */
  readonly label: string;
  readonly colour: Colour;
  /** Of a model that gets the images beside the CT otherwise than they are. */
  readonly variant?: InputVariant;
}

/** What one model gave for one patient besides the contours. */
export interface ModelRun {
  readonly model: string;
  /** The worker's warnings; see docs/validation.md. */
  readonly warnings: readonly Warning[];
  /** Time in the network, both passes of a flip average included. */
  readonly millisecondsPerSlice: number;
}

export interface EvaluatedPatient {
  readonly rows: readonly EvaluationRow[];
  readonly runs: readonly ModelRun[];
  /** PNG. */
  readonly overlay: Buffer;
}

/** DESIGN section 8: manual red, Deeplabv3+ green, U-Net blue. */
const referenceColour: Colour = [255, 40, 40];

/**
 * Contours one patient with every model, on the CT's own grid and with the bundle's clean-up, and compares the ROIs with the
 * structure set of the archive. An ROI that the structure set lacks gives no row.
 * @param patterns names of the ROIs in the archive, where they differ from those in the bundle and in its training
 * @throws ContourNodeError as readCase, namedRoi and contourVolume
 */
export async function evaluatePatient(
  patient: ArchiveCase,
  models: readonly EvaluatedModel[],
  options: { patterns: readonly RoiPatterns[]; toleranceMm: number; batchSize: number },
): Promise<EvaluatedPatient> {
  const wanted = new Set(models.flatMap(modalitiesSeen).map(({ name }) => name));
  const { volume, rois, modalities } = await readCase(patient, wanted);
  const { grid } = volume;
  const references = new Map<string, MatchedRoi>();
  const lines: PictureRoi[] = [];
  const rows: EvaluationRow[] = [];
  const runs: ModelRun[] = [];
  for (const model of models) {
    const clock = new StageClock();
    const found = await contourVolume(
      volume,
      model,
      { batchSize: options.batchSize, clock },
      { inputs: inputsOf(model.variant, modalities) },
    );
    const seconds = clock.timings.find(({ stage }) => stage === 'inference')?.seconds ?? 0;
    runs.push({
      model: model.label,
      warnings: allWarnings(found),
      millisecondsPerSlice: (seconds * 1000) / grid.size[2],
    });
    const archived = archivedRois(model.bundle.manifest, options.patterns);
    for (const [index, { roi, part, slices }] of found.rois.entries()) {
      const reference = namedRoi(rois, archived[index]!);
      if (reference === undefined) continue;
      references.set(roi.name, reference);
      const comparison = compareMasks(rasterise(reference.contours, grid), onGrid(part, grid), options.toleranceMm);
      rows.push({ patient: patient.id, roi: roi.name, model: model.label, comparison });
      lines.push({
        name: `${roi.name} ${model.label}`,
        colour: model.colour,
        rings: polygonRings(slices),
      });
    }
  }
  const manual = [...references].map(([name, { contours }]) => ({
    name: `${name} manual`,
    colour: referenceColour,
    rings: contourRings(contours, grid),
  }));
  return { rows, runs, overlay: contactSheet(volume, [...manual, ...lines]) };
}

/** A part of the CT grid as a mask of the whole. */
export function onGrid(part: RoiPart | undefined, grid: Grid): Mask {
  const [nx, ny, nz] = grid.size;
  const voxels = new Uint8Array(nx * ny * nz);
  if (part !== undefined) {
    const [width, height, depth] = part.mask.grid.size;
    for (let row = 0; row < height * depth; row++) {
      const k = part.slice + Math.floor(row / height);
      const j = part.row + (row % height);
      voxels.set(part.mask.voxels.subarray(row * width, (row + 1) * width), (k * ny + j) * nx + part.column);
    }
  }
  return { grid, voxels };
}
