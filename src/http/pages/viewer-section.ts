import type { OrderView, SeriesDetail } from '../../store/series.ts';
import { texts } from '../texts.ts';
import { html, type Html } from './html.ts';

const words = texts.viewer;
const planes = ['axial', 'coronal', 'sagittal'] as const;

/** Proposed red and dashed, corrected green, whatever the colours of the ROIs. */
const colours = { proposed: '#ff4d4d', corrected: '#2ee66b' };

/** The viewer of what was contoured last: three planes with the contours, windows, the list of structures. */
export function viewerSection(series: SeriesDetail): Html {
  const contoured = series.orders.filter(hasPictures);
  // Within a revision the last one is the newest.
  const order = contoured.findLast(({ revision }) => revision === contoured[0]?.revision);
  return html`<section id="viewer" data-live class="panel" ${order === undefined && html`hidden`}>
    ${order !== undefined && viewer(order, correctionOf(series, order))}
  </section>`;
}

/** The worker made pictures of it. */
export function hasPictures({ state }: OrderView): boolean {
  return state === 'contoured' || state === 'nothing found';
}

/** Address of the contours of a correction: the one that counts, else the newest that is not this node's own. */
function correctionOf({ key, structureSets }: SeriesDetail, { order }: OrderView): string | undefined {
  const compared = structureSets.flatMap(({ structureSet, comparisons }) =>
    comparisons
      .filter((one) => one.order === order && one.state === 'compared' && !one.own)
      .map(({ counts }) => ({ structureSet, counts })),
  );
  const shown = compared.find(({ counts }) => counts) ?? compared[0];
  return shown && `/series/${key}/structure-sets/${shown.structureSet}/${order}/contours.json`;
}

function viewer(order: OrderView, correction: string | undefined): Html {
  const volumes = Object.fromEntries(order.rois.filter(({ found }) => found).map((roi) => [roi.name, roi.volumeCm3]));
  const { bundle } = order;
  const others = correction === undefined ? [] : [{ address: correction, colour: colours.corrected }];
  return html`<h2>${words.title} <span class="quiet">${bundle.name} ${bundle.version}</span></h2>
    <div
      class="viewer"
      data-viewer
      data-order="${order.order}"
      data-volumes="${JSON.stringify(volumes)}"
      data-also="${JSON.stringify(others)}"
      ${correction !== undefined && html`data-colour="${colours.proposed}"`}
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
          ${correction !== undefined && legend()}
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

function legend(): Html {
  return html`<p class="legend">
    ${(['proposed', 'corrected'] as const).map(
      (name) =>
        html`<span
          ><svg viewBox="0 0 20 4" aria-hidden="true">
            <path
              d="M0 2h20"
              stroke="${colours[name]}"
              stroke-width="3"
              ${name === 'proposed' && html`stroke-dasharray="5 3"`}
            />
          </svg>
          ${words[name]}</span
        >`,
    )}
  </p>`;
}
