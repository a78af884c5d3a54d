import { bodyOutline } from './body-outline.ts';
import type { Random } from './random.ts';
import {
  between,
  ellipsoid,
  mirrored,
  smoothUnion,
  tube,
  union,
  within,
  without,
  type Point,
  type Shape,
} from './shapes.ts';
import type { Structure } from './structure.ts';
import { spine } from './spine.ts';
import { t1 } from './t1-signal.ts';

/** CT numbers of this patient's soft tissue. */
export interface Tissue {
  readonly muscle: number;
  readonly fat: number;
  readonly vessel: number;
  readonly gland: number;
}

/**
 * The patient frame: mm, x to the left, y to the back, z to the head; the origin lies on the posterior wall of the
 * nasopharynx, at the level of the skull base. Sizes are an adult's; the pose scales them.
 */
export function patientStructures(
  random: Random,
  tissue: Tissue,
): { body: Structure; before: Structure[]; after: Structure[] } {
  const jitter = (point: Point, mm = 1.5): Point => [
    point[0] + random.between(-mm, mm),
    point[1] + random.between(-mm, mm),
    point[2] + random.between(-mm, mm),
  ];
  const sized = (radii: Point): Point => {
    const size = random.between(0.9, 1.1);
    return [radii[0] * size, radii[1] * size, radii[2] * size];
  };
  const blob = (centre: Point, radii: Point): Shape => ellipsoid(jitter(centre), sized(radii));
  const both = (shape: Shape): Shape => union([shape, mirrored(shape)]);
  const soft = (shape: Shape, hu: number, name?: string): Structure => ({
    shape,
    layers: [{ depth: 0, hu }],
    ...(name && { name }),
  });
  const bone = (shape: Shape, cortex: number, thickness = 2, marrow = 350): Structure => ({
    shape,
    layers: [
      { depth: 0, hu: cortex },
      { depth: thickness, hu: marrow },
    ],
  });
  const { muscle, fat, vessel, gland } = tissue;

  const skin = bodyOutline(random);
  const body: Structure = {
    shape: skin,
    layers: [
      { depth: 0, hu: -30 },
      { depth: 2, hu: fat },
      { depth: random.between(5, 11), hu: muscle },
    ],
  };

  const cranium = ellipsoid([0, -3, 52], [71, 89, 74]);
  const brain = between(ellipsoid([0, -3, 52], [64, 82, 67]), 9, 130);
  const skull = between(without(cranium, brain), random.between(3, 6), 130);
  const foramen = ellipsoid([0, 36, 4], [14, 16, 14]);

  const oral = blob([0, -62, -46], [26, 30, 15]);
  const parotid = smoothUnion(
    [blob([51, 0, -28], [11, 17, 20]), blob([47, 8, -18], [9, 10, 14]), blob([53, -14, -30], [7, 14, 13])],
    2,
  );
  const carotid = tube([
    [27, 7, 2, 3.2],
    [25, 5, -35, 3.4],
    [24, 2, -80, 4],
    [16, 4, -150, 4.5],
  ]);
  const jugular = tube([
    [33, 12, 0, 4.5],
    [31, 10, -35, 5.5],
    [33, 5, -80, 6],
    [26, 3, -150, 7],
  ]);
  const before: Structure[] = [
    // Fat spaces between the muscles.
    soft(both(blob([25, -15, -26], [8, 13, 22])), fat),
    soft(both(blob([43, -66, -38], [13, 14, 20])), fat),
    soft(both(blob([44, 34, -92], [14, 24, 40])), fat),
    soft(both(blob([30, 3, -70], [16, 12, 50])), fat),
    soft(both(blob([48, -25, 2], [14, 20, 12])), fat),
    // Muscles: masseter, pterygoids, longus, sternocleidomastoid.
    soft(both(blob([54, -44, -42], [8, 17, 24])), muscle + 4),
    soft(both(blob([36, -32, -24], [8, 15, 22])), muscle + 2),
    soft(
      both(
        tube([
          [8, 7, 2, 6],
          [9, 7, -40, 6.5],
          [10, 8, -110, 6],
        ]),
      ),
      muscle,
    ),
    soft(
      both(
        tube([
          [56, 18, -22, 8],
          [46, 2, -80, 10],
          [14, -22, -135, 8],
        ]),
      ),
      muscle + 3,
    ),
    { ...soft(parotid, gland, 'Parotid_L'), t1: t1.gland },
    { ...soft(mirrored(parotid), gland, 'Parotid_R'), t1: t1.gland },
    { ...soft(both(blob([32, -38, -70], [10, 14, 9])), gland + 25), t1: t1.gland },
    { ...soft(both(carotid), vessel), t1: t1.vessel },
    { ...soft(both(jugular), vessel - 6), t1: t1.vessel },
    soft(both(blob([22, -12, -112], [9, 10, 18])), 95),
    soft(brain, 36),
    // Airway: nasal cavity with septum and turbinates, nasopharynx, oropharynx, larynx, trachea.
    soft(blob([0, -56, -12], [14, 32, 19]), -980),
    soft(blob([0, -56, -14], [1.6, 30, 19]), 60),
    { ...soft(both(blob([8, -58, -18], [3.2, 22, 5])), 45), t1: t1.mucosa },
    { ...soft(both(blob([8, -56, -6], [2.6, 18, 3.5])), 45), t1: t1.mucosa },
    soft(smoothUnion([blob([0, -13, -11], [13, 11, 13]), both(ellipsoid([11, -7, -9], [6, 4, 6]))], 1.5), -985),
    soft(
      tube([
        [0, -10, -22, 8],
        [0, -11, -45, 9],
        [0, -12, -68, 9],
      ]),
      -985,
    ),
    soft(oral, muscle + 5),
    soft(blob([0, -66, -37], [20, 26, random.between(1.5, 4)]), -900),
    soft(
      tube([
        [0, -13, -68, 10],
        [0, -17, -90, 12],
        [0, -16, -100, 9],
      ]),
      muscle,
    ),
    soft(
      tube([
        [0, -13, -66, 8],
        [0, -17, -90, 5.5],
        [0, -16, -104, 8],
      ]),
      -985,
    ),
    bone(
      without(
        tube([
          [0, -18, -86, 17],
          [0, -17, -100, 15],
        ]),
        union([
          tube([
            [0, -18, -80, 14],
            [0, -17, -108, 12],
          ]),
          ellipsoid([0, 6, -93], [30, 14, 30]),
        ]),
      ),
      190,
      3,
      170,
    ),
    soft(
      without(
        tube([
          [0, -14, -100, 11],
          [0, -2, -185, 11.5],
        ]),
        between(skin, -300, -101),
      ),
      muscle,
    ),
    soft(
      tube([
        [0, -14, -100, 8.2],
        [0, -2, -200, 8.8],
      ]),
      -990,
    ),
    soft(both(blob([52, 14, -205], [46, 52, 58])), -840),
  ];

  const arch = 2.6;
  const mandible = union(
    [1, -1].map((side) =>
      tube(
        [
          [side * 50, -14, -12, 4.2],
          [side * 48, -22, -34, 4],
          [side * 45, -36, -58, 4.2],
          [side * 31, -66, -64, 4.2],
          [side * 11, -84, -66, 4.6],
          [0, -87, -66, 4.6],
        ],
        1.7,
      ),
    ),
  );
  const sinus = both(blob([27, -62, -4], [13, 17, 16]));
  const after: Structure[] = [
    bone(without(skull, foramen), 1050, 2.5, 600),
    // Skull base: petrous bones, clivus, sphenoid with its sinus, pterygoid plates.
    bone(both(blob([34, 22, 6], [26, 10, 9])), 1150, 3, 700),
    soft(both(blob([58, 30, -2], [9, 12, 12])), random.pick([-300, 250])),
    bone(within(blob([0, 10, 10], [15, 9, 17]), ellipsoid([0, 10, 14], [30, 30, 18])), 750, 2, 320),
    bone(blob([0, -22, 11], [20, 20, 9]), 800, 2, 500),
    soft(blob([0, -23, 12], [15, 14, 6]), random.chance(0.8) ? -970 : 25),
    bone(
      both(
        tube([
          [15, -30, 6, 1.8],
          [18, -26, -24, 1.6],
        ]),
      ),
      600,
    ),
    // Face: maxillary sinuses in their walls, hard palate, orbits.
    bone(without(both(ellipsoid([27, -62, -4], [16, 20, 19])), sinus), 650, 1.5, 500),
    soft(sinus, random.chance(0.8) ? -975 : 20),
    bone(within(ellipsoid([0, -62, -32], [21, 26, 3]), ellipsoid([0, -62, -32], [30, 28, 6])), 800, 1.5, 500),
    soft(both(blob([32, -70, 26], [16, 18, 15])), -60),
    soft(both(blob([32, -78, 26], [11.5, 11.5, 11.5])), 12),
    { ...bone(mandible, 1350, arch, 450), name: 'Mandible' },
    ...teeth(random),
    ...spine(random, muscle),
    // Clavicles, shoulder blades, ribs.
    bone(
      both(
        tube([
          [12, -28, -158, 7],
          [70, -30, -150, 6],
          [140, 5, -138, 7],
        ]),
      ),
      800,
      2,
      250,
    ),
    bone(both(blob([165, 15, -165], [24, 24, 28])), 800, 2.5, 220),
    bone(
      both(
        tube([
          [20, 45, -150, 4.5],
          [60, 55, -168, 4.5],
          [85, 20, -185, 4.5],
        ]),
      ),
      700,
      1.5,
      200,
    ),
  ];
  return { body, before, after };
}

/** Two dental arches; some have a metal crown. */
function teeth(random: Random): Structure[] {
  const structures: Structure[] = [];
  for (const z of [-39, -50]) {
    for (let index = -6; index <= 6; index++) {
      const angle = index * 0.2;
      const centre: Point = [27 * Math.sin(angle) * 1.25, -54 - 34 * Math.cos(angle * 1.1), z];
      if (!random.chance(0.92)) continue;
      structures.push({
        shape: ellipsoid(centre, [3.4, 3.4, 6]),
        layers: [{ depth: 0, hu: random.between(1600, 2300) }],
      });
    }
  }
  return structures;
}
