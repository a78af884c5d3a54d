import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cleanup } from '../../support/cleanup.ts';
import { runProgram } from '../../support/run-program.ts';
import { temporaryFolder } from './example-structure-set.ts';

/**
 * The masks that plastimatch makes of a structure set on the grid of its CT, by ROI name.
 * @param xor contours inside others are holes (plastimatch fills them by default)
 */
export async function plastimatchMasks(
  t: Cleanup,
  structureSet: string,
  ctFolder: string,
  xor: boolean,
): Promise<Map<string, Uint8Array>> {
  const folder = await temporaryFolder(t);
  const { code, stdout, stderr } = await runProgram('plastimatch', [
    'convert',
    '--input',
    structureSet,
    '--referenced-ct',
    ctFolder,
    ...(xor ? ['--xor-contours'] : []),
    '--output-prefix',
    folder,
    '--prefix-format',
    'mha',
  ]);
  if (code !== 0) throw new Error(`plastimatch: ${stdout}${stderr}`);
  const masks = new Map<string, Uint8Array>();
  for (const file of await readdir(folder)) {
    const bytes = await readFile(join(folder, file));
    const end = bytes.indexOf('ElementDataFile = LOCAL');
    const header = bytes.toString('latin1', 0, end);
    if (end < 0 || !header.includes('CompressedData = False') || !header.includes('ElementType = MET_UCHAR'))
      throw new Error(`unexpected MHA: ${header}`);
    masks.set(file.replace(/\.mha$/, ''), bytes.subarray(bytes.indexOf('\n', end) + 1));
  }
  return masks;
}

export function diceOf(a: Uint8Array, b: Uint8Array): number {
  let [sum, both] = [0, 0];
  for (let at = 0; at < a.length; at++) {
    sum += a[at]! + b[at]!;
    both += a[at]! & b[at]!;
  }
  return (2 * both) / sum;
}
