import { isToCheck } from '../../store/orders.ts';
import type { SeriesDetail } from '../../store/series.ts';
import type { Texts } from '../texts/texts.ts';
import { html, type Html } from './html.ts';
import { moment } from './parts.ts';

/** Names the orders that the page shows: what comes after the look is not acknowledged by it. */
export function acknowledgeButton(texts: Texts, { revision, orders }: SeriesDetail): Html | undefined {
  const { acknowledge, acknowledgeHeld, acknowledgeHint } = texts.series;
  const open = orders.filter((order) => order.revision === revision && isToCheck(order));
  if (open.length === 0) return undefined;
  const held = open.some(({ deliveries }) => deliveries.some(({ state }) => state === 'held'));
  const keys = open.map(({ order }) => order).join(' ');
  return html`<button type="button" class="primary" data-action="acknowledge" data-orders="${keys}">
      ${held ? acknowledgeHeld : acknowledge}
    </button>
    <span class="quiet">${acknowledgeHint}</span>`;
}

/** Who has looked at the warnings of the newest images. */
export function acknowledgements(texts: Texts, { revision, orders }: SeriesDetail): Html[] {
  return orders
    .filter((order) => order.revision === revision)
    .flatMap(({ check }) => check?.acknowledged ?? [])
    .map(({ by, at }) => html`<p class="quiet">${texts.series.acknowledged(by)} ${moment(texts, at)}</p>`);
}
