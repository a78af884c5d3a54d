import type { BundleManifest } from '../../src/bundles/manifest.ts';
import type { RoiPlausibility } from '../../src/bundles/training-range.ts';
import type { Warning } from '../../src/warning.ts';
import type { Body } from '../volume/body.ts';
import { placeInBody } from '../volume/mask-place.ts';
import type { ContouredRoi } from './contour-roi.ts';

/** An ROI and its warnings, which a person should read before using it; the texts do not repeat its name. */
export interface JudgedRoi extends ContouredRoi {
  readonly warnings: readonly Warning[];
}

/** An ROI that at least this share of the training patients has is expected in every patient. */
const expectedShare = 0.9;

/**
 * Compares the ROIs with the training data. Warns of ROIs cut by the end of the scan or of the field of view, of volume,
 * number of pieces, place and order in the body outside of the training data, and of missing ROIs.
 * @param slices number of slices of the CT
 */
export function judgeRois(
  rois: readonly ContouredRoi[],
  { plausibility }: Pick<BundleManifest, 'plausibility'>,
  body: Body,
  slices: number,
): JudgedRoi[] {
  const places = new Map(
    rois.flatMap(({ roi, part }) => (part === undefined ? [] : [[roi.name, placeInBody(part.mask, body)] as const])),
  );
  return rois.map((found) => {
    const expected = plausibility[found.roi.name];
    const place = places.get(found.roi.name);
    const warnings = [...cutOff(found, slices)];
    if (expected !== undefined && place === undefined) warnings.push(...missing(found, expected));
    if (expected !== undefined && place !== undefined) {
      warnings.push(...size(found, expected), ...position(place, expected), ...order(place, places, expected));
    }
    return { ...found, warnings };
  });
}

/** Fewer than half of the expected ROIs were found: most likely the CT shows another part of the body. */
export function bodyPartWarnings(
  rois: readonly ContouredRoi[],
  { plausibility }: Pick<BundleManifest, 'plausibility'>,
): Warning[] {
  const expected = rois.filter(({ roi }) => (plausibility[roi.name]?.drawn ?? 0) >= expectedShare);
  const absent = expected.filter(({ part }) => part === undefined).map(({ roi }) => roi.name);
  if (absent.length * 2 <= expected.length) return [];
  const text = `${absent.join(', ')} not found: is this the part of the body that the model is for`;
  return [{ code: 'CT_BODY_PART', text }];
}

function cutOff({ slices: drawn, touchesFieldOfView }: ContouredRoi, slices: number): Warning[] {
  const atEnd = drawn.some(({ slice }) => slice === 0 || slice === slices - 1);
  return [
    ...(atEnd ? [{ code: 'END_OF_SCAN', text: 'touches the end of the scan' }] : []),
    ...(touchesFieldOfView ? [{ code: 'FIELD_OF_VIEW', text: 'touches the edge of the field of view' }] : []),
  ];
}

function missing({ roi }: ContouredRoi, { drawn = 0 }: RoiPlausibility): Warning[] {
  if (drawn < expectedShare || !roi.deliver) return [];
  return [{ code: 'NOT_FOUND', text: `not found, present in ${Math.round(drawn * 100)} % of the training patients` }];
}

function size({ volumeCm3, components }: ContouredRoi, expected: RoiPlausibility): Warning[] {
  const warnings: Warning[] = [];
  const [least, most] = expected.volumeCm3;
  if (volumeCm3 < least || volumeCm3 > most) {
    const range = `${least.toFixed(1)} to ${most.toFixed(1)} cm3`;
    warnings.push({ code: 'VOLUME', text: `${volumeCm3.toFixed(1)} cm3, in the training data ${range}` });
  }
  if (components > (expected.maximumComponents ?? Infinity)) {
    const text = `in ${components} pieces, in the training data at most ${expected.maximumComponents}`;
    warnings.push({ code: 'COMPONENTS', text });
  }
  return warnings;
}

function position([x, y]: readonly number[], { fromBodyCentreMm }: RoiPlausibility): Warning[] {
  if (fromBodyCentreMm === undefined) return [];
  const [across, depth] = fromBodyCentreMm;
  if ((across[0] > 0 && x! < 0) || (across[1] < 0 && x! > 0)) {
    const [here, usual] = x! < 0 ? ['right', 'left'] : ['left', 'right'];
    return [{ code: 'SIDE', text: `on the ${here} of the body, in the training data always on its ${usual}` }];
  }
  const warnings: Warning[] = [];
  const warn = (value: number, range: readonly [number, number], low: string, high: string) => {
    if (value >= range[0] && value <= range[1]) return;
    const far = value < range[0] ? range[0] - value : value - range[1];
    const text = `${far.toFixed(0)} mm further to the ${value < range[0] ? low : high} than in the training data`;
    warnings.push({ code: 'PLACE', text });
  };
  warn(x!, across, 'right', 'left');
  warn(y!, depth, 'front', 'back');
  return warnings;
}

function order(
  place: readonly number[],
  places: ReadonlyMap<string, readonly number[]>,
  { aboveMm = {} }: RoiPlausibility,
): Warning[] {
  return Object.entries(aboveMm).flatMap(([other, [least, most]]) => {
    const of = places.get(other);
    if (of === undefined) return [];
    const above = place[2]! - of[2]!;
    if (above >= least && above <= most) return [];
    const text = `${height(above)} ${other}, in the training data ${height(least)} to ${height(most)} it`;
    return [{ code: 'ORDER', text }];
  });
}

function height(mm: number): string {
  return `${Math.abs(mm).toFixed(0)} mm ${mm < 0 ? 'below' : 'above'}`;
}
