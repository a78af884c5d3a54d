import { readFile } from 'node:fs/promises';
import { readCtFolder } from '../../src/dicom/read-ct-folder.ts';
import { matchToCt, type MatchedRoi, referencedCt } from '../../src/dicom/rtstruct/match-to-ct.ts';
import { readRtstruct } from '../../src/dicom/rtstruct/read-rtstruct.ts';
import { ContourNodeError } from '../../src/errors.ts';
import type { GivenModality } from '../inference/modality-inputs.ts';
import { loadVolume } from '../volume/load-volume.ts';
import type { Volume } from '../volume/volume.ts';
import type { ArchiveCase } from './match-cases.ts';
import { readModalities } from './modality-series.ts';
import { fits, type RoiPatterns } from './roi-patterns.ts';

export interface ReadCase {
  readonly volume: Volume;
  /** Every ROI of the structure set that has contours in the CT. */
  readonly rois: readonly MatchedRoi[];
  /** Images beside the CT. */
  readonly modalities: readonly GivenModality[];
}

/**
 * CT and structure set of a case.
 * @param wanted names of the inputs that are seen beside the CT
 * @throws ContourNodeError what reading CT, structure set and modalities throws
 */
export async function readCase(
  { ctFiles, rtstruct, modalities }: ArchiveCase,
  wanted: ReadonlySet<string> = new Set(),
): Promise<ReadCase> {
  const { series, sources } = await readCtFolder(ctFiles);
  const volume = await loadVolume(sources, series.geometry);
  const { rois } = matchToCt(readRtstruct(await readFile(rtstruct)), referencedCt(series));
  return {
    volume,
    rois: rois.filter((roi) => roi.contours.length > 0),
    modalities: await readModalities(wanted, modalities),
  };
}

/**
 * The ROI of a structure set that corresponds to an ROI of the bundle; undefined where there is none.
 * @throws ContourNodeError TRAINING_DATA two ROIs correspond to it
 */
export function namedRoi(rois: readonly MatchedRoi[], roi: RoiPatterns): MatchedRoi | undefined {
  const fitting = rois.filter(({ name }) => fits(name, roi));
  if (fitting.length <= 1) return fitting[0];
  const names = fitting.map(({ name }) => name).join(' and ');
  throw new ContourNodeError('TRAINING_DATA', `${names} both fit ${roi.name}`, {
    remedy: 'narrow the patterns of the ROI',
  });
}
