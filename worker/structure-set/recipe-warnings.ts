import type { Recipe } from '../../src/config/recipe-schema.ts';
import type { RecipeRois } from './recipe-rois.ts';
import type { Warning } from '../../src/warning.ts';
import type { Grid } from '../volume/volume.ts';
import { intersection } from './derived/combine.ts';
import { maskOf, type Part } from './derived/part.ts';
import { maskCentreX, maskVolumeCm3 } from '../volume/mask-place.ts';

/** Organs overlap by what contours are uncertain of, at the most by this share of the smaller one. */
const tolerated = 0.1;

/** An organ that another one holds, by the beginnings of their names. */
const within = [
  ['Brain', 'Brainstem'],
  ['Brain', 'Hippocampus'],
  ['Brain', 'Cerebellum'],
  ['Brain', 'Pituitary'],
  ['Eye', 'Lens'],
  ['Eye', 'Retina'],
  ['Eye', 'Cornea'],
  ['SpinalCanal', 'SpinalCord'],
  ['Larynx', 'Glottis'],
  ['Larynx', 'VocalCord'],
  ['Cavity_Oral', 'Tongue'],
  ['Pharynx', 'Musc_Constrict'],
  ['Lungs', 'Lung'],
  ['Parotids', 'Parotid'],
  ['Kidneys', 'Kidney'],
  ['Heart', 'A_'],
] as const;

/** A warning of one structure, without its name. */
export interface StructureWarning extends Warning {
  readonly name: string;
}

/**
 * What a person should look at when the structures of all models lie together: a required one that is missing, a left one
 * that lies on the right of its twin, organs of models that lie in one another.
 */
export function recipeWarnings(recipe: Recipe, made: RecipeRois, grid: Grid): StructureWarning[] {
  const { parts } = made;
  return [...missing(recipe, parts), ...exchanged(recipe, parts, grid), ...overlapping(recipe, made, grid)];
}

function missing({ structures }: Recipe, parts: ReadonlyMap<string, Part>): StructureWarning[] {
  return structures
    .filter(({ name, need }) => need === 'required' && !parts.has(name))
    .map(({ name }) => ({ name, code: 'REQUIRED_NOT_FOUND', text: 'required by the recipe, not found' }));
}

function exchanged({ structures }: Recipe, parts: ReadonlyMap<string, Part>, grid: Grid): StructureWarning[] {
  return structures.flatMap(({ name }) => {
    if (!name.endsWith('_L')) return [];
    const twin = name.replace(/_L$/, '_R');
    const [left, right] = [parts.get(name), parts.get(twin)];
    if (left === undefined || right === undefined) return [];
    if (maskCentreX(maskOf(left, grid)) > maskCentreX(maskOf(right, grid))) return [];
    return [{ name, code: 'LEFT_RIGHT', text: `lies to the right of ${twin}: are left and right exchanged` }];
  });
}

function overlapping({ structures }: Recipe, { rois, parts }: RecipeRois, grid: Grid): StructureWarning[] {
  const organs = structures.filter(
    ({ from }, index) => from?.includes('/') === true && rois[index]!.roi.interpretedType === 'ORGAN',
  );
  return organs.flatMap((one, i) =>
    organs.slice(i + 1).flatMap((other) => {
      const [a, b] = [parts.get(one.name), parts.get(other.name)];
      if (a === undefined || b === undefined || one.from === other.from || holds(one.name, other.name)) return [];
      const cm3 = maskVolumeCm3(maskOf(intersection(a, b), grid));
      const smaller = Math.min(maskVolumeCm3(maskOf(a, grid)), maskVolumeCm3(maskOf(b, grid)));
      if (cm3 <= tolerated * smaller) return [];
      const text = `overlaps ${other.name} by ${cm3.toFixed(1)} cm3, ${Math.round((cm3 / smaller) * 100)} % of the smaller one`;
      return [{ name: one.name, code: 'OVERLAP', text }];
    }),
  );
}

function holds(a: string, b: string): boolean {
  return within.some(
    ([outer, inner]) => (a.startsWith(outer) && b.startsWith(inner)) || (b.startsWith(outer) && a.startsWith(inner)),
  );
}
