import { duration } from '../assets/duration.js';
import type { ProgressOfOrder } from '../../jobs/contour-progress.ts';
import { wasContoured } from '../../store/orders.ts';
import type { OrderView, SeriesDetail } from '../../store/series.ts';
import type { Texts } from '../texts/texts.ts';
import { html, type Html } from './html.ts';
import { badge, deliveryLine, orderMoods, problemBox, warningList } from './parts.ts';

interface OrdersInput {
  readonly texts: Texts;
  readonly series: SeriesDetail;
  /** How far the worker is with an order; undefined where nothing is known of it. */
  readonly progress: (order: string) => ProgressOfOrder | undefined;
}

/** What was ordered for a series: each order with its structures, deliveries and contact sheet. */
export function ordersSection({ texts, series, progress }: OrdersInput): Html {
  const words = texts.series;
  return html`<section class="panel">
    <h2>${words.orders.title}</h2>
    <div id="orders" data-live>
      ${series.orders.length === 0 ? html`<p class="quiet">${words.orders.none}</p>` : series.orders.map((order) => orderCard(texts, series, order, progress(order.order)))}
    </div>
  </section>`;
}

function orderCard(texts: Texts, series: SeriesDetail, order: OrderView, progress: ProgressOfOrder | undefined): Html {
  // Of one order the head of the page says it.
  const warned = series.orders.length > 1 && warningList(texts, order.warnings);
  const words = texts.series;
  const { bundle, state, rois, deliveries } = order;
  return html`<article class="order" id="order-${order.order}">
    <h3>
      ${bundle.name} <span class="quiet">${bundle.version}</span> ${badge(orderMoods[state], texts.orderStates[state])}
    </h3>
    <p class="quiet">${words.orders.revision(order.revision)}, ${texts.tries(order.tries)}</p>
    ${state === 'contouring' && progress !== undefined && progressLine(texts, progress)}
    ${problemBox(texts, order.problem)} ${warned} ${rois.length > 0 && roiTable(texts, rois)}
    ${deliveries.map(
      (delivery) =>
        html`<div>
          ${deliveryLine(texts, delivery)} ${problemBox(texts, delivery.problem)}
          ${problemBox(texts, delivery.commitment?.problem)}
        </div>`,
    )}
    ${wasContoured(order) && contactSheet(texts, series.key, order)}
  </article>`;
}

function progressLine(texts: Texts, { fraction, secondsLeft }: ProgressOfOrder): Html {
  const percent = Math.floor(100 * fraction);
  const left = secondsLeft !== undefined && `, ${texts.series.orders.left(duration(Math.ceil(secondsLeft)))}`;
  return html`<p class="how-far">
    <progress max="100" value="${String(percent)}"></progress> <span>${String(percent)} %${left}</span>
  </p>`;
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
