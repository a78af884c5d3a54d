import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ContourNodeError } from '../src/errors.ts';
import type { LeftOut } from '../worker/archive/match-cases.ts';
import { parseRoiPatterns } from '../worker/archive/roi-patterns.ts';
import { summaryLine } from '../worker/evaluation/evaluation-tables.ts';
import { inputVariants } from '../worker/evaluation/input-variant.ts';
import { runEvaluation } from '../worker/evaluation/run-evaluation.ts';
import { commandConfig } from './shared/config-option.ts';
import { positiveNumber, wholeNumber } from './shared/number-option.ts';
import { stagedProgress } from './shared/progress.ts';

export const summary = "compare a bundle's contours with those of an archive, or two bundles with each other";

export const help = `usage: contour-node evaluate --model A [--compare B] --data DIR --out DIR [options]

Contours every patient of an archive (CT and RTSTRUCT in any layout) and compares the result with the structure set: DSC,
JI, ASD, HD, HD95, surface DSC and volumes (docs/evaluation.md). Writes patients.csv, summary.md, box plots (SVG) and an
overlay for each patient (PNG: manual red, Deeplabv3+ green, U-Net blue) to --out. With several models also paired tests
of the first and each other one. A bundle that sees an MR gets the one that a registration or the frame of reference leads to.
Patients that a model was trained on are left out. A repeated call does only what is missing.

  --model A          name of a bundle or the path of its folder
  --compare B        a second one
  --ct-alone         a bundle that sees an MR also without it
  --off MM           and with the MR so many mm beside its place; may be repeated
  --members          of an ensemble also each of its networks alone
  --roi NAME=REGEX   name of an ROI in the archive, where it differs from the bundle's training; may be repeated
  --record NAME      write the figures into the bundles, under this name of the data set
  --include-trained  also the patients that a model was trained on
  --unseen           without the patients that chose the epoch of a model in its training
  --limit N          only the first N CT series
  --tolerance MM     of the surface DSC (default 2)
  --config FILE      configuration: engine, models.directory (default: contour-node.yaml of this folder)
  --json             the summary as JSON on standard output

examples:
  contour-node evaluate --model phantom-gtvp --data phantoms --out report
  contour-node evaluate --model mine --compare other --data archive --out report --roi 'GTVp=GTV.*p'`;

export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      model: { type: 'string' },
      compare: { type: 'string' },
      data: { type: 'string' },
      out: { type: 'string' },
      roi: { type: 'string', multiple: true, default: [] },
      limit: { type: 'string' },
      tolerance: { type: 'string', default: '2' },
      config: { type: 'string' },
      record: { type: 'string' },
      'include-trained': { type: 'boolean', default: false },
      unseen: { type: 'boolean', default: false },
      members: { type: 'boolean', default: false },
      'ct-alone': { type: 'boolean', default: false },
      off: { type: 'string', multiple: true, default: [] },
      json: { type: 'boolean', default: false },
    },
  });
  const { model, compare, data, out, json } = values;
  if (model === undefined || data === undefined || out === undefined) {
    throw new ContourNodeError('USAGE', 'evaluate needs --model A, --data DIR and --out DIR');
  }
  const bars = stagedProgress({ quiet: json });
  const call = {
    names: compare === undefined ? ([model] as const) : ([model, compare] as const),
    archive: data,
    out,
    patterns: values.roi.map(parseRoiPatterns),
    limit: values.limit === undefined ? Infinity : wholeNumber('limit', values.limit),
    toleranceMm: positiveNumber('tolerance', values.tolerance),
    includeTrained: values['include-trained'],
    unseen: values.unseen,
    members: values.members,
    variants: inputVariants(
      values['ct-alone'],
      values.off.map((mm) => positiveNumber('off', mm)),
    ),
    record: values.record,
    onProgress: bars.update,
    onLeftOut: ({ place, error }: LeftOut) => bars.say(() => console.error(`left out ${place}: ${error.toLine()}`)),
  };
  const { config } = await commandConfig(values.config);
  const result = await runEvaluation(call, config).finally(bars.end);
  if (json) {
    console.log(JSON.stringify(result, undefined, 2));
    return;
  }
  for (const one of result.summaries) console.log(summaryLine(one));
  console.log(join(out, 'summary.md'));
}
