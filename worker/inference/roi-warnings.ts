import type { BundleManifest, Roi } from '../../src/bundles/manifest.ts';
import type { RoiPlausibility } from '../../src/bundles/training-range.ts';
import type { Warning } from '../../src/warning.ts';
import type { Body } from '../volume/body.ts';
import { placeInBody } from '../volume/mask-place.ts';
import type { ContouredRoi } from './contour-roi.ts';
import { beyond, outOfRange } from './out-of-range.ts';

/** An ROI and its warnings, which a person should read before using it; the texts do not repeat its name. */
export interface JudgedRoi extends ContouredRoi {
  readonly warnings: readonly Warning[];
}

/** An ROI that at least this share of the training patients has is expected in every patient. */
const expectedShare = 0.9;

/**
 * What a person should look at: ROIs cut by the end of the scan or of the field of view, expected ones that are missing,
 * and volume, number of pieces, place and order in the body outside of the training data.
 * @param slices number of slices of the CT, from the feet to the head
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
  // The length of the scan decides how much of them is seen: neither that nor their middle says anything.
  const partial = new Set(
    rois
      .filter((found) => found.roi.coverage === 'part' && endsReached(found, slices).length > 0)
      .map(({ roi }) => roi.name),
  );
  return rois.map((found) => {
    const usual = plausibility[found.roi.name];
    const place = places.get(found.roi.name);
    const isPartial = partial.has(found.roi.name);
    const warnings = cutOff(found, endsReached(found, slices));
    if (place === undefined) warnings.push(...missing(found, usual));
    else if (usual !== undefined) {
      warnings.push(...size(found, usual, isPartial), ...position(place, usual));
      if (!isPartial) warnings.push(...order(place, places, usual, partial));
    }
    return { ...found, warnings };
  });
}

/** Fewer than half of the expected ROIs were found: most likely the CT shows another part of the body. */
export function bodyPartWarnings(
  rois: readonly ContouredRoi[],
  { plausibility }: Pick<BundleManifest, 'plausibility'>,
): Warning[] {
  const expected = rois.filter(({ roi }) => isExpected(roi, plausibility[roi.name]));
  const absent = expected.filter(({ part }) => part === undefined).map(({ roi }) => roi.name);
  if (absent.length * 2 <= expected.length) return [];
  const text = `${absent.join(', ')} not found: is this the part of the body that the model is for`;
  return [{ code: 'CT_BODY_PART', text }];
}

function isExpected({ expected }: Pick<Roi, 'expected'>, usual: RoiPlausibility | undefined): boolean {
  return expected ?? (usual?.drawn ?? 0) >= expectedShare;
}

function cutOff({ roi, touchesFieldOfView }: ContouredRoi, ends: readonly End[]): Warning[] {
  const ofField = touchesFieldOfView ? [{ code: 'FIELD_OF_VIEW', text: 'touches the edge of the field of view' }] : [];
  // What runs out of every scan says nothing about this one.
  if (ends.length === 0 || roi.coverage === 'part') return ofField;
  const where = ends.length === 2 ? 'at both ends' : `at the ${ends[0]} end`;
  return [
    roi.coverage === 'whole'
      ? { code: 'CUT_SCAN', text: `the scan ends inside it ${where}, so it is cut` }
      : { code: 'END_OF_SCAN', text: `touches the end of the scan ${where}` },
    ...ofField,
  ];
}

type End = 'feet' | 'head';

/** The ends of the scan that an ROI reaches. */
function endsReached({ slices: drawn }: ContouredRoi, slices: number): End[] {
  const reaches = (end: number): boolean => drawn.some(({ slice }) => slice === end);
  return [...(reaches(0) ? (['feet'] as const) : []), ...(reaches(slices - 1) ? (['head'] as const) : [])];
}

function missing({ roi }: ContouredRoi, usual: RoiPlausibility | undefined): Warning[] {
  if (!roi.deliver || !isExpected(roi, usual)) return [];
  const share = usual?.drawn ?? 0;
  const why =
    share >= expectedShare
      ? `present in ${Math.round(share * 100)} % of the training patients`
      : 'the model expects it in every patient';
  return [{ code: 'NOT_FOUND', text: `not found, ${why}` }];
}

/** @param isPartial it may be smaller than in any training patient */
function size({ volumeCm3, components }: ContouredRoi, usual: RoiPlausibility, isPartial: boolean): Warning[] {
  const warnings: Warning[] = [];
  const [least, most] = usual.volumeCm3;
  const odd = outOfRange(volumeCm3, [isPartial ? 0 : least, most], 1);
  if (odd !== undefined) {
    warnings.push({ code: 'VOLUME', text: `${odd.value} cm3, in the training data ${odd.limit} cm3` });
  }
  if (components > (usual.maximumComponents ?? Infinity)) {
    const text = `in ${components} pieces, in the training data at most ${usual.maximumComponents}`;
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
  const warn = (value: number, range: readonly [number, number], low: string, high: string): Warning[] => {
    const by = beyond(value, range);
    if (by === undefined) return [];
    const text = `${Math.abs(by).toFixed(0)} mm further to the ${by < 0 ? low : high} than in the training data`;
    return [{ code: 'PLACE', text }];
  };
  return [...warn(x!, across, 'right', 'left'), ...warn(y!, depth, 'front', 'back')];
}

function order(
  place: readonly number[],
  places: ReadonlyMap<string, readonly number[]>,
  { aboveMm = {} }: RoiPlausibility,
  partial: ReadonlySet<string>,
): Warning[] {
  return Object.entries(aboveMm).flatMap(([other, range]) => {
    const of = partial.has(other) ? undefined : places.get(other);
    const by = of === undefined ? undefined : beyond(place[2]! - of[2]!, range);
    if (by === undefined) return [];
    const how = `${Math.abs(by).toFixed(0)} mm ${by < 0 ? 'lower' : 'higher'}`;
    return [{ code: 'ORDER', text: `${how} than in the training data, measured from ${other}` }];
  });
}
