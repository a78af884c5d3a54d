/**
 * 256 grey values over the CT numbers, finer where soft tissue lies: steps of 4 HU from -200 to 300, of 24 HU below and
 * of about 19 HU above. A soft-tissue window of 400 HU shows 100 of them, a bone window of 1800 HU about 140.
 */
export const greyLevels: readonly number[] = [
  ...Array.from({ length: 35 }, (_, n) => -1024 + Math.round((n * 824) / 35)),
  ...Array.from({ length: 125 }, (_, n) => -200 + n * 4),
  ...Array.from({ length: 96 }, (_, n) => 300 + Math.round((n * 1800) / 95)),
];

const lowest = greyLevels[0]!;
const highest = greyLevels.at(-1)!;
const codes = nearestCodes();

/** The grey value whose HU is the nearest. */
export function greyOf(hu: number): number {
  return codes[Math.min(highest, Math.max(lowest, Math.round(hu))) - lowest]!;
}

function nearestCodes(): Uint8Array {
  const table = new Uint8Array(highest - lowest + 1);
  let code = 0;
  for (let n = 0; n < table.length; n += 1) {
    const hu = lowest + n;
    while (code < 255 && greyLevels[code + 1]! - hu <= hu - greyLevels[code]!) code += 1;
    table[n] = code;
  }
  return table;
}
