import assert from 'node:assert/strict';
import { test } from 'node:test';
import { roiSchema } from '../../src/bundles/manifest.ts';
import { recipeSchema } from '../../src/config/recipe-schema.ts';
import type { Part } from '../../worker/structure-set/derived/part.ts';
import { recipeWarnings } from '../../worker/structure-set/recipe-warnings.ts';
import type { Grid } from '../../worker/volume/volume.ts';

/** Voxels of 1 mm. */
const grid: Grid = {
  size: [60, 60, 40],
  spacing: [1, 1],
  origin: [0, 0],
  z: Float64Array.from({ length: 40 }, (_, k) => k),
};

/** A cuboid of 20 x 10 x 10 mm, 2 cm3, that begins at this column. */
function cuboid(column: number): Part {
  return { low: [column, 5, 5], high: [column + 20, 15, 15], voxels: new Uint8Array(2000).fill(1) };
}

function overlaps(organs: readonly { name: string; from: string; type?: string; column: number }[]): string[] {
  const recipe = recipeSchema.parse({
    name: 'two-models',
    structures: organs.map(({ name, from, type = 'ORGAN' }) => ({ name, from, type })),
  });
  const rois = organs.map(({ name, type = 'ORGAN' }) => ({
    roi: roiSchema.parse({ name, interpretedType: type, colour: [0, 0, 0] }),
    slices: [],
    volumeCm3: 2,
    components: 1,
    touchesFieldOfView: false,
    warnings: [],
  }));
  const parts = new Map(organs.map(({ name, column }) => [name, cuboid(column)]));
  return recipeWarnings(recipe, { rois, parts }, grid)
    .filter(({ code }) => code === 'OVERLAP')
    .map(({ name, text }) => `${name} ${text}`);
}

test('organs of two models that lie in one another are warned of, with volume and share', () => {
  assert.deepEqual(
    overlaps([
      { name: 'Heart', from: 'thorax/Heart', column: 10 },
      { name: 'Liver', from: 'abdomen/Liver', column: 25 },
    ]),
    ['Heart overlaps Liver by 0.5 cm3, 25 % of the smaller one'],
  );
});

test('no warning where organs only touch, where one holds the other, or where a target lies in an organ', () => {
  for (const [other, column] of [
    ['Liver', 29],
    ['A_Coronary_L', 25],
  ] as const)
    assert.deepEqual(
      overlaps([
        { name: 'Heart', from: 'thorax/Heart', column: 10 },
        { name: other, from: 'abdomen/Other', column },
      ]),
      [],
      other,
    );
  assert.deepEqual(
    overlaps([
      { name: 'Liver', from: 'abdomen/Liver', column: 10 },
      { name: 'GTVp', from: 'tumour/GTVp', type: 'GTV', column: 15 },
    ]),
    [],
  );
});
