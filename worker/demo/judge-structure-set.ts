import { readFile } from 'node:fs/promises';
import { readRtstruct } from '../../src/dicom/rtstruct/read-rtstruct.ts';
import { rasterise } from '../contours/rasterise.ts';
import { overlap } from '../evaluation/compare-masks.ts';
import { contactSheet, contourRings, polygonRings, type PictureRoi } from '../pictures/contact-sheet.ts';
import { maskContours } from '../contours/roi-contours.ts';
import type { DemoCt } from './demo-ct.ts';

/** One ROI as the planning system received it. */
export interface JudgedRoi {
  readonly name: string;
  readonly volumeCm3: number;
  readonly slices: number;
  readonly contours: number;
  /** Against the truth, where it is known. */
  readonly dsc?: number;
}

export interface Judgement {
  readonly rois: readonly JudgedRoi[];
  /** Picture of key slices with true and received contours, PNG. */
  readonly picture: Buffer;
}

/** The truth is drawn in full lines, what was received over it in dashes. */
const trueColour = [255, 60, 60] as const;
const receivedColour = [80, 255, 80] as const;

/**
 * Reads a structure set back, fills its contours on the CT's grid and compares them with the truth.
 * @param suffix what the node put behind every ROI name
 */
export async function judgeStructureSet(path: string, ct: DemoCt, suffix: string): Promise<Judgement> {
  const { rois } = readRtstruct(await readFile(path));
  const { grid } = ct.volume;
  const lines: PictureRoi[] = [];
  const judged = rois.map(({ name, colour, contours }): JudgedRoi => {
    const mask = rasterise(contours, grid);
    const truth = ct.truth.find((structure) => `${structure.name}${suffix}` === name);
    const { referenceCm3, dsc } = overlap(mask, truth?.mask ?? mask);
    const rings = contourRings(contours, grid);
    const score = truth === undefined ? '' : ` DSC ${(dsc ?? 0).toFixed(3)}`;
    if (truth !== undefined) {
      lines.push({ name: `${truth.name} true`, colour: trueColour, rings: polygonRings(maskContours(truth.mask)) });
    }
    const shown = truth === undefined ? (colour ?? receivedColour) : receivedColour;
    lines.push({ name: `${name}${score}`, colour: shown, rings, dashed: truth !== undefined });
    return {
      name,
      volumeCm3: referenceCm3,
      slices: new Set(rings.map(({ slice }) => slice)).size,
      contours: contours.length,
      ...(truth !== undefined && { dsc: dsc ?? 0 }),
    };
  });
  // The targets' slices are the ones to look at where there are any.
  const targets = lines.filter(({ name }) => /^(GTVp|CTVp|PTV)/.test(name));
  return {
    rois: judged,
    picture: contactSheet(ct.volume, targets.length > 0 ? targets : lines, {
      title: ct.truth.length > 0 ? 'truth and what the TPS received' : 'what the TPS received',
    }),
  };
}
