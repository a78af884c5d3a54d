import { mutualInformation } from './registration-fit.ts';

const rows = 24;
const columns = 32;

/** Counts pairs of CT numbers and image values; a value between two bins counts in both, so that the sum changes smoothly. */
export class JointHistogram {
  /** Lower bin of each CT sample, and the share of the upper one. */
  readonly #row: Int32Array;
  readonly #upper: Float64Array;
  readonly #low: number;
  readonly #scale: number;
  readonly #joint = new Float64Array(rows * columns);

  /**
   * @param hu of the samples
   * @param range CT numbers beyond count as its ends
   * @param values of the image, for the range of its bins: up to the 99.5th percentile
   */
  constructor(hu: Float64Array, range: readonly [number, number], values: ArrayLike<number>) {
    const place = (value: number, low: number, high: number, bins: number): number =>
      Math.min(bins - 1.001, Math.max(0, ((value - low) / (high - low)) * (bins - 1)));
    const places = hu.map((value) => place(value, range[0], range[1], rows));
    this.#row = Int32Array.from(places, Math.floor);
    this.#upper = places.map((value, at) => value - this.#row[at]!);
    const stride = Math.max(1, Math.floor(values.length / 100_000));
    const sorted = Float64Array.from(
      { length: Math.floor(values.length / stride) },
      (_, n) => values[n * stride]!,
    ).sort();
    this.#low = sorted[0]!;
    const high = sorted[Math.floor(sorted.length * 0.995)]!;
    this.#scale = (columns - 1) / Math.max(1e-9, high - this.#low);
  }

  /**
   * Mutual information of the CT and an image over the samples that it reaches, nats.
   * @param valueAt the image at a sample; NaN where it does not reach it
   * @param leastReached 0 where the image reaches a smaller share of the samples
   */
  mutualInformation(valueAt: (sample: number) => number, leastReached: number): number {
    const joint = this.#joint.fill(0);
    let reached = 0;
    for (let at = 0; at < this.#row.length; at += 1) {
      const value = valueAt(at);
      if (!(value <= Infinity)) continue;
      reached += 1;
      const place = Math.min(columns - 1.001, Math.max(0, (value - this.#low) * this.#scale));
      const column = Math.floor(place);
      const [right, upper] = [place - column, this.#upper[at]!];
      const bin = this.#row[at]! * columns + column;
      joint[bin]! += (1 - upper) * (1 - right);
      joint[bin + 1]! += (1 - upper) * right;
      joint[bin + columns]! += upper * (1 - right);
      joint[bin + columns + 1]! += upper * right;
    }
    return reached < leastReached * this.#row.length ? 0 : mutualInformation(joint, columns);
  }
}
