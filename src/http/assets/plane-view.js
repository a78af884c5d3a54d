// One plane of the viewer: the CT with its contours, a slider, wheel, mouse, fingers and keys.
import { paintContours } from './contour-painter.js';
import { paintCrosshair, paintRuler, paintSides } from './plane-overlay.js';
import { listenToGestures } from './plane-gestures.js';
import { expose, slicePosition } from './plane-picture.js';
import { fitted, panned, placeAt, projectionOf, zoomedAt } from './plane-projection.js';

/**
 * @typedef {import('./plane-loader.js').Axis} Axis
 * @typedef {import('./plane-projection.js').Place} Place
 * @typedef {{
 *   index: import('./plane-loader.js').PictureIndex,
 *   loader: import('./plane-loader.js').PlaneLoader,
 *   sets: import('./contour-painter.js').ContourSet[],
 *   point: [number, number, number],
 *   window: { level: number, width: number },
 *   beside: { loader: import('./plane-loader.js').PlaneLoader, mode: import('./plane-blend.js').BlendMode, share: number } | undefined,
 *   tool: import('./plane-gestures.js').Tool,
 *   line: import('./contour-painter.js').LineStyle,
 *   showContours: boolean,
 *   hidden: Set<string>,
 *   move: (point: [number, number, number]) => void,
 *   setWindow: (window: { level: number, width: number }) => void,
 * }} Scene
 */

/** Axis of the patient that is normal to the plane, across it, and down it. */
const directions = /** @type {const} */ ({ axial: [2, 0, 1], coronal: [1, 0, 2], sagittal: [0, 1, 2] });

/** HU of level and width that a pixel of dragging changes. */
const windowHuPerPixel = 2;

export class PlaneView {
  #axis;
  #scene;
  #canvas;
  #slider;
  #label;
  #under;
  #extent;
  #camera;
  #picture = document.createElement('canvas');
  /** Plane and window that #picture shows. */
  #shown = '';
  /** Grey values of the plane shown. @type {Uint8Array | undefined} */
  #grey;
  /** Two ends and the plane that they lie in. @type {{ from: Place, to: Place, number: number } | undefined} */
  #ruler;

  /**
   * @param {HTMLElement} pane
   * @param {Axis} axis
   * @param {Scene} scene
   */
  constructor(pane, axis, scene) {
    this.#axis = axis;
    this.#scene = scene;
    this.#canvas = /** @type {HTMLCanvasElement} */ (pane.querySelector('canvas'));
    this.#slider = /** @type {HTMLInputElement} */ (pane.querySelector('input'));
    this.#label = /** @type {HTMLElement} */ (pane.querySelector('output'));
    this.#under = /** @type {HTMLElement} */ (pane.querySelector('[data-under]'));
    this.#extent = this.#measureExtent();
    this.#camera = fitted(this.#extent);
    this.#slider.max = String(this.#positions.length - 1);
    this.#slider.addEventListener('input', () => this.#go(Number(this.#slider.value)));
    this.#canvas.addEventListener('keydown', (event) => this.#key(event));
    listenToGestures(this.#canvas, () => scene.tool, this.#actions());
    new ResizeObserver(() => this.#paint()).observe(this.#canvas);
  }

  get #positions() {
    return this.#scene.index.planes[this.#axis].positions;
  }

  /** @returns {number} the plane that lies nearest to the scene's point */
  get #number() {
    const at = this.#scene.point[directions[this.#axis][0]];
    let best = 0;
    for (const [n, position] of this.#positions.entries())
      if (Math.abs(position - at) < Math.abs((this.#positions[best] ?? 0) - at)) best = n;
    return best;
  }

  /** @returns {import('./plane-gestures.js').Actions} */
  #actions() {
    return {
      turn: (slices) => this.#go(this.#number + slices * (this.#axis === 'axial' ? -1 : 1)),
      zoom: (factor, x, y) => this.zoom(factor, this.#placeAt(x, y)),
      pan: (dx, dy) => {
        const { scale } = this.#projection();
        const [across, down] = [(dx * devicePixelRatio) / scale, (dy * devicePixelRatio) / scale];
        this.#camera = panned(this.#camera, { across, down }, this.#extent);
        this.#paint();
      },
      point: (x, y) => this.#point(this.#placeAt(x, y)),
      window: (dx, dy) => {
        const { level, width } = this.#scene.window;
        this.#scene.setWindow({
          level: Math.round(level + dy * windowHuPerPixel),
          width: Math.max(10, Math.round(width + dx * windowHuPerPixel)),
        });
      },
      measure: (x, y, begins) => {
        const to = this.#placeAt(x, y);
        this.#ruler = { from: begins || this.#ruler === undefined ? to : this.#ruler.from, to, number: this.#number };
        this.#paint();
      },
      hover: (x, y) => this.#tell(this.#placeAt(x, y)),
      leave: () => (this.#under.textContent = ''),
    };
  }

  /** @param {number} number */
  #go(number) {
    const position = this.#positions[Math.min(this.#positions.length - 1, Math.max(0, number))];
    if (position === undefined) return;
    /** @type {[number, number, number]} */
    const point = [...this.#scene.point];
    point[directions[this.#axis][0]] = position;
    this.#scene.move(point);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    /** @type {Record<string, () => void>} */
    const keys = {
      ArrowUp: () => this.#go(this.#number + 1),
      ArrowDown: () => this.#go(this.#number - 1),
      PageUp: () => this.#go(this.#number + 10),
      PageDown: () => this.#go(this.#number - 10),
      Home: () => this.#go(0),
      End: () => this.#go(this.#positions.length - 1),
      '+': () => this.zoom(1.25),
      '-': () => this.zoom(0.8),
      Delete: () => {
        this.#ruler = undefined;
        this.#paint();
      },
    };
    const action = keys[event.key];
    if (action === undefined) return;
    event.preventDefault();
    action();
  }

  /** @param {Place} place */
  #point({ across, down }) {
    /** @type {[number, number, number]} */
    const point = [...this.#scene.point];
    const [, acrossAxis, downAxis] = directions[this.#axis];
    point[acrossAxis] = across;
    point[downAxis] = this.#axis === 'axial' ? down : -down;
    this.#scene.move(point);
  }

  /**
   * @param {number} factor
   * @param {Place} [at] default: the middle of what is shown
   */
  zoom(factor, at = this.#camera) {
    this.#camera = zoomedAt(this.#camera, factor, at, this.#extent);
    this.#paint();
  }

  /** Shows the whole body again, without the ruler. */
  fit() {
    this.#camera = fitted(this.#extent);
    this.#ruler = undefined;
    this.#paint();
  }

  /** @returns {import('./plane-projection.js').Extent} */
  #measureExtent() {
    const { index } = this.#scene;
    const { width, height } = index.planes[this.#axis];
    const half = index.pixelMm / 2;
    const first = index.origin[directions[this.#axis][1] === 0 ? 0 : 1];
    const [left, right] = [first - half, first - half + width * index.pixelMm];
    if (this.#axis === 'axial')
      return { left, right, top: index.origin[1] - half, bottom: index.origin[1] - half + height * index.pixelMm };
    const z = index.planes.axial.positions;
    const [lowest, highest] = [z[0] ?? 0, z.at(-1) ?? 0];
    const slab = z.length > 1 ? (highest - lowest) / (z.length - 1) / 2 : 1;
    return { left, right, top: -highest - slab, bottom: -lowest + slab };
  }

  #projection() {
    return projectionOf(this.#extent, this.#camera, this.#canvas);
  }

  /**
   * @param {number} x pixels of the page, from the canvas's corner
   * @param {number} y
   */
  #placeAt(x, y) {
    return placeAt(this.#projection(), x * devicePixelRatio, y * devicePixelRatio);
  }

  /**
   * Says where the pointer is and which CT number lies there.
   *
   * @param {Place} place
   */
  #tell({ across, down }) {
    const { index } = this.#scene;
    const { width, height } = index.planes[this.#axis];
    const [normal, acrossAxis, downAxis] = directions[this.#axis];
    const point = [0, 0, 0];
    point[normal] = this.#positions[this.#number] ?? 0;
    point[acrossAxis] = across;
    point[downAxis] = this.#axis === 'axial' ? down : -down;
    const column = Math.round((across - this.#extent.left) / index.pixelMm - 0.5);
    const row =
      this.#axis === 'axial'
        ? Math.round((down - this.#extent.top) / index.pixelMm - 0.5)
        : Math.round(slicePosition(index.planes.axial.positions, -down));
    const inside = column >= 0 && column < width && row >= 0 && row < height && down >= this.#extent.top;
    const grey = inside ? this.#grey?.[row * width + column] : undefined;
    const hu = grey === undefined ? undefined : index.levels[grey];
    const [x, y, z] = point.map((mm) => mm.toFixed(0));
    this.#under.textContent = hu === undefined ? '' : `${x}, ${y}, ${z} mm: ${hu} HU`;
  }

  /** Shows the plane of the scene's point. Resolves when its picture is there. */
  async show() {
    const number = this.#number;
    const { index, loader, window, beside } = this.#scene;
    this.#slider.value = String(number);
    this.#label.textContent = `${number + 1}/${this.#positions.length}  ${(this.#positions[number] ?? 0).toFixed(1)} mm`;
    const shown = beside === undefined || beside.mode === 'off' ? undefined : beside;
    const name = `${number} ${window.level} ${window.width} ${shown?.mode} ${shown?.share}`;
    if (name !== this.#shown) {
      const [plane, other] = await Promise.all([
        loader.plane(this.#axis, number),
        shown?.loader.plane(this.#axis, number),
      ]);
      // Meanwhile another plane may be wanted.
      if (number !== this.#number) return;
      const over = shown && other && { plane: other, mode: shown.mode, share: shown.share };
      expose(this.#picture, index, this.#axis, plane, window, this.#extent, over);
      this.#grey = plane;
      this.#shown = name;
    }
    this.#paint();
    this.#canvas.dataset['plane'] = String(number);
  }

  #paint() {
    const { clientWidth, clientHeight } = this.#canvas;
    const ratio = devicePixelRatio;
    this.#canvas.width = Math.round(clientWidth * ratio);
    this.#canvas.height = Math.round(clientHeight * ratio);
    const context = /** @type {CanvasRenderingContext2D} */ (this.#canvas.getContext('2d'));
    context.fillStyle = '#000';
    context.fillRect(0, 0, this.#canvas.width, this.#canvas.height);
    if (this.#shown === '') return;
    const projection = this.#projection();
    const { scale, x0, y0 } = projection;
    const { left, right, top, bottom } = this.#extent;
    context.imageSmoothingQuality = 'high';
    context.drawImage(
      this.#picture,
      x0 + left * scale,
      y0 + top * scale,
      (right - left) * scale,
      (bottom - top) * scale,
    );
    const [, acrossAxis, downAxis] = directions[this.#axis];
    const { point } = this.#scene;
    const down = this.#axis === 'axial' ? point[downAxis] : -point[downAxis];
    paintCrosshair(context, projection, { across: point[acrossAxis], down }, ratio);
    const number = this.#number;
    if (this.#scene.showContours)
      paintContours(
        context,
        projection,
        { axis: this.#axis, number, position: this.#positions[number] ?? 0 },
        this.#scene,
        ratio,
      );
    if (this.#ruler !== undefined && this.#ruler.number === number) {
      this.#canvas.dataset['ruler'] = paintRuler(context, projection, this.#ruler, ratio);
    }
    paintSides(context, { axial: 'RLAP', coronal: 'RLHF', sagittal: 'APHF' }[this.#axis], ratio);
  }
}
