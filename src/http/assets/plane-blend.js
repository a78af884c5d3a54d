// An image beside the CT (MR) over the same plane, so that the registration can be judged.

/**
 * @typedef {'off' | 'blend' | 'checkerboard'} BlendMode
 * @typedef {{ plane: Uint8Array, mode: BlendMode, share: number }} Beside share of the overlay, 0 to 1
 */

/** mm of a square of the checkerboard: the edge of an organ crosses several. */
const squareMm = 24;

/**
 * @param {number} ct shade, 0 to 255
 * @param {number} other grey value of the overlay; 0 where it has none
 * @param {Pick<Beside, 'mode' | 'share'>} how
 * @param {number} column pixel of the plane
 * @param {number} row
 * @param {number} pixelMm
 * @returns {number} shade, 0 to 255
 */
export function blended(ct, other, { mode, share }, column, row, pixelMm) {
  if (other === 0 || mode === 'off') return ct;
  if (mode === 'blend') return ct * (1 - share) + other * share;
  const square = Math.floor((column * pixelMm) / squareMm) + Math.floor((row * pixelMm) / squareMm);
  return square % 2 === 1 ? other : ct;
}
