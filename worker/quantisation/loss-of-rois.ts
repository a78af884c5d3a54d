import type { RoiLoss } from '../../src/bundles/int8-network.ts';
import { onGrid } from '../evaluation/evaluate-patient.ts';
import { overlap } from '../evaluation/compare-masks.ts';
import { mean } from '../evaluation/statistics.ts';
import type { JudgedRoi } from '../inference/roi-warnings.ts';
import type { Grid, Mask } from '../volume/volume.ts';

interface Pair {
  readonly float32: number;
  readonly int8: number;
}

/** DSC of both ways of an ROI, case by case. */
export class LossOfRois {
  readonly #withReference = new Map<string, Pair[]>();
  readonly #without = new Map<string, Pair[]>();

  /** @param references by the name of the ROI; an ROI that has none is compared with its contours in float32 */
  add(
    float32: readonly JudgedRoi[],
    int8: readonly JudgedRoi[],
    references: ReadonlyMap<string, Mask>,
    grid: Grid,
  ): void {
    for (const [n, { roi, part }] of float32.entries()) {
      const exact = onGrid(part, grid);
      const rounded = onGrid(int8[n]!.part, grid);
      const reference = references.get(roi.name);
      if (reference === undefined) push(this.#without, roi.name, { float32: 1, int8: agreement(exact, rounded) });
      else {
        const pair = { float32: agreement(reference, exact), int8: agreement(reference, rounded) };
        push(this.#withReference, roi.name, pair);
      }
    }
  }

  rois(): RoiLoss[] {
    const names = new Set([...this.#withReference.keys(), ...this.#without.keys()]);
    return [...names].map((roi) => {
      const found = this.#withReference.get(roi);
      const pairs = found ?? this.#without.get(roi)!;
      const [float32, int8] = [mean(pairs.map((pair) => pair.float32)), mean(pairs.map((pair) => pair.int8))];
      const against = found === undefined ? 'float32' : 'reference';
      return { roi, cases: pairs.length, against, float32, int8, loss: float32 - int8 };
    });
  }
}

function push(map: Map<string, Pair[]>, roi: string, pair: Pair): void {
  map.set(roi, [...(map.get(roi) ?? []), pair]);
}

/** DSC; 1 where both are empty, 0 where one is: an ROI that is lost, or made up, is a loss. */
function agreement(a: Mask, b: Mask): number {
  const { dsc, referenceCm3, testCm3 } = overlap(a, b);
  return dsc ?? (referenceCm3 === testCm3 ? 1 : 0);
}
