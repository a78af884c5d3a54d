// One plane of the viewer: the CT with its contours, a slider, wheel and keys.
import { outlineAcross, ringsIn } from './contour-lines.js';

/**
 * @typedef {import('./plane-loader.js').Axis} Axis
 * @typedef {import('./plane-loader.js').PictureIndex} PictureIndex
 * @typedef {import('./contour-lines.js').Contours} Contours
 * @typedef {{ contours: Contours, colour?: string | undefined, dashed?: boolean }} ContourSet one colour for all, or each ROI's own
 * @typedef {{
 *   index: PictureIndex,
 *   loader: import('./plane-loader.js').PlaneLoader,
 *   sets: ContourSet[],
 *   point: [number, number, number],
 *   window: { level: number, width: number },
 *   showContours: boolean,
 *   hidden: Set<string>,
 *   move: (point: [number, number, number]) => void,
 * }} Scene
 */

/** Axis of the patient that is normal to the plane, across it, and down it. */
const directions = /** @type {const} */ ({ axial: [2, 0, 1], coronal: [1, 0, 2], sagittal: [0, 1, 2] });

export class PlaneView {
  #axis;
  #scene;
  #canvas;
  #slider;
  #label;
  #picture = document.createElement('canvas');
  /** Plane and window that #picture shows. */
  #shown = '';
  #wheel = 0;

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
    const { positions } = scene.index.planes[axis];
    this.#slider.max = String(positions.length - 1);
    this.#slider.addEventListener('input', () => this.#go(Number(this.#slider.value)));
    this.#canvas.addEventListener('wheel', (event) => this.#turn(event), { passive: false });
    this.#canvas.addEventListener('pointerdown', (event) => {
      this.#canvas.setPointerCapture(event.pointerId);
      this.#point(event);
    });
    this.#canvas.addEventListener('pointermove', (event) => {
      if (event.buttons === 1) this.#point(event);
    });
    this.#canvas.addEventListener('keydown', (event) => this.#key(event));
    new ResizeObserver(() => this.#paint()).observe(this.#canvas);
  }

  /** @returns {number} the plane that lies nearest to the scene's point */
  get #number() {
    const at = this.#scene.point[directions[this.#axis][0]];
    let best = 0;
    const { positions } = this.#scene.index.planes[this.#axis];
    for (const [n, position] of positions.entries())
      if (Math.abs(position - at) < Math.abs((positions[best] ?? 0) - at)) best = n;
    return best;
  }

  /** @param {number} number */
  #go(number) {
    const { positions } = this.#scene.index.planes[this.#axis];
    const position = positions[Math.min(positions.length - 1, Math.max(0, number))];
    if (position === undefined) return;
    /** @type {[number, number, number]} */
    const point = [...this.#scene.point];
    point[directions[this.#axis][0]] = position;
    this.#scene.move(point);
  }

  /** @param {WheelEvent} event */
  #turn(event) {
    event.preventDefault();
    this.#wheel += event.deltaMode === 0 ? event.deltaY / 40 : event.deltaY;
    const steps = Math.trunc(this.#wheel);
    if (steps === 0) return;
    this.#wheel -= steps;
    this.#go(this.#number + steps * (this.#axis === 'axial' ? -1 : 1));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const last = this.#scene.index.planes[this.#axis].positions.length - 1;
    /** @type {Record<string, number>} */
    const targets = {
      ArrowUp: this.#number + 1,
      ArrowDown: this.#number - 1,
      PageUp: this.#number + 10,
      PageDown: this.#number - 10,
      Home: 0,
      End: last,
    };
    const target = targets[event.key];
    if (target === undefined) return;
    event.preventDefault();
    this.#go(target);
  }

  /** @param {PointerEvent} event */
  #point(event) {
    const { left, top } = this.#canvas.getBoundingClientRect();
    const { scale, x0, y0 } = this.#layout();
    const ratio = devicePixelRatio;
    const across = ((event.clientX - left) * ratio - x0) / scale;
    const down = ((event.clientY - top) * ratio - y0) / scale;
    const [, acrossAxis, downAxis] = directions[this.#axis];
    /** @type {[number, number, number]} */
    const point = [...this.#scene.point];
    point[acrossAxis] = across;
    point[downAxis] = this.#axis === 'axial' ? down : -down;
    this.#scene.move(point);
  }

  /** Extent of the plane in mm: [across low, across high, down low, down high]; down is -z but in axial planes. */
  #extent() {
    const { index } = this.#scene;
    const { width, height } = index.planes[this.#axis];
    const half = index.pixelMm / 2;
    const across = index.origin[directions[this.#axis][1] === 0 ? 0 : 1];
    const x = [across - half, across - half + width * index.pixelMm];
    if (this.#axis === 'axial') return [...x, index.origin[1] - half, index.origin[1] - half + height * index.pixelMm];
    const z = index.planes.axial.positions;
    const [bottom, top] = [z[0] ?? 0, z.at(-1) ?? 0];
    const slab = z.length > 1 ? (top - bottom) / (z.length - 1) / 2 : 1;
    return [...x, -top - slab, -bottom + slab];
  }

  /** Pixels of the canvas a mm, and where 0 mm lies. */
  #layout() {
    const [left = 0, right = 1, up = 0, low = 1] = this.#extent();
    const { width, height } = this.#canvas;
    const scale = Math.min(width / (right - left), height / (low - up));
    return {
      scale,
      x0: (width - (right + left) * scale) / 2,
      y0: (height - (low + up) * scale) / 2,
    };
  }

  /** Shows the plane of the scene's point. Resolves when its picture is there. */
  async show() {
    const number = this.#number;
    const { index, loader, window } = this.#scene;
    const { positions } = index.planes[this.#axis];
    this.#slider.value = String(number);
    this.#label.textContent = `${number + 1}/${positions.length}  ${(positions[number] ?? 0).toFixed(1)} mm`;
    const name = `${number} ${window.level} ${window.width}`;
    if (name !== this.#shown) {
      const plane = await loader.plane(this.#axis, number);
      // Meanwhile another plane may be wanted.
      if (number !== this.#number) return;
      this.#expose(plane);
      this.#shown = name;
    }
    this.#paint();
    this.#canvas.dataset['plane'] = String(number);
  }

  /**
   * Grey values through the window, on pixels of one size: between uneven slices it is interpolated.
   *
   * @param {Uint8Array} plane
   */
  #expose(plane) {
    const { index, window } = this.#scene;
    const { width, height } = index.planes[this.#axis];
    const shades = index.levels.map((hu) =>
      Math.min(255, Math.max(0, ((hu - window.level) / window.width + 0.5) * 255)),
    );
    const [, , up = 0, low = 1] = this.#extent();
    const axial = this.#axis === 'axial';
    const rows = axial ? height : Math.max(height, Math.round((low - up) / index.pixelMm));
    this.#picture.width = width;
    this.#picture.height = rows;
    const context = /** @type {CanvasRenderingContext2D} */ (this.#picture.getContext('2d'));
    const image = context.createImageData(width, rows);
    const pixels = new Uint32Array(image.data.buffer);
    for (let row = 0; row < rows; row++) {
      const at = axial ? row : this.#slicePosition(up + ((row + 0.5) * (low - up)) / rows);
      const first = Math.floor(at) * width;
      const share = at - Math.floor(at);
      for (let column = 0; column < width; column++) {
        const a = /** @type {number} */ (shades[/** @type {number} */ (plane[first + column])]);
        const shade = share === 0 ? a : a + share * ((shades[plane[first + width + column] ?? 0] ?? a) - a);
        pixels[row * width + column] = 0xff000000 | (Math.round(shade) * 0x010101);
      }
    }
    context.putImageData(image, 0, 0);
  }

  /**
   * @param {number} down -z in mm
   * @returns {number} its place among the slices, fractions between two
   */
  #slicePosition(down) {
    const z = this.#scene.index.planes.axial.positions;
    const last = z.length - 1;
    const above = z.findIndex((one) => one >= -down);
    if (above === 0) return 0;
    if (above === -1) return last;
    const [a = 0, b = 1] = [z[above - 1], z[above]];
    return above - 1 + (-down - a) / (b - a);
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
    const { scale, x0, y0 } = this.#layout();
    const [left = 0, right = 1, up = 0, low = 1] = this.#extent();
    context.imageSmoothingQuality = 'high';
    context.drawImage(this.#picture, x0 + left * scale, y0 + up * scale, (right - left) * scale, (low - up) * scale);
    this.#crosshair(context, ratio);
    if (this.#scene.showContours) this.#contours(context, ratio);
    this.#letters(context, ratio);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {number} ratio
   */
  #contours(context, ratio) {
    const { scale, x0, y0 } = this.#layout();
    const sign = this.#axis === 'axial' ? 1 : -1;
    const number = this.#number;
    context.lineJoin = 'round';
    context.lineWidth = 1.8 * ratio;
    for (const { contours, colour, dashed } of this.#scene.sets) {
      // Not everybody tells red from green.
      context.setLineDash(dashed === true ? [5 * ratio, 3 * ratio] : []);
      for (const roi of contours.rois) {
        if (this.#scene.hidden.has(roi.name)) continue;
        context.strokeStyle = colour ?? `rgb(${roi.colour.join(' ')})`;
        context.beginPath();
        if (this.#axis === 'axial') {
          for (const ring of ringsIn(roi, number)) {
            for (let at = 0; at < ring.length; at += 2) {
              const [x = 0, y = 0] = [ring[at], ring[at + 1]];
              context[at === 0 ? 'moveTo' : 'lineTo'](x0 + x * scale, y0 + y * scale);
            }
            context.closePath();
          }
        } else {
          const position = this.#scene.index.planes[this.#axis].positions[number] ?? 0;
          for (const [a, b, c, d] of outlineAcross(contours, roi, this.#axis === 'coronal' ? 1 : 0, position)) {
            context.moveTo(x0 + a * scale, y0 + sign * b * scale);
            context.lineTo(x0 + c * scale, y0 + sign * d * scale);
          }
        }
        context.stroke();
      }
    }
    context.setLineDash([]);
  }

  /**
   * Where the other two planes cut this one.
   *
   * @param {CanvasRenderingContext2D} context
   * @param {number} ratio
   */
  #crosshair(context, ratio) {
    const { scale, x0, y0 } = this.#layout();
    const [, acrossAxis, downAxis] = directions[this.#axis];
    const x = x0 + this.#scene.point[acrossAxis] * scale;
    const y = y0 + this.#scene.point[downAxis] * scale * (this.#axis === 'axial' ? 1 : -1);
    context.strokeStyle = 'rgb(120 190 255 / 45%)';
    context.lineWidth = ratio;
    context.beginPath();
    context.moveTo(x, 0);
    context.lineTo(x, this.#canvas.height);
    context.moveTo(0, y);
    context.lineTo(this.#canvas.width, y);
    context.stroke();
  }

  /**
   * Sides of the patient: right, left, front (anterior), back (posterior), head, feet.
   *
   * @param {CanvasRenderingContext2D} context
   * @param {number} ratio
   */
  #letters(context, ratio) {
    const { width, height } = this.#canvas;
    const letters = { axial: 'RLAP', coronal: 'RLHF', sagittal: 'APHF' }[this.#axis];
    context.fillStyle = '#dfe7ee';
    context.font = `600 ${13 * ratio}px system-ui, sans-serif`;
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    const edge = 11 * ratio;
    const places = [
      [edge, height / 2],
      [width - edge, height / 2],
      [width / 2, edge],
      [width / 2, height - edge],
    ];
    for (const [n, [x = 0, y = 0]] of places.entries()) context.fillText(letters[n] ?? '', x, y);
  }
}
