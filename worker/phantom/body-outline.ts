import type { Random } from './random.ts';
import { column, ellipsoid, tube, union, type Shape } from './shapes.ts';

/** Skin from crown to shoulders: elliptical sections that taper into the neck and widen into the shoulders; a nose. */
export function bodyOutline(random: Random): Shape {
  const neck = random.between(0.92, 1.12);
  const shoulders = random.between(-8, 8);
  const trunk = column([
    { z: -260, y: 20, rx: 222 * neck, ry: 108 * neck },
    { z: -185 + shoulders, y: 20, rx: 205 * neck, ry: 98 * neck },
    { z: -160 + shoulders, y: 18, rx: 175 * neck, ry: 86 * neck },
    { z: -140 + shoulders, y: 15, rx: 112 * neck, ry: 72 * neck },
    { z: -122 + shoulders / 2, y: 12, rx: 70 * neck, ry: 62 * neck },
    { z: -100, y: 8, rx: 59 * neck, ry: 59 * neck },
    { z: -90, y: 3, rx: 58, ry: 62 },
    { z: -78, y: -10, rx: 60, ry: 78 },
    { z: -66, y: -15, rx: 64, ry: 87 },
    { z: -40, y: -16, rx: 70, ry: 92 },
    { z: -10, y: -11, rx: 75, ry: 97 },
    { z: 25, y: -6, rx: 79, ry: 98 },
    { z: 60, y: -4, rx: 78, ry: 96 },
    { z: 90, y: -3, rx: 67, ry: 83 },
    { z: 112, y: -3, rx: 47, ry: 58 },
    { z: 126, y: -3, rx: 23, ry: 29 },
    { z: 132, y: -3, rx: 4, ry: 5 },
  ]);
  return union([
    trunk,
    ellipsoid([0, -106, -16], [13, 17, 20]),
    tube([
      [75, -2, -8, 4],
      [82, 4, 2, 4],
      [76, 2, 14, 4],
    ]),
    tube([
      [-75, -2, -8, 4],
      [-82, 4, 2, 4],
      [-76, 2, 14, 4],
    ]),
  ]);
}
