import type { ComparedRoi } from '../../work/correction.ts';
import { boxPlot } from '../../charts/box-plot.ts';
import { baselineSize, type ControlRule, controlLimits, controlSignals } from '../../charts/individuals-chart.ts';
import { percentile } from '../../charts/percentile.ts';
import { type RunPoint, runChart } from '../../charts/run-chart.ts';
import type { QualityValue } from '../../store/quality-values.ts';
import { grouped, type QualityMetric, qualityMetrics } from '../quality-filter.ts';
import type { Texts } from '../texts/texts.ts';
import { html, Html } from './html.ts';
import { badge } from './parts.ts';

interface Version {
  readonly version: string;
  readonly all: readonly QualityValue[];
  /** Those of the period. */
  readonly shown: readonly QualityValue[];
}

interface Run {
  readonly version: string;
  readonly points: readonly RunPoint[];
  /** Index of the first point of the period. */
  readonly from: number;
}

/** The values of one ROI of a bundle, and what the page shows of them. */
export interface RoiInput {
  readonly bundle: string;
  readonly roi: string;
  readonly metric: QualityMetric;
  /** Of any time: the first ones set the limits. */
  readonly values: readonly QualityValue[];
  readonly inPeriod: (value: QualityValue) => boolean;
}

/** Medians, a box plot and a run chart of each version, and the signals of a change in words. */
export function qualityRoi(texts: Texts, { bundle, roi, metric, values, inPeriod }: RoiInput): Html {
  const words = texts.quality;
  const versions = grouped(values, (value) => value.bundle.version)
    .map(([version, all]): Version => ({ version, all, shown: all.filter(inPeriod) }))
    .filter(({ shown }) => shown.length > 0);
  const axis = texts.figures[metric];
  const boxes = versions.map(({ version, shown }) => ({
    label: version,
    colour: '#1f5fa8',
    values: numbersOf(shown, metric),
  }));
  const runs = versions.toReversed().map(({ version, all, shown }): Run => {
    const points = runOf(all, metric);
    return { version, points, from: points.length - runOf(shown, metric).length };
  });
  return html`<h3>${roi}</h3>
    ${summary(texts, versions)}
    <div class="charts">
      ${figure(boxPlot(words.boxTitle(bundle, roi), axis, boxes, ranges[metric]))}
      ${runs.map(({ version, points, from }) => {
        const options = { ruleText: (rule: ControlRule) => words.rules[rule], range: ranges[metric], from };
        return from < points.length && figure(runChart(words.runTitle(bundle, version, roi), axis, points, options));
      })}
    </div>
    ${runs.map((run) => signalList(texts, roi, metric, run))}`;
}

/** Every point that breaks a rule, in words, the newest first. */
function signalList(
  texts: Texts,
  roi: string,
  metric: QualityMetric,
  { version, points, from }: Run,
): Html | undefined {
  const words = texts.quality;
  const numbers = points.map(({ value }) => value);
  const limits = controlLimits(numbers);
  if (limits === undefined) return undefined;
  const sentences = controlSignals(numbers, limits).flatMap((rules, at) => {
    if (at < from || rules.length === 0) return [];
    const { day, value } = points[at]!;
    return words.signal(day, roi, value.toFixed(digits[metric]), rules.map((rule) => words.rules[rule]).join('; '));
  });
  if (sentences.length === 0) return undefined;
  return html`<h4>${words.signalsTitle(version, roi, texts.figures[metric])}</h4>
    <ul class="signals">
      ${sentences.toReversed().map((sentence) => html`<li>${sentence}</li>`)}
    </ul>`;
}

/** The charts escape their texts themselves. */
function figure(svg: string): Html {
  return html`<div class="chart">${new Html(svg)}</div>`;
}

/** Medians of every version, and whether its newest values are as at the beginning. */
function summary(texts: Texts, versions: readonly Version[]): Html {
  const words = texts.quality;
  return html`<table class="figures">
    <thead>
      <tr>
        <th scope="col">${words.version}</th>
        <th scope="col" class="number">${words.number}</th>
        ${qualityMetrics.map((one) => html`<th scope="col" class="number">${words.median(texts.figures[one])}</th>`)}
        <th scope="col">${words.control}</th>
      </tr>
    </thead>
    <tbody>
      ${versions.map(
        ({ version, all, shown }) =>
          html`<tr>
            <th scope="row">${version}</th>
            <td class="number">${words.counted(compared(shown), shown.length)}</td>
            ${qualityMetrics.map((one) => {
              const numbers = numbersOf(shown, one);
              return html`<td class="number">
                ${numbers.length === 0 ? '–' : percentile(numbers, 50).toFixed(digits[one])}
              </td>`;
            })}
            <td>${drift(texts, all)}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

/** Of an agreement the whole axis is shown, so that charts can be compared. */
const ranges: Partial<Record<QualityMetric, readonly [number, number]>> = { dsc: [0, 1], surfaceDsc: [0, 1] };
const digits: Record<QualityMetric, number> = { dsc: 3, hd95: 1, surfaceDsc: 3, addedPathLengthMm: 0 };
/** The newest values that are looked at for a drift. */
const recent = 10;

function drift(texts: Texts, values: readonly QualityValue[]): Html {
  const words = texts.quality;
  const n = compared(values);
  if (n < baselineSize) return html`<span class="quiet">${words.noBaseline(baselineSize - n)}</span>`;
  const signalling = qualityMetrics.filter((metric) => {
    const numbers = numbersOf(values, metric);
    const limits = controlLimits(numbers);
    return (
      limits !== undefined &&
      controlSignals(numbers, limits)
        .slice(-recent)
        .some((rules) => rules.length > 0)
    );
  });
  if (signalling.length === 0) return badge('good', words.inControl);
  return badge('attention', words.signals(signalling.map((metric) => texts.figures[metric]).join('; ')));
}

function compared(values: readonly QualityValue[]): number {
  return values.filter(({ roi }) => roi.state === 'compared').length;
}

function numbersOf(values: readonly QualityValue[], metric: QualityMetric): number[] {
  return values.flatMap(({ roi }: { roi: ComparedRoi }) => roi[metric] ?? []);
}

function runOf(values: readonly QualityValue[], metric: QualityMetric): RunPoint[] {
  return values.flatMap(({ receivedAt, roi: { [metric]: value } }) =>
    value === undefined ? [] : [{ day: receivedAt.slice(0, 10), value }],
  );
}
