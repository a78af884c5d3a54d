import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { readCtFolder } from '../src/dicom/read-ct-folder.ts';
import { readRtstruct } from '../src/dicom/rtstruct/read-rtstruct.ts';
import type { StructureSet } from '../src/dicom/rtstruct/structure-set.ts';
import { asContourNodeError, ContourNodeError } from '../src/errors.ts';
import { compareStructureSets } from '../worker/contours/compare-structure-sets.ts';
import type { RoiComparison } from '../worker/contours/compare-structure-sets.ts';
import { positiveNumber } from './shared/number-option.ts';
import { progressBar } from './shared/progress.ts';

export const summary = 'compare two structure sets of one CT: DSC, surface distances and volumes, ROI by ROI';

export const help = `usage: contour-node compare A.dcm B.dcm --ct DIR [--suffix TEXT] [--json]

Fills the contours of both structure sets on the grid of the CT and prints DSC, ASD, HD, HD95 (mm), surface DSC and the
volumes (cm3) of every ROI that both have under the same name; docs/evaluation.md defines them. An ROI that only one of
them has, or that is empty, is listed as such.

  --ct DIR       folder (or file; may be repeated) of the CT series
  --suffix TEXT  suffix of ROI names that is ignored when they are matched (default ^AI)
  --tolerance MM of the surface DSC (default 2)
  --json         one JSON document on standard output

examples:
  contour-node compare clinic.dcm model.dcm --ct ./ct
  contour-node compare a.dcm b.dcm --ct ./ct --json | jq '.rois[] | [.name, .dsc]'`;

export async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      ct: { type: 'string', multiple: true },
      suffix: { type: 'string', default: '^AI' },
      tolerance: { type: 'string', default: '2' },
      json: { type: 'boolean', default: false },
    },
  });
  const [pathA, pathB, ...more] = positionals;
  if (pathA === undefined || pathB === undefined || more.length > 0)
    throw new ContourNodeError('USAGE', 'compare takes two structure sets');
  if (values.ct === undefined) throw new ContourNodeError('USAGE', 'compare needs the CT: --ct DIR');
  const toleranceMm = positiveNumber('tolerance', values.tolerance);
  const [a, b] = [await structureSet(pathA), await structureSet(pathB)];
  const bar = progressBar('reading the CT', 1, { quiet: values.json });
  const { series } = await readCtFolder(values.ct, { onProgress: (done, total) => bar.update(done / total) }).finally(
    () => bar.end(),
  );
  const comparison = compareStructureSets(a, b, series, values.suffix, toleranceMm);
  if (values.json) {
    console.log(JSON.stringify(comparison, undefined, 2));
    return;
  }
  for (const { code, text } of comparison.warnings) console.error(`warning ${code}: ${text}`);
  const titles = columns.map(({ title, width }) => title.padStart(width)).join(' ');
  console.log(`${'ROI'.padEnd(18)} ${titles}`);
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

const columns = [
  { key: 'dsc', title: 'DSC', digits: 3, width: 6 },
  { key: 'asd', title: 'ASD mm', digits: 2, width: 8 },
  { key: 'hd', title: 'HD mm', digits: 1, width: 8 },
  { key: 'hd95', title: 'HD95 mm', digits: 1, width: 8 },
  { key: 'surfaceDsc', title: 'sDSC', digits: 3, width: 6 },
  { key: 'volumeCm3A', title: 'A cm³', digits: 2, width: 10 },
  { key: 'volumeCm3B', title: 'B cm³', digits: 2, width: 10 },
] as const;

function line(roi: RoiComparison): string {
  const cells = columns.map(({ key, digits, width }) => (roi[key]?.toFixed(digits) ?? '-').padStart(width));
  const text = `${roi.name.padEnd(18)} ${cells.join(' ')}`;
  return roi.status === 'ok' ? text : `${text}  ${roi.status}`;
}
