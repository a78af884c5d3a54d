// What wheel, mouse and fingers do on a plane.

/**
 * Distances and places are pixels of the page, from the canvas's upper left corner.
 *
 * @typedef {{
 *   turn: (slices: number) => void,
 *   zoom: (factor: number, x: number, y: number) => void,
 *   pan: (dx: number, dy: number) => void,
 *   point: (x: number, y: number) => void,
 *   window: (dx: number, dy: number) => void,
 *   measure: (x: number, y: number, begins: boolean) => void,
 *   hover: (x: number, y: number) => void,
 *   leave: () => void,
 * }} Actions
 * @typedef {'point' | 'pan' | 'window' | 'measure'} Tool
 */

/** A wheel with notches sends at least this much at once, a touch pad many smaller pieces; pixels. */
const notch = 50;
const touchPadPixelsPerSlice = 40;
/** A finger that moves so far changes the slice; pixels. */
const swipePixelsPerSlice = 14;
/** A finger that moved less has tapped. */
const tapPixels = 8;

/**
 * @param {HTMLCanvasElement} canvas
 * @param {() => Tool} tool what dragging with the left button does
 * @param {Actions} actions
 */
export function listenToGestures(canvas, tool, actions) {
  new MouseGestures(canvas, tool, actions).listen();
  new TouchGestures(canvas, actions).listen();
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {MouseEvent} event
 * @returns {[number, number]}
 */
function placeIn(canvas, event) {
  const { left, top } = canvas.getBoundingClientRect();
  return [event.clientX - left, event.clientY - top];
}

class MouseGestures {
  #canvas;
  #tool;
  #actions;
  #wheel = 0;
  /** @type {{ tool: Tool, x: number, y: number } | undefined} */
  #drag;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {() => Tool} tool
   * @param {Actions} actions
   */
  constructor(canvas, tool, actions) {
    this.#canvas = canvas;
    this.#tool = tool;
    this.#actions = actions;
  }

  listen() {
    const canvas = this.#canvas;
    canvas.addEventListener('wheel', (event) => this.#turn(event), { passive: false });
    canvas.addEventListener('pointerdown', (event) => event.pointerType !== 'touch' && this.#press(event));
    canvas.addEventListener('pointermove', (event) => event.pointerType !== 'touch' && this.#move(event));
    canvas.addEventListener('pointerup', () => (this.#drag = undefined));
    canvas.addEventListener('pointercancel', () => (this.#drag = undefined));
    canvas.addEventListener('pointerleave', () => this.#actions.leave());
    canvas.addEventListener('contextmenu', (event) => event.preventDefault());
  }

  /** @param {WheelEvent} event */
  #turn(event) {
    event.preventDefault();
    // Pinching on a touch pad arrives as a wheel with Ctrl too.
    if (event.ctrlKey || event.metaKey) {
      const pixels = event.deltaMode === 0 ? event.deltaY : event.deltaY * 20;
      return this.#actions.zoom(
        Math.exp(-Math.max(-120, Math.min(120, pixels)) / 400),
        ...placeIn(this.#canvas, event),
      );
    }
    if (event.deltaMode !== 0 || Math.abs(event.deltaY) >= notch) {
      this.#wheel = 0;
      return this.#actions.turn(Math.sign(event.deltaY));
    }
    this.#wheel += event.deltaY / touchPadPixelsPerSlice;
    const slices = Math.trunc(this.#wheel);
    if (slices === 0) return;
    this.#wheel -= slices;
    this.#actions.turn(slices);
  }

  /** @param {PointerEvent} event */
  #press(event) {
    const tool = this.#toolOf(event);
    const [x, y] = placeIn(this.#canvas, event);
    if (event.button === 1) event.preventDefault();
    this.#canvas.setPointerCapture(event.pointerId);
    this.#drag = { tool, x, y };
    if (tool === 'point') this.#actions.point(x, y);
    if (tool === 'measure') this.#actions.measure(x, y, true);
  }

  /** @param {PointerEvent} event */
  #toolOf({ button, shiftKey }) {
    if (button === 2) return 'window';
    return button === 1 || shiftKey ? 'pan' : this.#tool();
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const [x, y] = placeIn(this.#canvas, event);
    this.#actions.hover(x, y);
    if (this.#drag === undefined) return;
    const { tool } = this.#drag;
    const [dx, dy] = [x - this.#drag.x, y - this.#drag.y];
    this.#drag = { tool, x, y };
    if (tool === 'point') this.#actions.point(x, y);
    else if (tool === 'measure') this.#actions.measure(x, y, false);
    else this.#actions[tool](dx, dy);
  }
}

class TouchGestures {
  #canvas;
  #actions;
  /** Fingers on the canvas, by pointer. @type {Map<number, [number, number]>} */
  #fingers = new Map();
  #moved = 0;
  #swiped = 0;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {Actions} actions
   */
  constructor(canvas, actions) {
    this.#canvas = canvas;
    this.#actions = actions;
  }

  listen() {
    const canvas = this.#canvas;
    canvas.addEventListener('pointerdown', (event) => {
      if (event.pointerType !== 'touch') return;
      canvas.setPointerCapture(event.pointerId);
      if (this.#fingers.size === 0) [this.#moved, this.#swiped] = [0, 0];
      this.#fingers.set(event.pointerId, placeIn(canvas, event));
    });
    canvas.addEventListener('pointermove', (event) => this.#move(event));
    canvas.addEventListener('pointerup', (event) => this.#lift(event));
    canvas.addEventListener('pointercancel', ({ pointerId }) => this.#fingers.delete(pointerId));
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const before = this.#fingers.get(event.pointerId);
    if (before === undefined) return;
    const now = placeIn(this.#canvas, event);
    const [dx, dy] = [now[0] - before[0], now[1] - before[1]];
    this.#moved += Math.hypot(dx, dy);
    const other = [...this.#fingers].find(([pointer]) => pointer !== event.pointerId)?.[1];
    this.#fingers.set(event.pointerId, now);
    if (other === undefined) return this.#swipe(dy);
    const spread =
      Math.hypot(now[0] - other[0], now[1] - other[1]) /
      Math.max(1, Math.hypot(before[0] - other[0], before[1] - other[1]));
    this.#actions.zoom(spread, (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
    this.#actions.pan(dx / 2, dy / 2);
  }

  /** @param {number} dy */
  #swipe(dy) {
    if (this.#moved < tapPixels) return;
    this.#swiped += dy / swipePixelsPerSlice;
    const slices = Math.trunc(this.#swiped);
    if (slices === 0) return;
    this.#swiped -= slices;
    this.#actions.turn(slices);
  }

  /** @param {PointerEvent} event */
  #lift(event) {
    if (!this.#fingers.delete(event.pointerId)) return;
    if (this.#fingers.size === 0 && this.#moved < tapPixels) this.#actions.point(...placeIn(this.#canvas, event));
  }
}
