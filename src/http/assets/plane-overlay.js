// What is drawn over a plane besides contours: crosshair, ruler, sides of the patient.

/**
 * @typedef {import('./plane-projection.js').Projection} Projection
 * @typedef {import('./plane-projection.js').Place} Place
 */

/**
 * Where the other two planes cut this one.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Projection} projection
 * @param {Place} at
 * @param {number} ratio device pixels a pixel of the page
 */
export function paintCrosshair(context, { scale, x0, y0 }, { across, down }, ratio) {
  const { width, height } = context.canvas;
  context.strokeStyle = 'rgb(120 190 255 / 45%)';
  context.lineWidth = ratio;
  context.beginPath();
  context.moveTo(x0 + across * scale, 0);
  context.lineTo(x0 + across * scale, height);
  context.moveTo(0, y0 + down * scale);
  context.lineTo(width, y0 + down * scale);
  context.stroke();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Projection} projection
 * @param {{ from: Place, to: Place }} ruler
 * @param {number} ratio
 * @returns {string} its length in words
 */
export function paintRuler(context, { scale, x0, y0 }, { from, to }, ratio) {
  const text = `${Math.hypot(to.across - from.across, to.down - from.down).toFixed(1)} mm`;
  const [x, y] = [x0 + to.across * scale, y0 + to.down * scale];
  const line = new Path2D();
  line.moveTo(x0 + from.across * scale, y0 + from.down * scale);
  line.lineTo(x, y);
  context.font = `600 ${13 * ratio}px system-ui, sans-serif`;
  context.textAlign = 'left';
  context.textBaseline = 'bottom';
  const place = /** @type {const} */ ([x + 6 * ratio, y - 4 * ratio]);
  context.strokeStyle = 'rgb(0 0 0 / 70%)';
  context.lineWidth = 4 * ratio;
  context.stroke(line);
  context.strokeText(text, ...place);
  context.strokeStyle = '#ffe14d';
  context.fillStyle = '#ffe14d';
  context.lineWidth = 1.6 * ratio;
  context.stroke(line);
  context.fillText(text, ...place);
  return text;
}

/**
 * Sides of the patient: right, left, front (anterior), back (posterior), head, feet.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {string} letters of the left, right, upper and lower edge
 * @param {number} ratio
 */
export function paintSides(context, letters, ratio) {
  const { width, height } = context.canvas;
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
