import type { OfferedChoice } from '../../store/series.ts';
import type { Texts } from '../texts/texts.ts';
import { html, type Html } from './html.ts';
import { warningList } from './parts.ts';

/** Which images of a rejected series disagree with the rest, and what may be contoured without them. */
export function choicesSection(texts: Texts, choices: readonly OfferedChoice[], isOperator: boolean): Html {
  const words = texts.series.choices;
  return html`<section id="choices" data-live class="panel" ${choices.length === 0 && html`hidden`}>
    <h2>${words.title}</h2>
    <p class="quiet">${words.hint}</p>
    <table>
      <thead>
        <tr>
          <th scope="col">${words.kept}</th>
          <th scope="col">${words.leftOut}</th>
          <th scope="col">${words.missing}</th>
        </tr>
      </thead>
      <tbody>
        ${choices.map((choice) => row(texts, choice, isOperator))}
      </tbody>
    </table>
  </section>`;
}

function row(texts: Texts, choice: OfferedChoice, isOperator: boolean): Html {
  const words = texts.series.choices;
  const { kind, name, images, leftOut, problem, warnings } = choice;
  return html`<tr>
    <th scope="row">${name ?? words.without}: ${words.images(images)} ${warningList(texts, warnings)}</th>
    <td>${leftOut.map((group) => html`<div>${words.images(group.images)}: ${group.reason}</div>`)}</td>
    <td>
      ${missing(words, choice)}
      ${problem !== undefined && html`<div>${words.impossible}: ${texts.problem(problem)} <code>${problem.code}</code></div>`}
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

function missing(words: Texts['series']['choices'], { missingMm: { feet, head }, problem }: OfferedChoice): string {
  const ends = [...(feet > 0 ? [words.feet(feet.toFixed(1))] : []), ...(head > 0 ? [words.head(head.toFixed(1))] : [])];
  return ends.length === 0 && problem === undefined ? words.nothing : ends.join(', ');
}
