import assert from 'node:assert/strict';
import { test } from 'node:test';
import { roiSchema } from '../../src/bundles/manifest.ts';
import { recipeSchema } from '../../src/config/recipe-schema.ts';
import type { JudgedRoi } from '../../worker/inference/roi-warnings.ts';
import { recipeRois } from '../../worker/structure-set/recipe-rois.ts';
import { cylinderWithEllipsoids, grid } from '../support/synthetic-ct.ts';

const ct = cylinderWithEllipsoids(grid([64, 64, 20], [3, 3, 3]), { centre: [0, 0], radii: [80, 70] }, []);

/** A block of 8 x 8 voxels on these slices. */
function found(name: string, from: number, to: number, warnings: JudgedRoi['warnings'] = []): JudgedRoi {
  const { spacing, z } = ct.grid;
  const size = [8, 8, to - from] as const;
  const mask = {
    grid: { size, spacing, origin: [0, 0] as const, z: z.slice(from, to) },
    voxels: new Uint8Array(64 * (to - from)).fill(1),
  };
  const part = { mask, column: 28, row: 28, slice: from };
  const roi = roiSchema.parse({ name, interpretedType: 'ORGAN', colour: [1, 2, 3] });
  return { roi, slices: [], volumeCm3: 1, components: 1, touchesFieldOfView: false, part, warnings };
}

test('a margin that the end of the scan cuts is warned of; what is made of an organ that runs out of every scan is not', () => {
  const recipe = recipeSchema.parse({
    name: 'ends',
    structures: [
      { name: 'Cord', from: 'organs/Cord' },
      { name: 'Cord_PRV', formula: 'margin(Cord, 4)' },
      { name: 'Cord_Ring', formula: 'Cord_PRV and not Cord' },
      { name: 'GTVp', from: 'organs/GTVp' },
      { name: 'CTV', formula: 'margin(GTVp, 4)' },
      { name: 'PTV', formula: 'inside(margin(GTVp, 10), External, 3)' },
      { name: 'PTV_Ring', formula: 'margin(PTV, 6) and not PTV' },
      { name: 'External', from: 'body' },
      { name: 'Rest', formula: 'External and not PTV' },
    ],
  });
  const organs = { name: 'organs', version: '1.0.0' };
  // 6 mm are left between the GTVp and the first slice.
  const rois = [found('Cord', 0, 20), found('GTVp', 2, 8)];
  const made = recipeRois(recipe, new Map([['organs', { manifest: organs, rois }]]), ct);
  assert.deepEqual(
    made.rois.flatMap(({ roi, warnings }) => warnings.map(({ code }) => `${roi.name} ${code}`)),
    ['PTV END_OF_SCAN', 'PTV_Ring END_OF_SCAN'],
  );
});
