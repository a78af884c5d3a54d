import { decimalString, hundredths } from './decimal-string.ts';
import type { ReferencedImage } from './structure-set-input.ts';
import type { Ring } from './structure-set.ts';

/**
 * Contour Data (PS3.3 C.8.8.6) of a ring: x, y and z of every point. The ring lies on the grid of the CT; its points
 * lie in the plane of their own image. In an axial image the third coordinate is exactly that of Image Position.
 * @returns undefined for fewer than three points, or where the first is repeated
 */
export function contourData(ring: Ring, image: ReferencedImage): string | undefined {
  const write = placing(image);
  const points: string[] = [];
  for (let p = 0; p < ring.length; p += 2) points.push(write(ring[p]!, ring[p + 1]!));
  return points.length < 3 || points[0] === points.at(-1) ? undefined : points.join('\\');
}

function placing({ z, plane }: ReferencedImage): (x: number, y: number) => string {
  if (plane === undefined) {
    const third = decimalString(z);
    return (x, y) => `${hundredths(x)}\\${hundredths(y)}\\${third}`;
  }
  const { origin, gridOrigin, column } = plane;
  // In whole hundredths, so that two points that differ do so in their own plane as well.
  const [dx, dy] = [0, 1].map((axis) => Math.round((origin[axis]! - gridOrigin[axis]!) * 100) / 100) as [
    number,
    number,
  ];
  if (column[1] === 0) {
    const third = decimalString(origin[2]);
    return (x, y) => `${hundredths(x + dx)}\\${hundredths(y + dy)}\\${third}`;
  }
  // Four digits keep the points within a ten thousandth of a millimetre of one plane.
  const exact = (value: number): string => decimalString(Math.round(value * 10_000) / 10_000);
  return (x, y) => {
    const along = y - gridOrigin[1];
    return `${hundredths(x + dx)}\\${exact(origin[1] + along * column[0])}\\${exact(origin[2] + along * column[1])}`;
  };
}
