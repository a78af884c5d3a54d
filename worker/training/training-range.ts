import type { RoiPlausibility, TrainedCt } from '../../src/bundles/training-range.ts';
import { percentile } from '../../src/charts/percentile.ts';
import { tissueClassesHu } from '../volume/ct-appearance.ts';
import type { CaseDescription } from './prepared-case.ts';
import type { NetworkInput } from '../volume/preprocess.ts';

type Range = [number, number];

/** Each end of a range is moved outwards by this part of its width, as new patients differ from those of the training. */
const widening = 0.15;
/** The outermost hundredth at either end is left out, so that one unusual patient does not set a limit. */
const tail = 1;

/** Ranges of the training CTs. */
export function trainedCt(cases: readonly CaseDescription[]): TrainedCt {
  const over = (value: (ct: CaseDescription['ct']) => number, least = -Infinity): Range =>
    widened(
      cases.map(({ ct }) => value(ct)),
      least,
    );
  const axes = [0, 1, 2] as const;
  const three = (value: (ct: CaseDescription['ct'], axis: 0 | 1 | 2) => number, least?: number) =>
    axes.map((axis) => over((ct) => value(ct, axis), least)) as [Range, Range, Range];
  return {
    patients: cases.length,
    // How the scanner was set is known exactly.
    sliceSpacingMm: outermost(cases.flatMap(({ ct }) => ct.sliceSpacingMm)),
    pixelSpacingMm: outermost(cases.map(({ ct }) => ct.pixelSpacingMm)),
    fieldOfViewMm: outermost(cases.map(({ ct }) => ct.fieldOfViewMm)),
    bodyMm: three((ct, axis) => ct.bodyMm[axis], 0),
    tissueClassesHu: [...tissueClassesHu],
    tissue: tissueClassesHu.map((_, kind) => over((ct) => ct.tissue[kind] ?? 0, 0)),
    bones: three((ct, axis) => ct.bones[axis]),
    airBehindBonesMm: over((ct) => ct.airBehindBonesMm),
  };
}

/** The modalities of an input with the ranges of how registered images fitted the CT; without those that nobody had. */
export function trainedModalities(
  modalities: NetworkInput['modalities'],
  cases: readonly CaseDescription[],
): NetworkInput['modalities'] {
  return modalities?.map((modality, index) => {
    const fits = cases.flatMap(({ modalities: had }) => had?.[index]?.fit ?? []);
    if (fits.length === 0) return modality;
    const trained = {
      bodyOverlap: widened(fits.map(({ bodyOverlap }) => bodyOverlap)),
      mutualInformation: widened(
        fits.map((fit) => fit.mutualInformation),
        0,
      ),
    };
    return { ...modality, trained };
  });
}

/** Ranges of every ROI that a patient has, by its name. */
export function roiPlausibility(
  cases: readonly CaseDescription[],
  names: readonly string[],
): Record<string, RoiPlausibility> {
  const found: Record<string, RoiPlausibility> = {};
  for (const [index, name] of names.entries()) {
    const drawn = cases.flatMap(({ rois }) => rois[index] ?? []);
    if (drawn.length === 0) continue;
    const axis = (n: 0 | 1): Range => widened(drawn.map(({ place }) => place[n]));
    // Each pair once, with the later of the two.
    const above = names.slice(0, index).flatMap((other, earlier) => {
      const both = cases.flatMap(({ rois }) => {
        const [own, of] = [rois[index], rois[earlier]];
        return own && of ? [own.place[2] - of.place[2]] : [];
      });
      return both.length === 0 ? [] : [[other, widened(both)] as const];
    });
    found[name] = {
      volumeCm3: volumes(drawn.map(({ volumeCm3 }) => volumeCm3)),
      maximumComponents: Math.round(
        percentile(
          drawn.map((roi) => roi.components),
          100 - tail,
        ),
      ),
      drawn: rounded(drawn.length / cases.length),
      fromBodyCentreMm: [axis(0), axis(1)],
      ...(above.length > 0 && { aboveMm: Object.fromEntries(above) }),
    };
  }
  return found;
}

/** Volumes differ by factors: a quarter more and a quarter less. */
function volumes(values: readonly number[]): Range {
  return [rounded(percentile(values, tail) / 1.25), rounded(percentile(values, 100 - tail) * 1.25)];
}

function outermost(values: readonly number[]): Range {
  return [rounded(Math.min(...values)), rounded(Math.max(...values))];
}

function widened(values: readonly number[], least = -Infinity): Range {
  const [low, high] = [percentile(values, tail), percentile(values, 100 - tail)];
  const more = (high - low) * widening;
  return [rounded(Math.max(least, low - more)), rounded(high + more)];
}

/** Four significant figures: more would only lengthen the file. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
