import type { Plan, PlannedStructure, PlannedStructureSet } from '../../config/planned-structure-sets.ts';
import type { Problem } from '../../problem.ts';
import type { Texts } from '../texts/texts.ts';
import { html, type Html } from './html.ts';
import { badge, problemBox } from './parts.ts';

export interface PlansPageInput {
  /** Of the configuration in force. */
  readonly plans: readonly Plan[];
  /** Who may have a configuration checked gets the form. */
  readonly csrfToken: string | undefined;
  /** A configuration that was pasted, and what came of it. */
  readonly checked?: Checked;
}

export type Checked = { readonly text: string } & ({ readonly plans: readonly Plan[] } | { readonly problem: Problem });

/** Which structures each route sends, in order; the same for a configuration that is not saved yet. */
export function plansMain(texts: Texts, { plans, csrfToken, checked }: PlansPageInput): Html {
  const words = texts.plans;
  return html`<h1>${words.title}</h1>
    <p>${words.meaning}</p>
    ${plans.length === 0 && html`<p class="empty">${words.none}</p>`} ${plans.map((plan) => planSection(texts, plan))}
    ${csrfToken !== undefined && checkSection(texts, csrfToken, checked)}`;
}

function checkSection(texts: Texts, csrfToken: string, checked: Checked | undefined): Html {
  const words = texts.plans.check;
  return html`<section class="panel" id="check">
    <h2>${words.title}</h2>
    <form class="check-form" method="post" action="/structures#check">
      <p class="quiet" id="check-hint">${words.hint}</p>
      <label
        >${words.label}<textarea
          name="configuration"
          rows="12"
          spellcheck="false"
          aria-describedby="check-hint"
          required
        >
${checked?.text ?? ''}</textarea>
      </label>
      <input type="hidden" name="_csrf" value="${csrfToken}" />
      <button class="primary">${words.submit}</button>
    </form>
    <div role="status">${checked !== undefined && result(texts, checked)}</div>
  </section>`;
}

function result(texts: Texts, checked: Checked): Html {
  if ('problem' in checked) return html`${problemBox(texts, checked.problem)}`;
  const { check, none } = texts.plans;
  return html`<h2>${check.result}</h2>
    ${checked.plans.length === 0 && html`<p>${none}</p>`} ${checked.plans.map((plan) => planSection(texts, plan))}`;
}

function planSection(texts: Texts, plan: Plan): Html {
  const words = texts.plans;
  const { route, kind, name, description, inputs, sets, refused, remarks } = plan;
  return html`<article class="panel plan">
    <h3>${route === undefined ? '' : `${words.route(route)}: `}${words.by[kind](name)}</h3>
    ${description !== '' && html`<p class="quiet">${description}</p>`}
    ${route === undefined && html`<p class="quiet">${words.noRoute}</p>`}
    ${Object.entries(inputs).map(
      ([input, { required, waitMinutes }]) => html`<p>${words.beside(input, waitMinutes, required)}</p>`,
    )}
    ${
      refused.destinations.length > 0 &&
      html`<p>${badge('attention', words.refused(refused.destinations.join(', '), words.uses[refused.use]))}</p>`
    }
    ${
      remarks.length > 0 &&
      html`<p>${words.remarks}:</p>
        <ul class="warnings">
          ${remarks.map((remark) => html`<li>${remark}</li>`)}
        </ul>`
    }
    ${sets.length === 0 && refused.destinations.length === 0 && html`<p>${words.unreadable}</p>`}
    ${sets.map((set) => setTable(texts, plan, set))}
  </article>`;
}

function setTable(texts: Texts, { route }: Plan, { destinations, structures }: PlannedStructureSet): Html {
  const { columns, to, staysHere } = texts.plans;
  const where = destinations.length > 0 ? to(destinations.join(', ')) : staysHere;
  return html`<table class="figures">
    ${
      route !== undefined &&
      html`<caption>
        ${where}
      </caption>`
    }
    <thead>
      <tr>
        ${Object.values(columns).map((name) => html`<th scope="col">${name}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${structures.map(
        (structure, index) =>
          html`<tr>
            <td class="number">${index + 1}</td>
            <th scope="row">${structure.name}</th>
            <td>${structure.type}</td>
            <td>${structure.roi}</td>
            <td>${origin(texts, structure)}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

function origin(texts: Texts, { from, formula, required }: PlannedStructure): Html {
  const words = texts.plans;
  const what =
    formula !== undefined
      ? html`<code>= ${formula}</code>`
      : from === 'body' || from === 'couch'
        ? words[from]
        : (from ?? '');
  return html`${what}${required && html`, <b>${words.required}</b>`}`;
}
