import type { ComparisonView, SeriesDetail, StructureSetView } from '../../store/series.ts';
import type { ComparedRoi } from '../../work/correction.ts';
import type { Texts } from '../texts/texts.ts';
import { html, type Html } from './html.ts';
import { badge, moment, type Mood, problemBox, warningList } from './parts.ts';

type Words = Texts['corrections'];

/** The corrections: how each differs from what was contoured, and whether it counts. */
export function correctionSection(texts: Texts, series: SeriesDetail, operator: boolean): Html {
  const words = texts.corrections;
  const { structureSets } = series;
  return html`<section id="corrections" data-live class="panel" ${structureSets.length === 0 && html`hidden`}>
    <h2>${words.title}</h2>
    ${structureSets.map((set) => card(texts, set, operator))}
    <p class="quiet">${words.meaning} <a href="/quality">${texts.navigation.quality}</a></p>
  </section>`;
}

function card(texts: Texts, set: StructureSetView, operator: boolean): Html {
  const words = texts.corrections;
  const { structureSet, receivedAt, sender, approval, confirmed, comparisons } = set;
  return html`<article class="order" id="correction-${structureSet}">
    <h3>${words.from(sender)} ${moment(texts, receivedAt)} ${badge(...standing(words, set))}</h3>
    <p class="quiet">
      ${words.approval[approval]}${
        confirmed !== undefined && html`; ${words.confirmedBy(confirmed.by)} ${moment(texts, confirmed.at)}`
      }${set.matchedBy === 'frame of reference' && html`; ${words.byFrame}`}
    </p>
    ${comparisons.map((one) => comparison(texts, one))}
    ${operator && html`<div class="actions">${buttons(words, set)}</div>`}
  </article>`;
}

/** Whether it counts, or why not. */
function standing(words: Words, { approval, confirmed, comparisons }: StructureSetView): [Mood, string] {
  if (comparisons.some(({ counts }) => counts)) return ['good', words.standing.counts];
  if (comparisons.some(({ own }) => own)) return ['quiet', words.standing.own];
  if (comparisons.some(({ state }) => state === 'failed' || state === 'not comparable'))
    return ['bad', words.standing.failed];
  if (comparisons.some(({ state }) => state !== 'compared')) return ['progress', words.standing.comparing];
  if (approval !== 'APPROVED' && confirmed === undefined) return ['attention', words.standing.unconfirmed];
  return ['quiet', words.standing.replaced];
}

function buttons(words: Words, { structureSet, approval, confirmed, comparisons }: StructureSetView): Html[] {
  const button = (action: 'confirm' | 'withdraw' | 'compare', text: string): Html =>
    html`<button type="button" data-action="structure-sets/${structureSet}/${action}">${text}</button>`;
  const own = comparisons.some((one) => one.own);
  return [
    ...(confirmed === undefined && approval !== 'APPROVED' && !own ? [button('confirm', words.confirm)] : []),
    ...(confirmed === undefined ? [] : [button('withdraw', words.withdraw)]),
    ...(comparisons.some(({ state }) => state === 'failed' || state === 'not comparable')
      ? [button('compare', words.compareAgain)]
      : []),
  ];
}

function comparison(texts: Texts, { bundle, problem, rois, warnings }: ComparisonView): Html {
  return html`<p>${texts.corrections.against} <b>${bundle.name}</b> <span class="quiet">${bundle.version}</span></p>
    ${problemBox(texts, problem)} ${warningList(texts, warnings)} ${rois.length > 0 && figures(texts, rois)}`;
}

const columns = [
  ['dsc', 3],
  ['hd95', 1],
  ['surfaceDsc', 3],
  ['addedPathLengthMm', 0],
  ['proposedCm3', 1],
  ['correctedCm3', 1],
] as const;

function figures(texts: Texts, rois: readonly ComparedRoi[]): Html {
  return html`<table class="figures">
    <thead>
      <tr>
        <th scope="col">${texts.series.orders.roi}</th>
        ${columns.map(([key]) => html`<th scope="col" class="number">${texts.figures[key]}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rois.map(
        (roi) =>
          html`<tr>
            <th scope="row">
              ${roi.name}${roi.state !== 'compared' && html` <span class="quiet">${texts.corrections.roiStates[roi.state]}</span>`}
            </th>
            ${columns.map(([key, digits]) => html`<td class="number">${roi[key]?.toFixed(digits) ?? '–'}</td>`)}
          </tr>`,
      )}
    </tbody>
  </table>`;
}
