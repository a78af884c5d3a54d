import type { Bundle } from '../../src/bundles/read-bundle.ts';
import { recordedMetrics, type RecordedEvaluation } from '../bundles/recorded-metrics.ts';
import { rewriteManifest } from '../bundles/rewrite-manifest.ts';
import type { ModelRun } from './evaluate-patient.ts';
import { isSilent, type ModelSummary } from './evaluation-tables.ts';
import type { Summary } from './statistics.ts';

/** Writes the figures of an evaluation into the bundle, in place of earlier ones on the same data. */
export async function recordEvaluation(
  bundle: Bundle,
  about: Pick<RecordedEvaluation, 'data' | 'command' | 'date' | 'engine'>,
  runs: readonly ModelRun[],
  summaries: readonly ModelSummary[],
): Promise<Bundle> {
  const recorded: RecordedEvaluation = {
    ...about,
    series: runs.length,
    withoutWarning: runs.filter(isSilent).length,
    rois: Object.fromEntries(
      summaries.map(({ roi, metrics, notDrawn }) => {
        const figures =
          metrics.dsc.n === 0
            ? {}
            : {
                dsc: rounded(metrics.dsc),
                asdMm: rounded(metrics.asd),
                hd95Mm: rounded(metrics.hd95),
                surfaceDsc: rounded(metrics.surfaceDsc),
              };
        return [roi, { n: metrics.dsc.n, notDrawn, ...figures }];
      }),
    ),
  };
  const others = recordedMetrics(bundle.manifest).evaluations.filter(({ data }) => data !== about.data);
  return rewriteManifest(bundle, { metrics: { ...bundle.manifest.metrics, evaluations: [...others, recorded] } });
}

function rounded({ mean, sd, median }: Summary): { mean: number; sd: number | null; median: number } {
  const digits = (value: number) => Number(value.toFixed(4));
  return { mean: digits(mean), sd: Number.isNaN(sd) ? null : digits(sd), median: digits(median) };
}
