import type { Roi } from '../../src/bundles/manifest.ts';
import { isWanted, namesAndTypes } from '../../src/config/destination-style.ts';
import type { Profile } from '../../src/work/work-order.ts';
import type { Warning } from '../../src/warning.ts';
import type { RoiInput } from '../../src/dicom/rtstruct/structure-set-input.ts';
import type { SlicePolygons } from '../../src/dicom/rtstruct/structure-set.ts';

/** An ROI of a bundle and where it was found. */
export interface ContouredRoi {
  readonly roi: Pick<Roi, 'name' | 'description' | 'interpretedType' | 'colour' | 'deliver' | 'holes'>;
  readonly slices: readonly SlicePolygons[];
  /** Warnings that a person should read before using it. ASCII without backslash. */
  readonly warnings?: readonly Warning[];
}

type Style = Pick<
  Profile,
  'roiSuffix' | 'roiNames' | 'roiTypes' | 'includeRois' | 'excludeRois' | 'holes' | 'sendEmpty' | 'warnings'
>;

/**
 * The ROIs in the style of one destination: selection, names, types and hole mode. ROIs that were not found are left out
 * unless the destination takes empty ones. The ROI number is the place in the bundle, so that it stays the same.
 * @param ctWarnings warnings that concern every ROI
 * @param beside what every ROI Description says of the images beside the CT
 */
export function destinationRois(
  rois: readonly ContouredRoi[],
  style: Style,
  ctWarnings: readonly Warning[] = [],
  beside: readonly string[] = [],
): RoiInput[] {
  const wanted = rois
    .map((entry, index) => ({ ...entry, number: index + 1 }))
    .filter(({ roi, slices }) => isWanted(roi, style) && (style.sendEmpty || slices.length > 0));
  const named = namesAndTypes(
    wanted.map(({ roi }) => roi),
    style,
  );
  return wanted.map(({ roi, slices, number, warnings = [] }, index) => ({
    number,
    name: named[index]!.name,
    description:
      style.warnings === 'none'
        ? described(roi.description, beside)
        : withWarnings(described(roi.description, beside), warnings, ctWarnings),
    interpretedType: named[index]!.type,
    colour: roi.colour,
    holes: style.holes ?? roi.holes,
    slices,
  }));
}

function described(description: string, beside: readonly string[]): string {
  return cut([...(description === '' ? [] : [description]), ...beside].join('; '));
}

/** PS3.3 C.8.8.5, ROI Description: ST, at most 1024 characters. */
function cut(text: string): string {
  return text.length <= 1024 ? text : `${text.slice(0, 1020).trimEnd()} ...`;
}

/** Warnings about the ROI itself come first. */
function withWarnings(description: string, own: readonly Warning[], ofCt: readonly Warning[]): string {
  const sentences = [
    ...(description === '' ? [] : [description]),
    ...own.map(({ text }) => `CHECK: ${text}`),
    ...ofCt.map(({ text }) => `CHECK THE CT: ${text}`),
  ];
  return cut(sentences.join('; '));
}
