/**
 * `node bench/registration.ts [PHANTOMS]`: how well an MR that was moved by a known amount is registered to its CT
 * (worker/registration/), as a Markdown table. The error is the greatest at eight points around nasopharynx and upper neck;
 * phantoms are those of the seeds 401, 402, ... (default 5).
 */
import { greatestDistance, type Point, product, transformed } from '../src/dicom/affine.ts';
import { percentile } from '../src/charts/percentile.ts';
import { generatePhantom } from '../worker/phantom/generate-phantom.ts';
import { registerRigid } from '../worker/registration/register-rigid.ts';
import { rigid } from '../worker/registration/rigid.ts';
import { findBody } from '../worker/volume/body.ts';

const phantoms = Number(process.argv[2] ?? 5);
const degree = Math.PI / 180;
const targets: Point[] = [-35, 35].flatMap((x) => [-45, 30].flatMap((y) => [-45, 15].map((z): Point => [x, y, z])));
/** Millimetres and degrees, each along and about the diagonal, one axis after the other turned round. */
const moves = [
  [5, 5],
  [10, 10],
  [20, 15],
] as const;

console.log('| moved by | error before (mm) | error after (mm): median, largest | seconds of one processor |');
console.log('| --- | --- | --- | --- |');
for (const [mm, degrees] of moves) {
  const [before, after, seconds]: [number[], number[], number[]] = [[], [], []];
  for (let n = 0; n < phantoms; n += 1) {
    const { volume, mr } = generatePhantom(401 + n, { size: 256, mr: true });
    const { image, fromCt } = mr!;
    const signs = [0, 1, 2].map((axis) => (((n + 1) >> axis) % 2 === 0 ? 1 : -1));
    const [angle, shift] = [(degrees * degree) / Math.sqrt(3), mm / Math.sqrt(3)];
    const head = transformed(fromCt, [0, 0, 0]);
    const turned = signs.map((sign) => sign * angle) as unknown as Point;
    const moved = signs.map((sign) => -sign * shift) as unknown as Point;
    const start = product(rigid(turned, moved, head), fromCt);
    const body = findBody(volume);
    const used = process.cpuUsage();
    const found = registerRigid({ image, fromCt: start }, volume, body);
    const { user, system } = process.cpuUsage(used);
    before.push(greatestDistance(start, fromCt, targets));
    after.push(greatestDistance(found, fromCt, targets));
    seconds.push((user + system) / 1e6);
  }
  const cells = [
    `${mm} mm, ${degrees} degrees`,
    `${Math.min(...before).toFixed(0)} to ${Math.max(...before).toFixed(0)}`,
    `${percentile(after, 50).toFixed(2)}, ${Math.max(...after).toFixed(2)}`,
    percentile(seconds, 50).toFixed(1),
  ];
  console.log(`| ${cells.join(' | ')} |`);
}
