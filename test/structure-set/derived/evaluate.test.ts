import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseFormula } from '../../../src/config/recipe-formula.ts';
import { union } from '../../../worker/structure-set/derived/combine.ts';
import { evaluate } from '../../../worker/structure-set/derived/evaluate.ts';
import { type Part, placedOn, trimmed, wholeGrid } from '../../../worker/structure-set/derived/part.ts';
import { grid } from '../../support/synthetic-ct.ts';

const ct = grid([60, 50, 20], [1, 1, 2], [0, 0], -19);

function ball(x: number, y: number, z: number, radius: number, hollow = 0): Part {
  const voxels = Uint8Array.from({ length: 60 * 50 * 20 }, (_, v) => {
    const [i, j, k] = [v % 60, Math.trunc(v / 60) % 50, Math.trunc(v / 3000)];
    const distance = Math.hypot(ct.origin[0] + i - x, ct.origin[1] + j - y, ct.z[k]! - z);
    return distance < radius && distance >= hollow ? 1 : 0;
  });
  return trimmed({ ...wholeGrid(ct), voxels });
}

const structures: Record<string, Part> = {
  GTVp: ball(-6, 0, 1, 8),
  SpinalCord: ball(6, 0, 1, 6),
  Shell: ball(0, 0, 0, 12, 8),
  Nodes: union(ball(-20, 10, 0, 4), ball(15, -10, 0, 6)),
  Body: ball(0, 0, 0, 22),
};

const derive = (text: string): Part | undefined => evaluate(parseFormula(text), ct, (name) => structures[name]);

/** Every voxel of the CT. */
const everywhere = (part: Part | undefined): Uint8Array => placedOn(part!, wholeGrid(ct)).voxels;

/** Not deepEqual: its words for thousands of voxels take minutes. */
function assertVoxels(actual: Uint8Array, expected: Uint8Array, what: string): void {
  const differing = actual.reduce((count, value, v) => count + (value === expected[v] ? 0 : 1), 0);
  assert.equal(differing, 0, `${what}: ${differing} voxels differ`);
  assert.ok(expected.includes(1), what);
}

function assertSame(one: string, other: string): void {
  assertVoxels(everywhere(derive(one)), everywhere(derive(other)), `${one} is ${other}`);
}

test('a formula gives voxel by voxel what its words say', () => {
  const [tumour, cord] = [everywhere(structures['GTVp']), everywhere(structures['SpinalCord'])];
  const [large, near] = [everywhere(derive('margin(GTVp, 5)')), everywhere(derive('margin(SpinalCord, 3)'))];
  for (const [text, expected] of [
    ['GTVp or SpinalCord', tumour.map((value, v) => value | cord[v]!)],
    ['GTVp and SpinalCord', tumour.map((value, v) => value & cord[v]!)],
    ['margin(GTVp, 5) and not margin(SpinalCord, 3)', large.map((value, v) => value & (1 - near[v]!))],
  ] as const) {
    assertVoxels(everywhere(derive(text)), expected, text);
  }
});

test('functions are what docs/recipes.md says of them', () => {
  assertSame('crop(GTVp, SpinalCord, 3)', 'GTVp and not margin(SpinalCord, 3)');
  assertSame('ring(GTVp, 2, 6)', 'margin(GTVp, 6) and not margin(GTVp, 2)');
  assertSame('ring(GTVp, 0, 6)', 'margin(GTVp, 6) and not GTVp');
  assertSame('inside(margin(GTVp, 12), Body, 3)', 'margin(GTVp, 12) and margin(Body, -3)');
  assertSame('margin(GTVp, 0)', 'GTVp');
  assertSame('largest(Nodes)', 'Nodes and margin(SpinalCord, 14)');
  // In each slice that cuts the hollow; beyond it the shell is solid by itself.
  assertVoxels(everywhere(derive('fill(Shell)')), everywhere(ball(0, 0, 0, 12)), 'fill(Shell)');
  const smooth = everywhere(derive('smooth(GTVp, 1)')).reduce((a, b) => a + b, 0);
  const before = everywhere(structures['GTVp']).reduce((a, b) => a + b, 0);
  assert.ok(Math.abs(smooth / before - 1) < 0.1, `${smooth} of ${before} voxels`);
});

test('nothing is derived from what was not found; what vanishes is empty', () => {
  assert.equal(derive('margin(Brainstem, 3)'), undefined);
  assert.equal(derive('GTVp and not margin(Brainstem, 3)'), undefined);
  assert.equal(derive('GTVp and not margin(SpinalCord, 30)')?.voxels.length, 0);
  assertVoxels(everywhere(structures['Shell']), everywhere(ball(0, 0, 0, 12, 8)), 'Shell stays as it was');
});
