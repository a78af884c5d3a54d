import type { UnmatchedStructureSet } from '../../intake/correction/unmatched-structure-sets.ts';
import type { ComparedRoi } from '../../work/correction.ts';
import { boxPlot } from '../../charts/box-plot.ts';
import { baselineSize, controlLimits, controlSignals } from '../../charts/individuals-chart.ts';
import { percentile } from '../../charts/percentile.ts';
import { type RunPoint, runChart } from '../../charts/run-chart.ts';
import type { QualityValue } from '../../store/quality-values.ts';
import type { Texts } from '../texts/texts.ts';
import { html, Html } from './html.ts';
import { badge, moment } from './parts.ts';

/** What the charts can show. */
export const qualityMetrics = ['dsc', 'hd95', 'surfaceDsc', 'addedPathLengthMm'] as const;
export type QualityMetric = (typeof qualityMetrics)[number];

export interface QualityPageInput {
  readonly metric: QualityMetric;
  readonly values: readonly QualityValue[];
  readonly unmatched: readonly UnmatchedStructureSet[];
  /** For how long they are kept. */
  readonly unmatchedDays: number;
  readonly operator: boolean;
}

/** How far corrected structure sets are from the proposed ones, over months: ROI by ROI, bundle by bundle. */
export function qualityMain(texts: Texts, input: QualityPageInput): Html {
  const words = texts.quality;
  const { metric, values } = input;
  const structureSets = new Set(values.map(({ series, structureSet }) => `${series} ${structureSet}`)).size;
  return html`<h1>${words.title}</h1>
    <p>${words.meaning}</p>
    <nav class="groups" aria-label="${words.metricsLabel}">
      <ul>
        ${qualityMetrics.map(
          (one) =>
            html`<li>
              <a href="/quality?metric=${one}" ${one === metric && html`aria-current="true"`}>${texts.figures[one]}</a>
            </li>`,
        )}
      </ul>
    </nav>
    <div id="quality" data-live>
      <p>${words.counting(structureSets)} <a href="/quality.csv" download>${words.csv}</a></p>
      ${values.length === 0 ? html`<p class="empty">${words.empty}</p>` : bundlesOf(texts, input)}
    </div>
    ${unmatchedSection(texts, input)}`;
}

function bundlesOf(texts: Texts, { metric, values }: QualityPageInput): Html[] {
  return grouped(values, ({ bundle }) => bundle.name).map(
    ([name, ofBundle]) =>
      html`<section class="panel">
        <h2>${name}</h2>
        ${grouped(ofBundle, ({ roi }) => roi.name).map(([roi, ofRoi]) => roiSection(texts, name, roi, metric, ofRoi))}
      </section>`,
  );
}

function roiSection(
  texts: Texts,
  bundle: string,
  roi: string,
  metric: QualityMetric,
  values: readonly QualityValue[],
): Html {
  const words = texts.quality;
  const versions = grouped(values, (value) => value.bundle.version);
  const axis = texts.figures[metric];
  const boxes = versions.map(([version, ofVersion]) => ({
    label: version,
    colour: '#1f5fa8',
    values: numbersOf(ofVersion, metric),
  }));
  const runs = versions.toReversed().map(([version, ofVersion]) => [version, runOf(ofVersion, metric)] as const);
  return html`<h3>${roi}</h3>
    ${summary(texts, versions)}
    <div class="charts">
      ${figure(boxPlot(words.boxTitle(bundle, roi), axis, boxes))}
      ${runs.map(
        ([version, points]) =>
          points.length > 0 &&
          figure(
            runChart(words.runTitle(bundle, version, roi), axis, points, { ruleText: (rule) => words.rules[rule] }),
          ),
      )}
    </div>
    ${runs.map(([version, points]) => signalList(texts, { version, roi, metric, points }))}`;
}

/** Every point that breaks a rule, in words, the newest first. */
function signalList(
  texts: Texts,
  run: { version: string; roi: string; metric: QualityMetric; points: readonly RunPoint[] },
): Html | undefined {
  const words = texts.quality;
  const { version, roi, metric, points } = run;
  const numbers = points.map(({ value }) => value);
  const limits = controlLimits(numbers);
  if (limits === undefined) return undefined;
  const sentences = controlSignals(numbers, limits).flatMap((rules, at) => {
    if (rules.length === 0) return [];
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

type Versions = readonly (readonly [string, readonly QualityValue[]])[];

/** Medians of every version, and whether its newest values are as at the beginning. */
function summary(texts: Texts, versions: Versions): Html {
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
        ([version, values]) =>
          html`<tr>
            <th scope="row">${version}</th>
            <td class="number">${words.counted(compared(values), values.length)}</td>
            ${qualityMetrics.map((one) => {
              const numbers = numbersOf(values, one);
              return html`<td class="number">
                ${numbers.length === 0 ? '–' : percentile(numbers, 50).toFixed(digits[one])}
              </td>`;
            })}
            <td>${drift(texts, values)}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

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

function grouped(values: readonly QualityValue[], nameOf: (value: QualityValue) => string): [string, QualityValue[]][] {
  const groups = new Map<string, QualityValue[]>();
  for (const value of values) {
    const name = nameOf(value);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [value]);
    else group.push(value);
  }
  return [...groups].toSorted(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }));
}

function unmatchedSection(texts: Texts, { unmatched, unmatchedDays, operator }: QualityPageInput): Html {
  const { title, none, columns, kept, remove } = texts.quality.unmatched;
  return html`<section class="panel" id="unmatched" data-live>
    <h2>${title}</h2>
    <p class="quiet">${kept(unmatchedDays)}</p>
    ${unmatched.length === 0 && html`<p>${none}</p>`}
    ${
      unmatched.length > 0 &&
      html`<table class="figures">
        <thead>
          <tr>
            ${Object.values(columns).map((name) => html`<th scope="col">${name}</th>`)}
            ${operator && html`<th scope="col"><span class="hidden">${remove}</span></th>`}
          </tr>
        </thead>
        <tbody>
          ${unmatched.map(
            ({ key, receivedAt, sender, reason, approval }) =>
              html`<tr>
                <th scope="row" class="key">${key}</th>
                <td>${moment(texts, receivedAt)}</td>
                <td>${sender}</td>
                <td>${texts.corrections.approval[approval]}</td>
                <td>${texts.unmatchedReasons[reason]}</td>
                ${
                  operator &&
                  html`<td>
                    <button type="button" class="danger" data-unmatched="${key}" aria-label="${remove} ${key}">
                      ${remove}
                    </button>
                  </td>`
                }
              </tr>`,
          )}
        </tbody>
      </table>`
    }
  </section>`;
}
