// Colours of the ROIs as the viewer shows them.

/** @typedef {[number, number, number]} Rgb 0 to 255 */

/** Nearer than this, two colours of a left and a right organ are taken for one another. */
const leastDistance = 150;
/** Degrees on the colour wheel from the left organ's colour to the right one's. */
const turn = 75;

/**
 * Each ROI in its own colour, but a right organ whose colour is hardly another than that of its left twin.
 *
 * @param {readonly { name: string, colour: Rgb }[]} rois
 * @returns {Map<string, Rgb>} by name
 */
export function shownColours(rois) {
  const own = new Map(rois.map(({ name, colour }) => [name, colour]));
  return new Map(
    rois.map(({ name, colour }) => {
      const left = /_R$/i.test(name) ? own.get(name.replace(/_R$/i, (end) => (end === '_R' ? '_L' : '_l'))) : undefined;
      const near = left !== undefined && distance(left, colour) < leastDistance;
      return [name, near ? turned(left) : colour];
    }),
  );
}

/**
 * @param {Rgb} a
 * @param {Rgb} b
 */
function distance(a, b) {
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

/**
 * The colour a quarter further on the colour wheel, equally bright and well saturated: grey has no hue.
 *
 * @param {Rgb} colour
 * @returns {Rgb}
 */
function turned([r, g, b]) {
  const [high, low] = [Math.max(r, g, b), Math.min(r, g, b)];
  const range = high - low;
  let hue = 0;
  if (range > 0) {
    if (high === r) hue = ((g - b) / range) * 60;
    else if (high === g) hue = 120 + ((b - r) / range) * 60;
    else hue = 240 + ((r - g) / range) * 60;
  }
  const value = Math.max(160, high);
  const saturation = Math.max(0.8, high === 0 ? 0 : range / high);
  /** @param {number} n the HSV formula's offset of the channel */
  const channel = (n) => {
    const k = (n + (hue + turn + 360) / 60) % 6;
    return Math.round(value * (1 - saturation * Math.max(0, Math.min(k, 4 - k, 1))));
  };
  return [channel(5), channel(3), channel(1)];
}
