import type { Random } from './random.ts';
import { ellipsoid, smoothUnion, type Point, type Shape } from './shapes.ts';

/**
 * A nasopharynx tumour, in the patient frame of anatomy.ts: lobes grown from one side of the posterior and lateral wall
 * under the skull base, and one to three retropharyngeal nodes beside it.
 */
export function tumour(random: Random): { primary: Shape; nodes: Shape[] } {
  const side = random.chance(0.5) ? 1 : -1;
  const centre: Point = [side * random.between(7, 13), random.between(-5, 0), random.between(-17, -9)];
  const core = random.between(11.5, 16);
  const lobes: Shape[] = [ellipsoid(centre, [core, core * random.between(0.75, 1), core * random.between(0.85, 1.2)])];
  const count = random.whole(3, 6);
  for (let lobe = 0; lobe < count; lobe++) {
    const around = random.between(0, 2 * Math.PI);
    const up = random.between(-0.8, 0.7);
    const reach = core * random.between(0.6, 1);
    const flat = Math.sqrt(1 - up * up);
    const radius = random.between(7, 11);
    lobes.push(
      ellipsoid(
        [
          centre[0] + reach * flat * Math.cos(around),
          centre[1] + 0.7 * reach * flat * Math.sin(around),
          centre[2] + reach * up,
        ],
        [radius, radius * random.between(0.8, 1.1), radius * random.between(0.8, 1.3)],
      ),
    );
  }
  const nodes: Shape[] = [];
  const nodeCount = random.whole(1, 3);
  for (let node = 0; node < nodeCount; node++) {
    const nodeSide = node === 0 || random.chance(0.4) ? side : -side;
    const radius = random.between(5, 8);
    const z = node === 0 ? random.between(-30, -18) : random.between(-48, -20);
    nodes.push(
      ellipsoid(
        [nodeSide * random.between(15, 20), random.between(0, 5), z],
        [radius, radius * random.between(0.8, 1), radius * random.between(1.1, 1.7)],
      ),
    );
  }
  return { primary: smoothUnion(lobes, 1.8), nodes };
}
