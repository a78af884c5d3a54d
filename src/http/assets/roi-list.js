// The list of structures beside the planes: what is shown, where it is, and what was not found.

/**
 * What the node says of each ROI, in its order.
 *
 * @typedef {{ name: string, found: boolean, delivered: boolean, volumeCm3: number }} RoiFact
 */

/**
 * @param {HTMLElement} element the viewer
 * @param {import('./plane-view.js').Scene} scene
 * @param {import('./contour-painter.js').ContourSet} set
 * @param {() => void} show
 */
export function listRois(element, scene, set, show) {
  /** @type {{ facts: RoiFact[], words: { notFound: string, notDelivered: string } }} */
  const { facts, words } = JSON.parse(element.dataset['rois'] ?? '{"facts":[],"words":{}}');
  const list = /** @type {HTMLElement} */ (element.querySelector('[data-roi-list]'));
  const template = /** @type {HTMLTemplateElement} */ (element.querySelector('template'));
  const found = new Map(set.contours.rois.map((roi) => [roi.name, roi]));
  const names = [...new Set([...facts.map(({ name }) => name), ...found.keys()])];
  for (const name of names) {
    const fact = facts.find((one) => one.name === name);
    const roi = found.get(name);
    if (roi === undefined) {
      list.append(absent(name, words.notFound));
      continue;
    }
    const item = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
    const box = /** @type {HTMLInputElement} */ (item.querySelector('input'));
    const colour = set.colour ?? `rgb(${(set.colours.get(name) ?? roi.colour).join(' ')})`;
    /** @type {SVGElement} */ (item.querySelector('rect')).setAttribute('fill', colour);
    box.ariaLabel = name;
    const about = fact === undefined ? '' : `${fact.volumeCm3.toFixed(1)} cm³`;
    /** @type {HTMLElement} */ (item.querySelector('.volume')).textContent =
      fact?.delivered === false ? `${about}, ${words.notDelivered}` : about;
    if (fact?.delivered === false) item.querySelector('li')?.classList.add('kept');
    box.addEventListener('change', () => {
      if (box.checked) scene.hidden.delete(name);
      else scene.hidden.add(name);
      show();
    });
    const go = /** @type {HTMLButtonElement} */ (item.querySelector('button'));
    go.textContent = name;
    go.addEventListener('click', () => scene.move(middleOf(roi, set.contours.z)));
    list.append(item);
  }
}

/**
 * @param {string} name
 * @param {string} words
 * @returns {HTMLLIElement}
 */
function absent(name, words) {
  const item = document.createElement('li');
  item.className = 'absent';
  item.append(name, ' ');
  const why = document.createElement('span');
  why.className = 'volume';
  why.textContent = words;
  item.append(why);
  return item;
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
