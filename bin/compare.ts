import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { readCtFolder } from '../src/dicom/read-ct-folder.ts';
import { readRtstruct } from '../src/dicom/rtstruct/read-rtstruct.ts';
import type { StructureSet } from '../src/dicom/rtstruct/structure-set.ts';
import { asContourNodeError, ContourNodeError } from '../src/errors.ts';
import { compareStructureSets } from '../worker/contours/compare-structure-sets.ts';
import type { RoiComparison } from '../worker/contours/compare-structure-sets.ts';
import { progressBar } from './progress.ts';

export const summary = 'compare two structure sets of one CT: DSC and volumes, ROI by ROI';

export const help = `usage: contour-node compare A.dcm B.dcm --ct DIR [--suffix TEXT] [--json]

Draws both structure sets on the grid of the CT and prints the Dice coefficient and the volumes of every ROI that both
have by the same name. What only one of them has, or what is empty, is listed as such.

  --ct DIR       folder (or file; may be repeated) of the CT series
  --suffix TEXT  end of ROI names that does not count when they are matched (default ^AI)
  --json         one JSON document on standard output

examples:
  contour-node compare clinic.dcm drawn.dcm --ct ./ct
  contour-node compare a.dcm b.dcm --ct ./ct --json | jq '.rois[] | [.name, .dsc]'`;

export async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      ct: { type: 'string', multiple: true },
      suffix: { type: 'string', default: '^AI' },
      json: { type: 'boolean', default: false },
    },
  });
  const [pathA, pathB, ...more] = positionals;
  if (pathA === undefined || pathB === undefined || more.length > 0)
    throw new ContourNodeError('USAGE', 'compare takes two structure sets');
  if (values.ct === undefined) throw new ContourNodeError('USAGE', 'compare needs the CT: --ct DIR');
  const [a, b] = [await structureSet(pathA), await structureSet(pathB)];
  const bar = progressBar('reading the CT', 1, { quiet: values.json });
  const { series } = await readCtFolder(values.ct, { onProgress: (done, total) => bar.update(done / total) }).finally(
    () => bar.end(),
  );
  const comparison = compareStructureSets(a, b, series, values.suffix);
  if (values.json) {
    console.log(JSON.stringify(comparison, undefined, 2));
    return;
  }
  for (const { code, text } of comparison.warnings) console.error(`warning ${code}: ${text}`);
  console.log(`${'ROI'.padEnd(18)} ${'DSC'.padStart(6)} ${'A cm³'.padStart(10)} ${'B cm³'.padStart(10)}`);
  for (const roi of comparison.rois) console.log(line(roi));
}

async function structureSet(path: string): Promise<StructureSet> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new ContourNodeError('PATH_NOT_FOUND', `cannot read ${path}`, { cause });
  });
  try {
    return readRtstruct(bytes);
  } catch (error) {
    const cause = asContourNodeError(error);
    throw new ContourNodeError(cause.code, `${path}: ${cause.message}`, { remedy: cause.remedy, cause });
  }
}

function line({ name, status, dsc, volumeCm3A, volumeCm3B }: RoiComparison): string {
  const number = (value: number | undefined, digits: number, width: number): string =>
    (value === undefined ? '-' : value.toFixed(digits)).padStart(width);
  const columns = `${name.padEnd(18)} ${number(dsc, 3, 6)} ${number(volumeCm3A, 2, 10)} ${number(volumeCm3B, 2, 10)}`;
  return status === 'ok' ? columns : `${columns}  ${status}`;
}
