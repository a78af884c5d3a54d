import type { DeliveryView, OfferedChoice, OfferedInput, SeriesDetail } from '../../store/series.ts';
import type { ProgressOfOrder } from '../../jobs/contour-progress.ts';
import type { OperatorTargets } from '../../intake/operator-targets.ts';
import { isAtFault } from '../../errors.ts';
import type { Texts } from '../texts/texts.ts';
import { html, type Html } from './html.ts';
import { errorCode, moment, stageList, stateBadge, warningList, whyBox } from './parts.ts';
import { acknowledgeButton, acknowledgements } from './acknowledge.ts';
import { choicesSection } from './choices-section.ts';
import { correctionSection } from './correction-section.ts';
import type { ShownPatient } from '../../store/shown-patient.ts';
import type { ShowIdentity } from '../patients.ts';
import { inputsSection } from './inputs-section.ts';
import { ordersSection } from './orders-section.ts';
import { viewerSection } from './viewer-section.ts';

export interface SeriesPageInput {
  readonly texts: Texts;
  readonly series: SeriesDetail;
  /** Whether the patient is shown at once, by a button, or not at all. */
  readonly identity: ShowIdentity;
  /** Where it is shown at once. */
  readonly patient: ShownPatient | undefined;
  /** How far the worker is with an order; undefined where nothing is known of it. */
  readonly progress: (order: string) => ProgressOfOrder | undefined;
  readonly now: number;
  /** What an operator may choose; undefined for a user who may change nothing. */
  readonly operator: OperatorTargets | undefined;
  /** How a rejected series may be contoured all the same. */
  readonly choices: readonly OfferedChoice[];
  /** What may be seen beside a CT. */
  readonly inputs: readonly OfferedInput[];
}

/** A part of the page of one series; undefined where the series has nothing for it. */
type Section = (input: SeriesPageInput) => Html | undefined;

/** In the order of the page. */
const sections: readonly Section[] = [
  head,
  ({ texts, series, choices, operator }) => choicesSection(texts, series.key, choices, operator !== undefined),
  ({ texts, series, inputs, operator }) => inputsSection(texts, series, inputs, operator !== undefined),
  ({ texts, series }) => viewerSection(texts, series),
  ({ texts, series, operator }) => correctionSection(texts, series, operator !== undefined),
  facts,
  patient,
  byHand,
  ordersSection,
  history,
];

/** One series: its state, what may be done about it, what was contoured, its history in words. */
export function seriesMain(input: SeriesPageInput): Html {
  return html`<div class="series" data-series="${input.series.key}">${sections.map((section) => section(input))}</div>`;
}

function head({ texts, series, now, operator, patient: known }: SeriesPageInput): Html {
  const words = texts.series;
  return html`<section id="head" class="head" data-live>
    <p class="crumb"><a href="/">${texts.worklist.title}</a></p>
    <div class="title">
      <h1>
        ${series.modality !== undefined && html`${series.modality} `}${known === undefined ? words.title : texts.patientName(known.name)}
        <span class="key">${series.key}</span>
      </h1>
      ${stateBadge(texts, series.state)}
    </div>
    ${whyBox(texts, series)} ${warningList(texts, series.warnings)} ${acknowledgements(texts, series)}
    ${stageList(texts, series.stages, now)}
    <div class="actions">
      ${operator !== undefined && acknowledgeButton(texts, series)}
      ${(operator === undefined ? [] : actionsOf(series)).map((action) => actionButton(texts, series, action))}
    </div>
    <p id="answer" class="answer" role="alert"></p>
  </section>`;
}

type Action = keyof Texts['series']['actions'];

/** The main button where it is the cure: not where only other images can help. */
function actionButton(texts: Texts, series: SeriesDetail, action: Action): Html {
  const { actions, releaseAsks } = texts.series;
  const { problem, images, expectedImages } = series;
  const cures = problem !== undefined && !isAtFault('CT', problem.code);
  const ask = action === 'release' && releaseAsks.question(images, expectedImages);
  return html`<button
    type="button"
    class="${cures && 'primary'}"
    data-action="${action}"
    ${ask !== false && html`data-ask="${ask}" data-sure="${releaseAsks.sure}"`}
  >
    ${actions[action]}
  </button>`;
}

/** What makes sense in this state; the node decides all the same. */
function actionsOf({ state, orders, images }: SeriesDetail): Action[] {
  const sent = orders.some(({ deliveries }) => deliveries.some((one) => resendable.includes(one.state)));
  return [
    ...((state === 'rejected' && images > 0) || state === 'unrouted' || state === 'failed' || state === 'set aside'
      ? (['retry'] as const)
      : []),
    ...(sent ? (['resend'] as const) : []),
    ...(state === 'incomplete' && images > 0 ? (['release'] as const) : []),
  ];
}

const resendable: readonly DeliveryView['state'][] = ['delivered', 'failed', 'waiting'];

function facts({ texts, series }: SeriesPageInput): Html {
  const words = texts.series;
  const rows: [string, Html | string | undefined][] = [
    [
      words.facts.sender,
      html`${series.peer !== undefined && `${series.peer}: `}${series.callingAe}, ${series.address}`,
    ],
    [words.facts.called, series.calledAe],
    [words.facts.images, texts.images(series.images, series.expectedImages)],
    [words.facts.received, html`${moment(texts, series.firstReceivedAt)} – ${moment(texts, series.lastReceivedAt)}`],
    [words.facts.revision, series.revision === 0 ? undefined : String(series.revision)],
    [words.facts.route, series.route],
  ];
  return html`<section class="panel">
    <h2>${series.modality === undefined ? words.facts.title : words.facts.titles[series.modality]}</h2>
    <dl id="facts" data-live>
      ${rows.map(
        ([name, value]) =>
          value !== undefined &&
          html`<div>
            <dt>${name}</dt>
            <dd>${value}</dd>
          </div>`,
      )}
    </dl>
  </section>`;
}

function patient({ texts, identity, patient: known }: SeriesPageInput): Html | undefined {
  if (identity === 'never') return undefined;
  const { title, hidden, show, labels } = texts.series.patient;
  return html`<section class="panel">
    <h2>${title}</h2>
    <div id="patient">
      ${known !== undefined && patientFacts(labels, known)}
      ${
        known === undefined &&
        html`<p class="quiet">${hidden}</p>
          <button type="button" data-identity data-labels="${JSON.stringify(labels)}">${show}</button>`
      }
    </div>
  </section>`;
}

function patientFacts(labels: Texts['series']['patient']['labels'], patient: ShownPatient): Html {
  return html`<dl>
    ${(['name', 'patientId', 'birthDate', 'sex', 'studyDescription', 'ctDate'] as const).map(
      (field) =>
        html`<div>
          <dt>${labels[field]}</dt>
          <dd>${patient[field] || '–'}</dd>
        </div>`,
    )}
  </dl>`;
}

/** Another bundle or destination, and the end of the series: what is rarely wanted stands folded up. */
function byHand({ texts, series, operator }: SeriesPageInput): Html | undefined {
  if (operator === undefined) return undefined;
  const mayBeOrdered = series.modality === undefined;
  const words = texts.series.byHand;
  const { title, bundle, bundles, recipes, destinations, order, ordered, remove, sure, removeHint } = words;
  const current = series.orders[0]?.bundle.name;
  const choice = (kind: 'recipe' | 'bundle', label: string, names: readonly string[]): Html | false =>
    names.length > 0 &&
    html`<optgroup label="${label}">
      ${names.map(
        (name) => html`<option value="${kind}:${name}" ${name === current && html`selected`}>${name}</option>`,
      )}
    </optgroup>`;
  return html`<details class="panel">
    <summary>${title}</summary>
    <form data-order-form data-done="${ordered}" ${!mayBeOrdered && html`hidden`}>
      <label
        >${bundle}
        <select name="by">
          ${choice('recipe', recipes, operator.recipes)} ${choice('bundle', bundles, operator.bundles)}
        </select></label
      >
      <fieldset>
        <legend>${destinations}</legend>
        ${operator.destinations.map(
          (name) => html`<label><input type="checkbox" name="destination" value="${name}" /> ${name}</label>`,
        )}
      </fieldset>
      <p class="answer" role="alert"></p>
      <div class="actions">
        <button type="submit" data-stays="${order.stays}" data-sends="${order.sends}">${order.stays}</button>
        <output></output>
      </div>
    </form>
    <p class="quiet">${removeHint}</p>
    <button type="button" class="danger" data-delete data-sure="${sure}">${remove}</button>
    <p class="answer" role="alert"></p>
  </details>`;
}

function history({ texts, series }: SeriesPageInput): Html {
  return html`<section class="panel">
    <h2>${texts.series.history.title}</h2>
    <ol id="history" class="history" data-live>
      ${series.history.toReversed().map(
        (event) =>
          html`<li>
            ${moment(texts, event.at)}
            <span>${event.text}${event.code !== undefined && html` ${errorCode(event.code)}`}</span>
          </li>`,
      )}
    </ol>
  </section>`;
}
