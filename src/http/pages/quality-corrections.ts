import type { QualityValue } from '../../store/quality-values.ts';
import { grouped } from '../quality-filter.ts';
import type { Texts } from '../texts/texts.ts';
import { html, type Html } from './html.ts';
import { moment } from './parts.ts';

/** So many of the newest are listed; the CSV has all. */
const listed = 200;

/** The structure sets behind the charts, the newest first: whose they are, who confirmed them, and what was not proposed. */
export function correctionTable(texts: Texts, values: readonly QualityValue[]): Html {
  const { title, columns, newest } = texts.quality.corrections;
  const corrections = Map.groupBy(
    values,
    ({ series, structureSet, bundle }) => `${series} ${structureSet} ${bundle.name} ${bundle.version}`,
  );
  return html`<section class="panel">
    <h2>${title}</h2>
    ${corrections.size > listed && html`<p class="quiet">${newest(listed, corrections.size)}</p>`}
    <div class="wide">
      <table class="figures">
        <thead>
          <tr>
            ${Object.values(columns).map((name) => html`<th scope="col">${name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${[...corrections.values()]
            .toReversed()
            .slice(0, listed)
            .map((one) => correctionRow(texts, one))}
        </tbody>
      </table>
    </div>
  </section>`;
}

function correctionRow(texts: Texts, values: readonly QualityValue[]): Html {
  const [{ series, structureSet, receivedAt, sender, bundle, confirmed, countedBy }] = values as [QualityValue];
  const words = texts.quality.corrections;
  const unproposed = values.flatMap(({ roi }) => (roi.state === 'only corrected' ? roi.name : []));
  return html`<tr>
    <th scope="row" class="key"><a href="/series/${series}#correction-${structureSet}">${structureSet}</a></th>
    <td>${moment(texts, receivedAt)}</td>
    <td>${sender ?? '–'}</td>
    <td>${bundle.name} <span class="quiet">${bundle.version}</span></td>
    <td>
      ${countedBy === 'approved' && texts.corrections.approval.APPROVED}
      ${countedBy === 'confirmed' && confirmed === undefined && words.reviewerUnknown}
      ${confirmed !== undefined && html`${texts.corrections.confirmedBy(confirmed.by)} ${moment(texts, confirmed.at)}`}
    </td>
    <td>${unproposed.length === 0 ? '–' : unproposed.join(', ')}</td>
  </tr>`;
}

/** ROIs that have no figures in some corrections: not proposed, not in the correction, or twice there. */
export function withoutFigures(texts: Texts, values: readonly QualityValue[]): Html | undefined {
  const words = texts.quality;
  const { title, columns } = words.withoutFigures;
  const rows = grouped(values, ({ roi }) => roi.name).flatMap(([name, ofRoi]) =>
    [...Map.groupBy(ofRoi, ({ roi }) => roi.state)].flatMap(([state, those]) =>
      state === 'compared'
        ? []
        : html`<tr>
            <th scope="row">${name}</th>
            <td>${texts.corrections.roiStates[state]}</td>
            <td class="number">${words.counted(those.length, ofRoi.length)}</td>
            <td>${moment(texts, those.at(-1)!.receivedAt)}</td>
          </tr>`,
    ),
  );
  if (rows.length === 0) return undefined;
  return html`<h3>${title}</h3>
    <table class="figures">
      <thead>
        <tr>
          <th scope="col">${columns.roi}</th>
          <th scope="col">${columns.state}</th>
          <th scope="col" class="number">${columns.number}</th>
          <th scope="col">${columns.newest}</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>`;
}
