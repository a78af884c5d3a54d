import type { OrderView, SeriesDetail } from '../../store/series.ts';
import { texts } from '../texts.ts';
import { html, type Html } from './html.ts';

const words = texts.viewer;
const planes = ['axial', 'coronal', 'sagittal'] as const;

/** More contours over the same CT: contours.json of somebody else, in one colour. */
export interface OtherContours {
  readonly address: string;
  readonly colour: string;
}

/** The viewer of what was drawn last: three planes with the contours, windows, the list of structures. */
export function viewerSection(series: SeriesDetail, others: readonly OtherContours[] = []): Html {
  const drawn = series.orders.filter(hasPictures);
  // Within a revision the last one is the newest.
  const order = drawn.findLast(({ revision }) => revision === drawn[0]?.revision);
  return html`<section id="viewer" data-live class="panel" ${order === undefined && html`hidden`}>
    ${order !== undefined && viewer(order, others)}
  </section>`;
}

/** The worker made pictures of it. */
export function hasPictures({ state }: OrderView): boolean {
  return state === 'contoured' || state === 'nothing found';
}

function viewer(order: OrderView, others: readonly OtherContours[]): Html {
  const volumes = Object.fromEntries(order.rois.filter(({ found }) => found).map((roi) => [roi.name, roi.volumeCm3]));
  const { bundle } = order;
  return html`<h2>${words.title} <span class="quiet">${bundle.name} ${bundle.version}</span></h2>
    <div
      class="viewer"
      data-viewer
      data-order="${order.order}"
      data-volumes="${JSON.stringify(volumes)}"
      data-also="${JSON.stringify(others)}"
    >
      <div class="planes">${planes.map(plane)}</div>
      <div class="side">
        <fieldset class="windows">
          <legend>${words.window}</legend>
          ${(['soft', 'bone', 'wide'] as const).map(
            (name) =>
              html`<label
                ><input type="radio" name="window" value="${name}" ${name === 'soft' && html`checked`} />
                ${words.windows[name]}</label
              >`,
          )}
        </fieldset>
        <fieldset>
          <legend>${words.structures}</legend>
          <label><input type="checkbox" name="contours" checked /> ${words.contours}</label>
          <ul class="roi-list" data-rois></ul>
        </fieldset>
        <p class="problem" data-failure hidden>${words.failure}</p>
        <p class="quiet">${words.keys}</p>
      </div>
      <template>
        <li>
          <input type="checkbox" checked />
          <svg viewBox="0 0 12 12" aria-hidden="true"><rect width="12" height="12" rx="2" /></svg>
          <button type="button" title="${words.goTo}"></button> <span class="volume"></span>
        </li>
      </template>
    </div>`;
}

function plane(name: (typeof planes)[number]): Html {
  const title = words.planes[name];
  return html`<figure class="${name}" data-axis="${name}">
    <figcaption>${title} <output></output></figcaption>
    <canvas tabindex="0" role="img" aria-label="${words.canvas(title)}"></canvas>
    <input type="range" min="0" max="0" value="0" aria-label="${words.slider(title)}" />
  </figure>`;
}
