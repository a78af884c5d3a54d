import { ContourNodeError } from '../../src/errors.ts';

/** @throws ContourNodeError USAGE unless the text of `--option` is a whole number from `low` to `high` */
export function wholeNumber(option: string, text: string, low = 1, high = Number.MAX_SAFE_INTEGER): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= low && value <= high) return value;
  const range = high === Number.MAX_SAFE_INTEGER ? `from ${low}` : `from ${low} to ${high}`;
  throw new ContourNodeError('USAGE', `--${option} ${text}: a whole number ${range}`);
}

/** @throws ContourNodeError USAGE unless the text of `--option` is a number above 0 */
export function positiveNumber(option: string, text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new ContourNodeError('USAGE', `--${option} ${text}: a number above 0`);
}
