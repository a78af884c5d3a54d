import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { orDiskFull } from '../../src/disk-full.ts';
import { boxPlot } from '../../src/charts/box-plot.ts';
import type { ArchiveEvaluation } from './evaluate-archive.ts';
import type { EvaluatedModel } from './evaluate-patient.ts';
import { evaluationCsv, evaluationMarkdown, metrics, valuesOf, type ReportFacts } from './evaluation-tables.ts';

/** The four metrics that the paper has figures of. */
const figures = new Set(['dsc', 'ji', 'asd', 'hd']);

/**
 * Writes `patients.csv`, `summary.md` and a box plot (SVG) for each ROI and metric of the paper.
 * @throws ContourNodeError DISK_FULL
 */
export async function writeReport(
  out: string,
  { rows }: ArchiveEvaluation,
  models: readonly Pick<EvaluatedModel, 'label' | 'colour'>[],
  facts: ReportFacts,
): Promise<void> {
  await orDiskFull('no space for the report', 'free space and call evaluate again', async () => {
    await writeFile(join(out, 'patients.csv'), evaluationCsv(rows));
    await writeFile(join(out, 'summary.md'), evaluationMarkdown(rows, facts));
    for (const roi of new Set(rows.map((row) => row.roi))) {
      for (const { key, label, unit } of metrics.filter((metric) => figures.has(metric.key))) {
        const boxes = models.map((model) => ({
          label: model.label,
          colour: `rgb(${model.colour.join(',')})`,
          values: [...valuesOf(rows, roi, model.label, key).values()],
        }));
        const axis = unit === '' ? label : `${label} in ${unit}`;
        await writeFile(join(out, `${roi}-${key}.svg`), boxPlot(`${roi}: ${label}`, axis, boxes));
      }
    }
  });
}
