import type { OfferedChoice } from '../../store/series.ts';
import type { Texts } from '../texts/texts.ts';
import { html, type Html } from './html.ts';
import { errorCode, warningList } from './parts.ts';

/** Which images of a rejected series disagree with the rest, and what may be contoured without them. */
export function choicesSection(
  texts: Texts,
  series: string,
  choices: readonly OfferedChoice[],
  isOperator: boolean,
): Html {
  const words = texts.series.choices;
  return html`<section id="choices" data-live class="panel" ${choices.length === 0 && html`hidden`}>
    <h2>${words.title}</h2>
    <p class="quiet">${choices.every(({ problem }) => problem !== undefined) ? words.hintNone : words.hint}</p>
    <table>
      <thead>
        <tr>
          <th scope="col">${words.kept}</th>
          <th scope="col">${words.leftOut}</th>
          <th scope="col">${words.missing}</th>
        </tr>
      </thead>
      <tbody>
        ${choices.map((choice) => row(texts, series, choice, isOperator))}
      </tbody>
    </table>
  </section>`;
}

function row(texts: Texts, series: string, choice: OfferedChoice, isOperator: boolean): Html {
  const words = texts.series.choices;
  const { kind, name, images, leftOut, problem, warnings } = choice;
  const kept = name === undefined ? words.without : texts.imageReason(name);
  return html`<tr>
    <th scope="row">
      ${kept}: ${words.images(images)} ${pictures(series, kept, choice.pictures)} ${warningList(texts, warnings)}
    </th>
    <td>
      ${leftOut.map(
        (group) =>
          html`<div>
            ${words.images(group.images)}: ${texts.imageReason(group.reason)}
            ${pictures(series, texts.imageReason(group.reason), group.pictures)}
          </div>`,
      )}
    </td>
    <td>
      ${missing(words, choice)}
      ${problem !== undefined && html`<div>${words.impossible}: ${texts.problem(problem)} ${errorCode(problem.code)}</div>`}
      ${
        isOperator &&
        problem === undefined &&
        html`<div class="actions">
          <button type="button" data-action="choose" data-choice="${choice.choice}">
            ${kind === 'only' ? words.chooseOnly : words.chooseWithout}
          </button>
        </div>`
      }
    </td>
  </tr>`;
}

/** Some of the images, from the feet to the head. */
function pictures(series: string, what: string, names: readonly string[]): Html {
  return html`<div class="pictures">
    ${names.map((name) => html`<img src="/series/${series}/images/${name}.png" alt="${what}" loading="lazy" height="72" />`)}
  </div>`;
}

function missing(words: Texts['series']['choices'], { missingMm: { feet, head }, problem }: OfferedChoice): string {
  const ends = [...(feet > 0 ? [words.feet(feet.toFixed(1))] : []), ...(head > 0 ? [words.head(head.toFixed(1))] : [])];
  return ends.length === 0 && problem === undefined ? words.nothing : ends.join(', ');
}
