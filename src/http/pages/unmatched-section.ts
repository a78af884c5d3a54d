import type { UnmatchedStructureSet } from '../../intake/correction/unmatched-structure-sets.ts';
import type { Texts } from '../texts/texts.ts';
import { html, type Html } from './html.ts';
import { moment } from './parts.ts';

export interface UnmatchedInput {
  readonly unmatched: readonly UnmatchedStructureSet[];
  /** For how long they are kept. */
  readonly unmatchedDays: number;
  readonly operator: boolean;
}

/** Structure sets that came back and belong to no series here. */
export function unmatchedSection(texts: Texts, { unmatched, unmatchedDays, operator }: UnmatchedInput): Html {
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
                    <p class="answer" role="alert"></p>
                  </td>`
                }
              </tr>`,
          )}
        </tbody>
      </table>`
    }
  </section>`;
}
