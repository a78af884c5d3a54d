// The viewer of a series page: three planes through one point, windows, tools, the list of structures.
import { PlaneLoader } from './plane-loader.js';
import { PlaneView } from './plane-view.js';
import { shownColours } from './roi-colours.js';
import { listRois } from './roi-list.js';

/** Level and width in HU. @type {Record<string, { level: number, width: number }>} */
const windows = {
  soft: { level: 40, width: 400 },
  bone: { level: 400, width: 1800 },
  wide: { level: 0, width: 2200 },
};

/** Seconds that the viewer waits for pictures that are being made. */
const longestWait = 120;

/**
 * @param {string} address
 * @param {number} [patience] seconds
 * @returns {Promise<unknown>}
 */
async function getJson(address, patience = longestWait) {
  const response = await fetch(address);
  if (response.status === 202 && patience > 0) {
    const wait = Number(response.headers.get('retry-after'));
    await new Promise((resolve) => setTimeout(resolve, wait * 1000));
    return getJson(address, patience - wait);
  }
  if (response.status !== 200) throw new Error(`HTTP ${response.status}`);
  return response.json();
}

/**
 * @param {string} address
 * @param {string | undefined} colour
 * @param {boolean} dashed
 * @returns {Promise<import('./contour-painter.js').ContourSet>}
 */
async function getContours(address, colour, dashed) {
  const contours = /** @type {import('./contour-lines.js').Contours} */ (await getJson(address));
  return { contours, colours: shownColours(contours.rois), colour, dashed };
}

/** @param {HTMLElement} element */
async function open(element) {
  const started = performance.now();
  element.dataset['opened'] = '';
  const { order = '', also = '[]', colour } = element.dataset;
  /** @type {{ address: string, colour?: string }[]} further contours over the same CT */
  const others = JSON.parse(also);
  const base = `${location.pathname}/orders/${order}`;
  const [review, own, ...more] = await Promise.all([
    getJson(`${base}/review.json`),
    getContours(`${base}/contours.json`, colour, colour !== undefined),
    ...others.map((other) => getContours(other.address, other.colour, false)),
  ]);
  const index = /** @type {import('./plane-loader.js').PictureIndex} */ (review);
  /** @type {import('./plane-view.js').Scene} */
  const scene = {
    index,
    loader: new PlaneLoader(base, index),
    sets: [own, ...more],
    point: index.start,
    window: windows['soft'] ?? { level: 40, width: 400 },
    beside: undefined,
    tool: 'point',
    line: { width: 1.8, opacity: 1 },
    showContours: true,
    hidden: new Set(),
    move: (point) => {
      scene.point = point;
      void show();
    },
    setWindow: (window) => {
      scene.window = window;
      tellWindow(element, window);
      void show();
    },
  };
  const views = /** @type {const} */ (['axial', 'coronal', 'sagittal']).map((axis) => {
    const pane = /** @type {HTMLElement} */ (element.querySelector(`[data-axis="${axis}"]`));
    return new PlaneView(pane, axis, scene);
  });
  const show = () =>
    Promise.all(views.map((view) => view.show())).catch((error) => {
      fail(element, error);
    });
  addControls(element, scene, () => void show());
  addPlaneButtons(element, views);
  addBlend(element, scene, base, () => void show());
  element.querySelector('[data-help]')?.addEventListener('click', () => element.querySelector('dialog')?.showModal());
  listRois(element, scene, own, () => void show());
  tellWindow(element, scene.window);
  await show();
  element.dataset['readyMs'] = String(Math.round(performance.now() - started));
}

/**
 * @param {HTMLElement} element
 * @param {unknown} error
 */
function fail(element, error) {
  const place = element.querySelector('[data-failure]');
  if (place instanceof HTMLElement) {
    place.hidden = false;
    place.title = String(error);
  }
}

/**
 * @param {HTMLElement} element
 * @param {{ level: number, width: number }} window
 */
function tellWindow(element, { level, width }) {
  const place = element.querySelector('[data-window]');
  if (place !== null) place.textContent = `${level} / ${width} HU`;
  for (const radio of element.querySelectorAll('input[name="window"]')) {
    if (!(radio instanceof HTMLInputElement)) continue;
    const preset = windows[radio.value];
    radio.checked = preset?.level === level && preset.width === width;
  }
}

/**
 * @param {HTMLElement} element
 * @param {import('./plane-view.js').Scene} scene
 * @param {() => void} show
 */
function addControls(element, scene, show) {
  /**
   * @param {string} name
   * @param {(input: HTMLInputElement) => void} use
   */
  const onInput = (name, use) => {
    for (const input of element.querySelectorAll(`input[name="${name}"]`)) {
      input.addEventListener('input', () => use(/** @type {HTMLInputElement} */ (input)));
    }
  };
  onInput('window', ({ value }) => scene.setWindow(windows[value] ?? scene.window));
  onInput('tool', ({ value }) => {
    scene.tool = /** @type {import('./plane-gestures.js').Tool} */ (value);
    element.dataset['tool'] = value;
  });
  onInput('contours', ({ checked }) => {
    scene.showContours = checked;
    show();
  });
  onInput('width', ({ valueAsNumber: width }) => {
    scene.line = { ...scene.line, width };
    show();
  });
  onInput('opacity', ({ valueAsNumber: opacity }) => {
    scene.line = { ...scene.line, opacity };
    show();
  });
}

/**
 * The image beside the CT over it: by a share, or in squares.
 *
 * @param {HTMLElement} element
 * @param {import('./plane-view.js').Scene} scene
 * @param {string} base address of the order
 * @param {() => void} show
 */
function addBlend(element, scene, base, show) {
  const place = element.querySelector('[data-blend]');
  const [overlay] = scene.index.overlays ?? [];
  if (!(place instanceof HTMLElement) || overlay === undefined) return;
  place.hidden = false;
  const name = place.querySelector('[data-blend-name]');
  if (name !== null) name.textContent = overlay.name;
  scene.beside = { loader: new PlaneLoader(base, scene.index, overlay), mode: 'off', share: 0.5 };
  place.addEventListener('input', ({ target }) => {
    if (!(target instanceof HTMLInputElement) || scene.beside === undefined) return;
    if (target.name === 'share') {
      scene.beside = { ...scene.beside, mode: 'blend', share: target.valueAsNumber };
      const blend = place.querySelector('input[value="blend"]');
      if (blend instanceof HTMLInputElement) blend.checked = true;
    } else scene.beside = { ...scene.beside, mode: /** @type {import('./plane-blend.js').BlendMode} */ (target.value) };
    show();
  });
}

/**
 * @param {HTMLElement} element
 * @param {PlaneView[]} views
 */
function addPlaneButtons(element, views) {
  for (const [n, pane] of [...element.querySelectorAll('[data-axis]')].entries()) {
    pane.querySelector('[data-fit]')?.addEventListener('click', () => views[n]?.fit());
    pane.querySelector('[data-full]')?.addEventListener('click', () => fillScreen(element, pane));
  }
}

/**
 * One plane over the whole window, or, where it is so already, all three again.
 *
 * @param {HTMLElement} element
 * @param {Element | null | undefined} pane
 */
function fillScreen(element, pane) {
  const wanted = pane?.classList.contains('full') === true ? undefined : pane;
  for (const one of element.querySelectorAll('[data-axis]')) one.classList.toggle('full', one === wanted);
  document.body.classList.toggle('plane-full', wanted !== undefined && wanted !== null);
}

/**
 * One listener for all viewers of the page, those included that a refresh brings: a key acts on the viewer that has the
 * focus, `?` on the first one where none has it.
 *
 * @param {KeyboardEvent} event
 */
function useKey(event) {
  const { target, key } = event;
  if (!(target instanceof Element) || isTyping(target) || event.ctrlKey || event.metaKey || event.altKey) return;
  const element = target.closest('[data-viewer]') ?? document.querySelector('[data-viewer]');
  if (!(element instanceof HTMLElement)) return;
  if (key === '?') return element.querySelector('dialog')?.showModal();
  if (key === 'Escape') return fillScreen(element, undefined);
  if (!(target instanceof HTMLCanvasElement)) return;
  const name = { s: 'soft', b: 'bone', w: 'wide', p: 'point', m: 'measure', g: 'pan', l: 'window' }[key];
  if (name !== undefined) click(element, `input[value="${name}"]`);
  else if (key === 'c') click(element, 'input[name="contours"]');
  else if (key === 'f') fillScreen(element, target.closest('[data-axis]'));
  else if (key === '0') for (const fit of element.querySelectorAll('[data-fit]')) click(fit);
}

/** @param {Element} target */
function isTyping(target) {
  if (target instanceof HTMLInputElement) return !['radio', 'checkbox', 'range'].includes(target.type);
  return target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement;
}

/**
 * @param {Element} element
 * @param {string} [selector] of the control within it; itself
 */
function click(element, selector) {
  const control = selector === undefined ? element : element.querySelector(selector);
  if (control instanceof HTMLElement) control.click();
}

function openAll() {
  for (const element of document.querySelectorAll('[data-viewer]:not([data-opened])')) {
    if (element instanceof HTMLElement) open(element).catch((error) => fail(element, error));
  }
}

document.addEventListener('keydown', useKey);
document.addEventListener('refreshed', openAll);
openAll();
