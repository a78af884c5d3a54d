import { wasContoured } from '../../store/orders.ts';
import type { DeliveryView, OfferedChoice, OrderView, SeriesDetail } from '../../store/series.ts';
import type { OperatorTargets } from '../../intake/operator-targets.ts';
import { isAtFault } from '../../errors.ts';
import type { Texts } from '../texts/texts.ts';
import { html, type Html } from './html.ts';
import {
  badge,
  deliveryLine,
  moment,
  orderMoods,
  problemBox,
  stageList,
  stateBadge,
  warningList,
  whyBox,
} from './parts.ts';
import { acknowledgeButton, acknowledgements } from './acknowledge.ts';
import { choicesSection } from './choices-section.ts';
import { correctionSection } from './correction-section.ts';
import type { ReadableIdentity } from '../../dicom/readable-identity.ts';
import type { ShowIdentity } from '../patients.ts';
import { viewerSection } from './viewer-section.ts';

export interface SeriesPageInput {
  readonly texts: Texts;
  readonly series: SeriesDetail;
  /** Whether the patient is shown at once, by a button, or not at all. */
  readonly identity: ShowIdentity;
  /** Where it is shown at once. */
  readonly patient: ReadableIdentity | undefined;
  readonly now: number;
  /** What an operator may choose; undefined for a user who may change nothing. */
  readonly operator: OperatorTargets | undefined;
  /** How a rejected series may be contoured all the same. */
  readonly choices: readonly OfferedChoice[];
}

/** A part of the page of one series; undefined where the series has nothing for it. */
type Section = (input: SeriesPageInput) => Html | undefined;

/** In the order of the page. */
const sections: readonly Section[] = [
  head,
  ({ texts, series, choices, operator }) => choicesSection(texts, series.key, choices, operator !== undefined),
  ({ texts, series }) => viewerSection(texts, series),
  ({ texts, series, operator }) => correctionSection(texts, series, operator !== undefined),
  facts,
  patient,
  byHand,
  orders,
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
      <h1>${known === undefined ? words.title : known.name} <span class="key">${series.key}</span></h1>
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
    <h2>${words.facts.title}</h2>
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

function patientFacts(labels: Texts['series']['patient']['labels'], patient: ReadableIdentity): Html {
  return html`<dl>
    ${(['name', 'patientId', 'birthDate', 'sex'] as const).map(
      (field) =>
        html`<div>
          <dt>${labels[field]}</dt>
          <dd>${patient[field] === '' ? '–' : patient[field]}</dd>
        </div>`,
    )}
  </dl>`;
}

/** Another bundle or destination, and the end of the series: what is rarely wanted stands folded up. */
function byHand({ texts, series, operator }: SeriesPageInput): Html | undefined {
  if (operator === undefined) return undefined;
  const { title, bundle, destinations, order, ordered, remove, sure, removeHint } = texts.series.byHand;
  const current = series.orders[0]?.bundle.name;
  return html`<details class="panel">
    <summary>${title}</summary>
    <form data-order-form data-done="${ordered}">
      <label
        >${bundle}
        <select name="bundle">
          ${operator.bundles.map(
            (name) => html`<option value="${name}" ${name === current && html`selected`}>${name}</option>`,
          )}
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

function orders({ texts, series }: SeriesPageInput): Html {
  const words = texts.series;
  return html`<section class="panel">
    <h2>${words.orders.title}</h2>
    <div id="orders" data-live>
      ${series.orders.length === 0 ? html`<p class="quiet">${words.orders.none}</p>` : series.orders.map((order) => orderCard(texts, series.key, order, series.orders.length > 1))}
    </div>
  </section>`;
}

/** @param several the head of the page does not say which order a warning is about */
function orderCard(texts: Texts, series: string, order: OrderView, several: boolean): Html {
  const words = texts.series;
  const { bundle, state, rois, deliveries } = order;
  return html`<article class="order" id="order-${order.order}">
    <h3>
      ${bundle.name} <span class="quiet">${bundle.version}</span> ${badge(orderMoods[state], texts.orderStates[state])}
    </h3>
    <p class="quiet">${words.orders.revision(order.revision)}, ${texts.tries(order.tries)}</p>
    ${problemBox(texts, order.problem)} ${several && warningList(texts, order.warnings)}
    ${rois.length > 0 && roiTable(texts, rois)}
    ${deliveries.map(
      (delivery) =>
        html`<div>
          ${deliveryLine(texts, delivery)} ${problemBox(texts, delivery.problem)}
          ${problemBox(texts, delivery.commitment?.problem)}
        </div>`,
    )}
    ${wasContoured(order) && contactSheet(texts, series, order)}
  </article>`;
}

/** series.js fetches it once it is opened: `loading="lazy"` does not wait for that. */
function contactSheet(texts: Texts, series: string, { order, bundle }: OrderView): Html {
  const { title, alt, download } = texts.series.contactSheet;
  const address = `/series/${series}/orders/${order}/preview.png`;
  return html`<details class="sheet">
    <summary>${title}</summary>
    <img data-src="${address}" alt="${alt(bundle.name)}" width="1030" height="1078" />
    <p><a href="${address}" download="contact-sheet-${series}-${bundle.name}.png">${download}</a></p>
  </details>`;
}

function roiTable(texts: Texts, rois: OrderView['rois']): Html {
  const { roi, volume, slices, notFound, kept } = texts.series.orders;
  return html`<table class="rois">
    <thead>
      <tr>
        <th scope="col">${roi}</th>
        <th scope="col" class="number">${volume}</th>
        <th scope="col" class="number">${slices}</th>
      </tr>
    </thead>
    <tbody>
      ${rois.map(
        (one) =>
          html`<tr>
            <th scope="row">${one.name}${one.found && !one.delivered && html` <span class="quiet">${kept}</span>`}</th>
            ${
              one.found
                ? html`<td class="number">${one.volumeCm3.toFixed(1)}</td>
                    <td class="number">${one.slices}</td>`
                : html`<td colspan="2" class="quiet">${notFound}</td>`
            }
          </tr>`,
      )}
    </tbody>
  </table>`;
}

function history({ texts, series }: SeriesPageInput): Html {
  return html`<section class="panel">
    <h2>${texts.series.history.title}</h2>
    <ol id="history" class="history" data-live>
      ${series.history.toReversed().map(
        (event) =>
          html`<li>
            ${moment(texts, event.at)}
            <span>${event.text}${event.code !== undefined && html` <code>${event.code}</code>`}</span>
          </li>`,
      )}
    </ol>
  </section>`;
}
