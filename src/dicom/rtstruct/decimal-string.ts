import { ContourNodeError } from '../../errors.ts';

/** PS3.5 table 6.2-1: a Decimal String has at most 16 characters. */
const longest = 16;

/**
 * The shortest decimal that reads back as the same number. What was read from a valid Decimal String always fits; of
 * anything longer the last digits are rounded off.
 */
export function decimalString(value: number): string {
  if (!Number.isFinite(value)) throw new ContourNodeError('RTSTRUCT_INVALID', 'a coordinate is no number');
  // -0 is written as 0.
  let written = String(value + 0);
  if (written.length > longest) written = written.replace(/^(-?)0\./, '$1.');
  for (let digits = 15; written.length > longest; digits--) written = String(Number(value.toPrecision(digits)));
  return written;
}

/** A coordinate in mm rounded to 0.01 mm, without trailing zeros. */
export function hundredths(value: number): string {
  return decimalString(Math.round(value * 100) / 100);
}
