import { compareText } from '../../store/orders.ts';
import type { QualityValue } from '../../store/quality-values.ts';
import {
  grouped,
  ofModelAndSender,
  periodOf,
  qualityAddress,
  qualityMetrics,
  type QualityQuery,
} from '../quality-filter.ts';
import type { Texts } from '../texts/texts.ts';
import { filterSelect, filterOptions } from './filter-select.ts';
import { html, type Html } from './html.ts';
import { correctionTable, withoutFigures } from './quality-corrections.ts';
import { qualityRoi } from './quality-roi.ts';
import { type UnmatchedInput, unmatchedSection } from './unmatched-section.ts';

export interface QualityPageInput extends UnmatchedInput {
  readonly query: QualityQuery;
  readonly values: readonly QualityValue[];
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** How far corrected structure sets are from the proposed ones, over months: ROI by ROI, bundle by bundle. */
export function qualityMain(texts: Texts, input: QualityPageInput): Html {
  const words = texts.quality;
  const { query, values, now } = input;
  const ofAnyTime = ofModelAndSender(values, query);
  const inPeriod = periodOf(query, now);
  const shown = ofAnyTime.filter(inPeriod);
  const structureSets = new Set(shown.map(({ series, structureSet }) => `${series} ${structureSet}`)).size;
  return html`<h1>${words.title}</h1>
    <p>${words.meaning}</p>
    ${filterForm(texts, query, values)}
    <div id="quality" data-live>
      <nav class="groups" aria-label="${words.metricsLabel}">
        <ul>
          ${qualityMetrics.map(
            (metric) =>
              html`<li>
                <a
                  href="${qualityAddress('/quality', { ...query, metric })}"
                  ${metric === query.metric && html`aria-current="true"`}
                  >${texts.figures[metric]}</a
                >
              </li>`,
          )}
        </ul>
      </nav>
      <p>
        ${words.counting(structureSets)}
        <a href="${qualityAddress('/quality.csv', query)}" download>${words.csv}</a>
      </p>
      ${shown.length === 0 && html`<p class="empty">${values.length === 0 ? words.empty : words.noMatch}</p>`}
      ${bundlesOf(texts, query, ofAnyTime, inPeriod)} ${shown.length > 0 && correctionTable(texts, shown)}
    </div>
    ${unmatchedSection(texts, input)}`;
}

const daysOffered = [30, 90, 365];

function filterForm(
  texts: Texts,
  { metric, days, model, sender }: QualityQuery,
  values: readonly QualityValue[],
): Html {
  const {
    bundle,
    anyBundle,
    sender: senderLabel,
    anySender,
    anyTime,
    days: lastDays,
    apply,
    reset,
  } = texts.worklist.filters;
  const words = texts.quality.filters;
  const names = (all: readonly (string | undefined)[]): (readonly [string, string])[] =>
    [...new Set(all)]
      .filter((one) => one !== undefined)
      .toSorted(compareText)
      .map((one) => [one, one] as const);
  const models = names([...values.map((value) => value.bundle.name), model]);
  const senders = names([...values.map((value) => value.sender), sender]);
  const periods = [...new Set([...daysOffered, ...(days === undefined ? [] : [days])])].toSorted((a, b) => a - b);
  return html`<form class="filters" aria-label="${words.label}" method="get" action="/quality" data-filters>
    ${metric !== 'dsc' && html`<input type="hidden" name="metric" value="${metric}" />`}
    ${filterSelect(
      'days',
      words.received,
      anyTime,
      filterOptions(
        periods.map((one) => [String(one), lastDays(one)]),
        days === undefined ? undefined : String(days),
      ),
    )}
    ${filterSelect('model', bundle, anyBundle, filterOptions(models, model))}
    ${filterSelect('sender', senderLabel, anySender, filterOptions(senders, sender))}
    <button type="submit">${apply}</button>
    <a class="reset" href="${qualityAddress('/quality', { metric })}">${reset}</a>
  </form>`;
}

function bundlesOf(
  texts: Texts,
  { metric }: QualityQuery,
  values: readonly QualityValue[],
  inPeriod: (value: QualityValue) => boolean,
): Html[] {
  return grouped(values, ({ bundle }) => bundle.name).flatMap(([bundle, ofBundle]) => {
    const shown = ofBundle.filter(inPeriod);
    if (shown.length === 0) return [];
    const compared = new Set(shown.filter(({ roi }) => roi.state === 'compared').map(({ roi }) => roi.name));
    const rois = grouped(ofBundle, ({ roi }) => roi.name).filter(([roi]) => compared.has(roi));
    return html`<section class="panel">
      <h2>${bundle}</h2>
      ${rois.map(([roi, ofRoi]) => qualityRoi(texts, { bundle, roi, metric, values: ofRoi, inPeriod }))}
      ${withoutFigures(texts, shown)}
    </section>`;
  });
}
