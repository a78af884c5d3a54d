// The grey values of one plane, through a window, as a picture.
import { blended } from './plane-blend.js';

/**
 * Grey values through the window, on pixels of one size: between uneven slices it is interpolated.
 *
 * @param {HTMLCanvasElement} picture takes the pixels and their number
 * @param {import('./plane-loader.js').PictureIndex} index
 * @param {import('./plane-loader.js').Axis} axis
 * @param {Uint8Array} plane grey values, row by row
 * @param {{ level: number, width: number }} window HU
 * @param {import('./plane-projection.js').Extent} extent
 * @param {import('./plane-blend.js').Beside} [beside] the same plane of an image beside the CT
 */
export function expose(picture, index, axis, plane, window, { top, bottom }, beside) {
  const { width, height } = index.planes[axis];
  const shades = index.levels.map((hu) => Math.min(255, Math.max(0, ((hu - window.level) / window.width + 0.5) * 255)));
  const axial = axis === 'axial';
  const rows = axial ? height : Math.max(height, Math.round((bottom - top) / index.pixelMm));
  picture.width = width;
  picture.height = rows;
  const context = /** @type {CanvasRenderingContext2D} */ (picture.getContext('2d'));
  const image = context.createImageData(width, rows);
  const pixels = new Uint32Array(image.data.buffer);
  for (let row = 0; row < rows; row++) {
    const at = axial
      ? row
      : slicePosition(index.planes.axial.positions, -(top + ((row + 0.5) * (bottom - top)) / rows));
    const first = Math.floor(at) * width;
    const share = at - Math.floor(at);
    for (let column = 0; column < width; column++) {
      const a = /** @type {number} */ (shades[/** @type {number} */ (plane[first + column])]);
      const ct = share === 0 ? a : a + share * ((shades[plane[first + width + column] ?? 0] ?? a) - a);
      // Between two slices of the overlay the nearer one is shown: a place without data is no grey value.
      const other = beside?.plane[share < 0.5 ? first + column : first + width + column];
      const shade = beside === undefined ? ct : blended(ct, other ?? 0, beside, column, row, index.pixelMm);
      pixels[row * width + column] = 0xff000000 | (Math.round(shade) * 0x010101);
    }
  }
  context.putImageData(image, 0, 0);
}

/**
 * @param {number[]} z mm of the slices, ascending
 * @param {number} position mm
 * @returns {number} its place among the slices, fractions between two
 */
export function slicePosition(z, position) {
  const above = z.findIndex((one) => one >= position);
  if (above === 0) return 0;
  if (above === -1) return z.length - 1;
  const [a = 0, b = 1] = [z[above - 1], z[above]];
  return above - 1 + (position - a) / (b - a);
}
