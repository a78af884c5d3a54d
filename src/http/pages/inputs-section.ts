import type { OfferedInput, SeriesDetail } from '../../store/series.ts';
import type { Texts } from '../texts/texts.ts';
import { html, type Html } from './html.ts';
import { moment } from './parts.ts';

type Words = Texts['series']['inputs'];

/** What is seen beside the CT: which MR, how old it is, how it is registered; and what may be chosen in its place. */
export function inputsSection(
  texts: Texts,
  { inputs, awaitsUntil }: SeriesDetail,
  offered: readonly OfferedInput[],
  isOperator: boolean,
): Html {
  const words = texts.series.inputs;
  // What the newest revision has stays in view, also where nothing is offered any more.
  const rows = offered.length > 0 ? offered : (inputs ?? []).map(asOffered);
  return html`<section id="inputs" data-live class="panel" ${rows.length === 0 && html`hidden`}>
    <h2>${words.title}</h2>
    ${awaitsUntil !== undefined && html`<p>${words.waits} ${moment(texts, awaitsUntil)}</p>`}
    <table>
      <thead>
        <tr>
          <th scope="col">${words.series}</th>
          <th scope="col">${words.taken}</th>
          <th scope="col">${words.way}</th>
          <th scope="col"></th>
        </tr>
      </thead>
      <tbody>
        ${rows.map((one) => row(words, one, isOperator && offered.length > 0))}
      </tbody>
    </table>
  </section>`;
}

function asOffered(image: NonNullable<SeriesDetail['inputs']>[number]): OfferedInput {
  const { name: input, series, how, registrations = [], date } = image;
  return { input, choice: '', series, how, registrations, ...(date !== undefined && { date }), used: true };
}

function row(words: Words, offered: OfferedInput, mayChoose: boolean): Html {
  const { input, choice, series, seriesDescription, how, registrations, date, days, used } = offered;
  return html`<tr>
    <th scope="row">
      ${input}:
      ${
        series === undefined
          ? words.ctAlone
          : html`<a href="/series/${series}"
              >${seriesDescription === undefined || seriesDescription === '' ? series : seriesDescription}</a
            >`
      }
    </th>
    <td>
      ${date?.replace(/^(\d{4})(\d{2})(\d{2})$/, '$1-$2-$3')}
      ${days !== undefined && html`<span class="quiet">${words.age(days)}</span>`}
    </td>
    <td>
      ${how !== undefined && words.ways[how]}
      ${registrations.map((one) => html` <a class="key" href="/series/${one}">${one}</a>`)}
    </td>
    <td>
      ${used && html`<b>${words.used}</b>`}
      ${
        mayChoose &&
        !used &&
        html`<button type="button" data-action="choose-input" data-input="${input}" data-choice="${choice}">
          ${series === undefined ? words.chooseAlone : words.choose}
        </button>`
      }
    </td>
  </tr>`;
}
