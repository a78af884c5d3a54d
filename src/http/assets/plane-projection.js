// Where a plane of the patient lies on a canvas: mm to pixels and back, zoomed and moved.

/**
 * What a plane covers, mm: across from left to right, down from top to bottom (down is -z but in axial planes).
 *
 * @typedef {{ left: number, right: number, top: number, bottom: number }} Extent
 */

/**
 * What of it is shown: zoom 1 shows the whole extent, `across` and `down` (mm) lie at the middle of the canvas.
 *
 * @typedef {{ zoom: number, across: number, down: number }} Camera
 */

/** @typedef {{ scale: number, x0: number, y0: number }} Projection canvas pixels a mm, and where 0 mm lies */
/** @typedef {{ across: number, down: number }} Place mm */

const largestZoom = 24;

/**
 * @param {Extent} extent
 * @returns {Camera} the whole extent
 */
export function fitted({ left, right, top, bottom }) {
  return { zoom: 1, across: (left + right) / 2, down: (top + bottom) / 2 };
}

/**
 * @param {Extent} extent
 * @param {Camera} camera
 * @param {{ width: number, height: number }} canvas pixels
 * @returns {Projection}
 */
export function projectionOf({ left, right, top, bottom }, { zoom, across, down }, { width, height }) {
  const scale = Math.min(width / (right - left), height / (bottom - top)) * zoom;
  return { scale, x0: width / 2 - across * scale, y0: height / 2 - down * scale };
}

/**
 * @param {Projection} projection
 * @param {number} x canvas pixels
 * @param {number} y
 * @returns {Place}
 */
export function placeAt({ scale, x0, y0 }, x, y) {
  return { across: (x - x0) / scale, down: (y - y0) / scale };
}

/**
 * The place under the pointer stays under the pointer; zoomed out to the whole extent, it is centred again.
 *
 * @param {Camera} camera
 * @param {number} factor
 * @param {Place} at
 * @param {Extent} extent
 * @returns {Camera}
 */
export function zoomedAt({ zoom, across, down }, factor, at, extent) {
  const wanted = Math.min(largestZoom, zoom * factor);
  if (wanted <= 1) return fitted(extent);
  const share = zoom / wanted;
  return {
    zoom: wanted,
    across: at.across + (across - at.across) * share,
    down: at.down + (down - at.down) * share,
  };
}

/**
 * Moves the picture; its middle stays within the extent, so that it cannot be lost.
 *
 * @param {Camera} camera
 * @param {Place} by mm that the picture moves
 * @param {Extent} extent
 * @returns {Camera}
 */
export function panned({ zoom, across, down }, by, { left, right, top, bottom }) {
  return {
    zoom,
    across: Math.min(right, Math.max(left, across - by.across)),
    down: Math.min(bottom, Math.max(top, down - by.down)),
  };
}
