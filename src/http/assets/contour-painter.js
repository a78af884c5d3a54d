// Draws contours over a plane: each line with a halo, so that it stands out from bone and from air alike.
import { outlineAcross, ringsIn } from './contour-lines.js';

/**
 * @typedef {import('./contour-lines.js').Contours} Contours
 * @typedef {{
 *   contours: Contours,
 *   colours: Map<string, [number, number, number]>,
 *   colour?: string | undefined,
 *   dashed?: boolean,
 * }} ContourSet `colour`: one for all ROIs instead of each its own
 * @typedef {{ width: number, opacity: number }} LineStyle pixels of the page, 0 to 1
 * @typedef {{ axis: import('./plane-loader.js').Axis, number: number, position: number }} Plane position in mm
 */

/** Pixels on each side of the line. */
const haloWidth = 1.2;

/**
 * @param {CanvasRenderingContext2D} context
 * @param {import('./plane-projection.js').Projection} projection
 * @param {Plane} plane
 * @param {{ sets: readonly ContourSet[], hidden: ReadonlySet<string>, line: LineStyle }} scene
 * @param {number} ratio device pixels a pixel of the page
 */
export function paintContours(context, projection, plane, { sets, hidden, line }, ratio) {
  context.lineJoin = 'round';
  context.globalAlpha = line.opacity;
  for (const { contours, colours, colour, dashed } of sets) {
    for (const roi of contours.rois) {
      if (hidden.has(roi.name)) continue;
      const path = pathOf(projection, plane, contours, roi);
      const [r, g, b] = colours.get(roi.name) ?? roi.colour;
      const dark = colour === undefined && 0.3 * r + 0.6 * g + 0.1 * b < 80;
      context.setLineDash([]);
      context.strokeStyle = dark ? 'rgb(255 255 255 / 55%)' : 'rgb(0 0 0 / 55%)';
      context.lineWidth = (line.width + 2 * haloWidth) * ratio;
      context.stroke(path);
      // Not everybody tells red from green.
      context.setLineDash(dashed === true ? [5 * ratio, 3 * ratio] : []);
      context.strokeStyle = colour ?? `rgb(${r} ${g} ${b})`;
      context.lineWidth = line.width * ratio;
      context.stroke(path);
    }
  }
  context.setLineDash([]);
  context.globalAlpha = 1;
}

/**
 * @param {import('./plane-projection.js').Projection} projection
 * @param {Plane} plane
 * @param {Contours} contours
 * @param {import('./contour-lines.js').Roi} roi
 * @returns {Path2D}
 */
function pathOf({ scale, x0, y0 }, { axis, number, position }, contours, roi) {
  const path = new Path2D();
  if (axis === 'axial') {
    for (const ring of ringsIn(roi, number)) {
      for (let at = 0; at < ring.length; at += 2) {
        const [x = 0, y = 0] = [ring[at], ring[at + 1]];
        path[at === 0 ? 'moveTo' : 'lineTo'](x0 + x * scale, y0 + y * scale);
      }
      path.closePath();
    }
    return path;
  }
  for (const [a, b, c, d] of outlineAcross(contours, roi, axis === 'coronal' ? 1 : 0, position)) {
    path.moveTo(x0 + a * scale, y0 - b * scale);
    path.lineTo(x0 + c * scale, y0 - d * scale);
  }
  return path;
}
