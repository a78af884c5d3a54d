// The viewer of a series page: three planes through one point, windows, the list of structures.
import { PlaneLoader } from './plane-loader.js';
import { PlaneView } from './plane-view.js';

/** Level and width in HU. @type {Record<string, { level: number, width: number }>} */
const windows = {
  soft: { level: 40, width: 400 },
  bone: { level: 400, width: 1800 },
  wide: { level: 0, width: 2200 },
};

/**
 * @param {string} address
 * @returns {Promise<unknown>}
 */
async function getJson(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return response.json();
}

/**
 * @param {string} address
 * @returns {Promise<import('./contour-lines.js').Contours>}
 */
async function getContours(address) {
  return /** @type {import('./contour-lines.js').Contours} */ (await getJson(address));
}

/** @param {HTMLElement} element */
async function open(element) {
  const started = performance.now();
  element.dataset['opened'] = '';
  const { order = '', also = '[]', colour } = element.dataset;
  /** @type {{ address: string, colour?: string }[]} further contours over the same CT */
  const others = JSON.parse(also);
  const base = `${location.pathname}/orders/${order}`;
  const [review, contours, ...more] = await Promise.all([
    getJson(`${base}/review.json`),
    getContours(`${base}/contours.json`),
    ...others.map(({ address }) => getContours(address)),
  ]);
  const index = /** @type {import('./plane-loader.js').PictureIndex} */ (review);
  /** @type {import('./plane-view.js').Scene} */
  const scene = {
    index,
    loader: new PlaneLoader(base, index),
    sets: [
      { contours, colour, dashed: colour !== undefined },
      ...more.map((one, n) => ({ contours: one, ...others[n] })),
    ],
    point: index.start,
    window: windows['soft'] ?? { level: 40, width: 400 },
    showContours: true,
    hidden: new Set(),
    move: (point) => {
      scene.point = point;
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
  listRois(element, scene, contours, () => void show());
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
 * @param {import('./plane-view.js').Scene} scene
 * @param {() => void} show
 */
function addControls(element, scene, show) {
  for (const radio of element.querySelectorAll('input[name="window"]')) {
    radio.addEventListener('change', () => {
      scene.window = windows[/** @type {HTMLInputElement} */ (radio).value] ?? scene.window;
      show();
    });
  }
  const all = /** @type {HTMLInputElement} */ (element.querySelector('input[name="contours"]'));
  all.addEventListener('change', () => {
    scene.showContours = all.checked;
    show();
  });
  element.addEventListener('keydown', (event) => {
    const target = event.target;
    if (!(target instanceof HTMLCanvasElement) || event.ctrlKey || event.metaKey || event.altKey) return;
    const chosen = { s: 'soft', b: 'bone', w: 'wide' }[event.key];
    if (chosen !== undefined)
      /** @type {HTMLElement} */ (element.querySelector(`input[value="${chosen}"]`)).click();
    else if (event.key === 'c') all.click();
  });
}

/**
 * @param {HTMLElement} element
 * @param {import('./plane-view.js').Scene} scene
 * @param {import('./contour-lines.js').Contours} contours
 * @param {() => void} show
 */
function listRois(element, scene, contours, show) {
  /** @type {Record<string, number>} */
  const volumes = JSON.parse(element.dataset['volumes'] ?? '{}');
  const list = /** @type {HTMLElement} */ (element.querySelector('[data-rois]'));
  const template = /** @type {HTMLTemplateElement} */ (element.querySelector('template'));
  for (const roi of contours.rois) {
    const item = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
    const box = /** @type {HTMLInputElement} */ (item.querySelector('input'));
    /** @type {SVGElement} */ (item.querySelector('rect')).setAttribute('fill', `rgb(${roi.colour.join(' ')})`);
    box.ariaLabel = roi.name;
    const volume = volumes[roi.name];
    /** @type {HTMLElement} */ (item.querySelector('.volume')).textContent =
      volume === undefined ? '' : `${volume.toFixed(1)} cm³`;
    box.addEventListener('change', () => {
      if (box.checked) scene.hidden.delete(roi.name);
      else scene.hidden.add(roi.name);
      show();
    });
    const go = /** @type {HTMLButtonElement} */ (item.querySelector('button'));
    go.textContent = roi.name;
    go.addEventListener('click', () => scene.move(middleOf(roi, contours.z)));
    list.append(item);
  }
}

/**
 * @param {import('./contour-lines.js').Roi} roi
 * @param {number[]} z
 * @returns {[number, number, number]} the middle of the contours in its middle slice
 */
function middleOf(roi, z) {
  const { slice = 0, polygons = [] } = roi.slices[Math.floor(roi.slices.length / 2)] ?? {};
  const ring = polygons[0]?.outer ?? [];
  const xs = ring.filter((_, at) => at % 2 === 0);
  const ys = ring.filter((_, at) => at % 2 === 1);
  /** @param {number[]} values */
  const middle = (values) => (Math.min(...values) + Math.max(...values)) / 2;
  return [middle(xs), middle(ys), z[slice] ?? 0];
}

function openAll() {
  for (const element of document.querySelectorAll('[data-viewer]:not([data-opened])')) {
    if (element instanceof HTMLElement) open(element).catch((error) => fail(element, error));
  }
}

document.addEventListener('refreshed', openAll);
openAll();
