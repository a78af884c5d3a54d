import type { Structure } from './structure.ts';
import type { Random } from './random.ts';
import { column, tube, union, type Shape } from './shapes.ts';

/** Cervical and upper thoracic spine with discs, arches, canal and cord, from the skull base down. */
export function spine(random: Random, muscle: number): Structure[] {
  const structures: Structure[] = [];
  const step = random.between(16, 18);
  const lean = random.between(-0.04, 0.06);
  const backwards = (z: number): number => 22 + Math.max(0, -z - 110) * 0.22 - lean * z;
  const levels = Array.from({ length: 14 }, (_, index) => -16 - step * index);
  for (const [index, z] of levels.entries()) {
    const y = backwards(z);
    const [rx, ry] = [index < 6 ? 11.5 : 14, index < 6 ? 8.5 : 11];
    const section = (height: number): Shape =>
      column([
        { z: z - height, y, rx, ry },
        { z, y, rx: rx - 1.2, ry: ry - 0.8 },
        { z: z + height, y, rx, ry },
      ]);
    structures.push({ shape: section(step / 2), layers: [{ depth: 0, hu: muscle + 40 }] });
    structures.push({
      shape: section(step / 2 - 2.2),
      layers: [
        { depth: 0, hu: 700 },
        { depth: 1.8, hu: 260 },
      ],
    });
    const posterior = union([
      column([
        { z: z - 6, y: y + 16, rx: 15, ry: 12 },
        { z: z + 5, y: y + 15, rx: 15, ry: 12 },
      ]),
      tube([
        [0, y + 24, z - 1, 3.2],
        [0, y + 38, z - 8, 3],
      ]),
      ...[1, -1].map((side) =>
        tube([
          [side * 11, y + 6, z, 4.5],
          [side * (index === 0 ? 34 : 24), y + 5, z - 2, 4],
        ]),
      ),
    ]);
    structures.push({
      shape: posterior,
      layers: [
        { depth: 0, hu: 750 },
        { depth: 1.6, hu: 330 },
      ],
    });
  }
  const axis = levels.map((z): [number, number, number] => [0, backwards(z) + 15, z]);
  const top: [number, number, number] = [0, 34, 10];
  const canal = tube([[...top, 9.5], ...axis.map(([x, y, z]) => [x, y, z, 8.4] as const)]);
  const cord = tube([[...top, 6.2], ...axis.map(([x, y, z]) => [x, y, z, 4.6] as const)]);
  structures.push({ shape: canal, layers: [{ depth: 0, hu: 12 }] });
  structures.push({ shape: cord, layers: [{ depth: 0, hu: 38 }], name: 'SpinalCord' });
  return structures;
}
