/**
 * Numbers as a sentence compares them: with one digit behind the point, or as many more as it takes until numbers that
 * differ look different and none that is not zero looks like it.
 */
export function figures(...values: number[]): string[] {
  for (let digits = 1; ; digits++) {
    const written = values.map((value) => value.toFixed(digits));
    const hides = written.some(
      (one, i) =>
        (Number(one) === 0 && values[i] !== 0) ||
        written.some((other, j) => one === other && Math.abs(values[i]! - values[j]!) > negligible),
    );
    if (!hides || digits === 6) return written;
  }
}

/** Rounding noise of a subtraction, in mm or degrees. */
const negligible = 1e-6;

/** The same for one number, where two digits show it better than one: 2.16, but 3.0. */
export function figure(value: number): string {
  const isTenths = Math.abs(value * 10 - Math.round(value * 10)) < 0.05;
  const [written] = figures(value);
  return isTenths || written!.length > value.toFixed(1).length ? written! : value.toFixed(2);
}
