import { wasContoured } from '../../store/orders.ts';
import type { OrderView, SeriesDetail } from '../../store/series.ts';
import type { Texts } from '../texts/texts.ts';
import { html, type Html } from './html.ts';

type Words = Texts['viewer'];

const planes = ['axial', 'coronal', 'sagittal'] as const;

/** Proposed red and dashed, corrected green, whatever the colours of the ROIs. */
const colours = { proposed: '#ff4d4d', corrected: '#2ee66b' };

/** The viewer of what was contoured last: three planes with the contours, windows, the list of structures. */
export function viewerSection(texts: Texts, series: SeriesDetail): Html {
  const contoured = series.orders.filter(wasContoured);
  // Within a revision the last one is the newest.
  const order = contoured.findLast(({ revision }) => revision === contoured[0]?.revision);
  return html`<section id="viewer" data-live class="panel" ${order === undefined && html`hidden`}>
    ${order !== undefined && viewer(texts.viewer, order, correctionOf(series, order))}
  </section>`;
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

function viewer(words: Words, order: OrderView, correction: string | undefined): Html {
  const facts = order.rois.map(({ name, found, delivered, volumeCm3 }) => ({ name, found, delivered, volumeCm3 }));
  const rois = { facts, words: { notFound: words.notFound, notDelivered: words.notDelivered } };
  const { bundle } = order;
  const others = correction === undefined ? [] : [{ address: correction, colour: colours.corrected }];
  return html`<h2>${words.title} <span class="quiet">${bundle.name} ${bundle.version}</span></h2>
    <div
      class="viewer"
      data-viewer
      data-order="${order.order}"
      data-rois="${JSON.stringify(rois)}"
      data-also="${JSON.stringify(others)}"
      ${correction !== undefined && html`data-colour="${colours.proposed}"`}
    >
      <div class="planes">${planes.map((name) => plane(words, name))}</div>
      <div class="side">
        <fieldset class="windows">
          <legend>${words.window} <span class="quiet" data-window></span></legend>
          ${(['soft', 'bone', 'wide'] as const).map(
            (name) =>
              html`<label
                ><input type="radio" name="window" value="${name}" ${name === 'soft' && html`checked`} />
                ${words.windows[name]}</label
              >`,
          )}
        </fieldset>
        <fieldset class="tools">
          <legend>${words.tool}</legend>
          ${(['point', 'pan', 'window', 'measure'] as const).map(
            (name) =>
              html`<label
                ><input type="radio" name="tool" value="${name}" ${name === 'point' && html`checked`} />
                ${words.tools[name]}</label
              >`,
          )}
        </fieldset>
        <fieldset class="blend" data-blend hidden>
          <legend>${words.blend.title} <span class="quiet" data-blend-name></span></legend>
          ${(['off', 'blend', 'checkerboard'] as const).map(
            (name) =>
              html`<label
                ><input type="radio" name="blend" value="${name}" ${name === 'off' && html`checked`} />
                ${words.blend.modes[name]}</label
              >`,
          )}
          ${slider('share', words.blend.share, { min: 0, max: 1, step: 0.05, value: 0.5 })}
        </fieldset>
        <fieldset>
          <legend>${words.structures}</legend>
          <label><input type="checkbox" name="contours" checked /> ${words.contours}</label>
          ${slider('width', words.lineWidth, { min: 0.5, max: 5, step: 0.1, value: 1.8 })}
          ${slider('opacity', words.opacity, { min: 0.1, max: 1, step: 0.05, value: 1 })}
          ${correction !== undefined && legend(words)}
          <ul class="roi-list" data-roi-list></ul>
        </fieldset>
        <p class="problem" data-failure hidden>${words.failure}</p>
        <p>
          <button type="button" data-help>${words.help} <kbd>?</kbd></button>
        </p>
      </div>
      ${help(words)}
      <template>
        <li>
          <input type="checkbox" checked />
          <svg viewBox="0 0 12 12" aria-hidden="true"><rect width="12" height="12" rx="2" /></svg>
          <button type="button" title="${words.goTo}"></button> <span class="volume"></span>
        </li>
      </template>
    </div>`;
}

function plane(words: Words, name: (typeof planes)[number]): Html {
  const title = words.planes[name];
  return html`<figure class="${name}" data-axis="${name}">
    <figcaption>
      <span>${title} <output></output></span> <span class="under" data-under></span>
      <span class="plane-buttons"
        ><button type="button" data-fit aria-label="${words.fit}: ${title}" title="${words.fit}">${icons.fit}</button
        ><button type="button" data-full aria-label="${words.full}: ${title}" title="${words.full}">
          ${icons.full}
        </button></span
      >
    </figcaption>
    <canvas tabindex="0" role="img" aria-label="${words.canvas(title)}"></canvas>
    <input type="range" min="0" max="0" value="0" aria-label="${words.slider(title)}" />
  </figure>`;
}

const icons = {
  fit: html`<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M8 3v10M3 8h10M5 5l6 6m0-6-6 6" /></svg>`,
  full: html`<svg viewBox="0 0 16 16" aria-hidden="true">
    <path d="M3 6V3h3m4 0h3v3m0 4v3h-3M6 13H3v-3" />
  </svg>`,
};

function slider(name: string, label: string, range: { min: number; max: number; step: number; value: number }): Html {
  const { min, max, step, value } = range;
  return html`<label class="slider"
    >${label}<input type="range" name="${name}" min="${min}" max="${max}" step="${step}" value="${value}"
  /></label>`;
}

/** Shown by the button, or by the key `?`. */
function help(words: Words): Html {
  return html`<dialog class="help" aria-label="${words.help}">
    <h2>${words.help}</h2>
    <table>
      ${words.helpRows.map(
        ([keys, what]) =>
          html`<tr>
            <th scope="row">${keys}</th>
            <td>${what}</td>
          </tr>`,
      )}
    </table>
    <form method="dialog"><button>${words.close}</button></form>
  </dialog>`;
}

function legend(words: Words): Html {
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
