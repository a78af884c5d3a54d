import { type Roi, roiSchema } from '../../src/bundles/manifest.ts';
import { type Formula, parseFormula } from '../../src/config/recipe-formula.ts';
import { bundleRoi, type Recipe, type RecipeStructure } from '../../src/config/recipe-schema.ts';
import type { RoiPart } from '../inference/contour-roi.ts';
import { cleanUp } from '../inference/clean-up.ts';
import type { JudgedRoi } from '../inference/roi-warnings.ts';
import type { Grid, Volume } from '../volume/volume.ts';
import { couch } from './couch.ts';
import { evaluate } from './derived/evaluate.ts';
import { isEmpty, maskOf, type Part, placedOn, sizeOf, trimmed } from './derived/part.ts';
import { partContours } from './derived/part-contours.ts';
import { external } from './external.ts';

/** What one bundle found in the CT. */
export interface FoundByBundle {
  readonly manifest: { readonly name: string; readonly version: string };
  readonly rois: readonly JudgedRoi[];
}

export interface RecipeRois {
  /** Every structure of the recipe, in its order and under its names. */
  readonly rois: readonly JudgedRoi[];
  /** The structures that were found, by name. */
  readonly parts: ReadonlyMap<string, Part>;
}

/** For structures that neither recipe nor bundle gives a colour. */
const palette = [
  [230, 25, 75],
  [60, 180, 75],
  [255, 225, 25],
  [0, 130, 200],
  [245, 130, 48],
  [145, 30, 180],
  [70, 240, 240],
  [240, 50, 230],
  [210, 245, 60],
  [0, 128, 128],
] as const;

/**
 * The structures of a recipe: those of its bundles as these found them, body and couch, and the derived ones. What is
 * made from something that was not found is not found itself, and so is what vanishes.
 * @param bundles what each bundle of the recipe found, by name
 */
export function recipeRois(recipe: Recipe, bundles: ReadonlyMap<string, FoundByBundle>, volume: Volume): RecipeRois {
  const { grid } = volume;
  const parts = new Map<string, Part>();
  const tried = new Set<string>();
  const bodyOnce = once(() => external(volume));
  const structureOf = new Map(recipe.structures.map((structure) => [structure.name, structure]));
  const found = (structure: RecipeStructure) => foundRoi(structure, bundles);
  const reachesEnd = (part: Part): boolean => part.low[2] === 0 || part.high[2] === grid.size[2];
  /** Whether it touches the end because what it is made from does: that says so itself, or runs out of every scan. */
  const comesFromEnd = (formula: Formula): boolean => {
    switch (formula.kind) {
      case 'name': {
        const own = structureOf.get(formula.name)?.formula;
        if (own !== undefined) return comesFromEnd(parseFormula(own));
        const part = partOf(formula.name);
        return part !== undefined && reachesEnd(part);
      }
      case 'or':
        return comesFromEnd(formula.left) || comesFromEnd(formula.right);
      case 'and':
        return comesFromEnd(formula.left) && comesFromEnd(formula.right);
      case 'and not':
        return comesFromEnd(formula.left);
      default:
        return comesFromEnd(formula.of);
    }
  };

  const partOf = (name: string): Part | undefined => {
    const structure = structureOf.get(name)!;
    if (!tried.has(name)) {
      tried.add(name);
      const part = makePart(structure);
      if (part !== undefined && !isEmpty(part)) parts.set(name, part);
    }
    return parts.get(name);
  };
  const makePart = (structure: RecipeStructure): Part | undefined => {
    if (structure.from === 'body') return bodyOnce();
    if (structure.from === 'couch') return couch(volume, bodyOnce());
    if (structure.formula !== undefined) return evaluate(parseFormula(structure.formula), grid, partOf);
    const part = found(structure)?.roi.part;
    return part === undefined ? undefined : boxOf(part);
  };

  const rois = recipe.structures.map((structure, index): JudgedRoi => {
    const part = partOf(structure.name);
    const source = found(structure);
    const roi = described(structure, source, index);
    if (source !== undefined) return { ...source.roi, roi };
    if (part === undefined) {
      return { roi, slices: [], volumeCm3: 0, components: 0, touchesFieldOfView: false, warnings: [] };
    }
    const atEnd = structure.formula !== undefined && reachesEnd(part) && !comesFromEnd(parseFormula(structure.formula));
    return { ...measured(part, grid), roi, warnings: atEnd ? [cutAtEnd] : [] };
  });
  return { rois, parts };
}

/** A margin ends with the scan. */
const cutAtEnd = { code: 'END_OF_SCAN', text: 'touches the end of the scan and is cut there' };

interface Source {
  readonly roi: JudgedRoi;
  readonly manifest: FoundByBundle['manifest'];
}

function foundRoi(structure: RecipeStructure, bundles: ReadonlyMap<string, FoundByBundle>): Source | undefined {
  const wanted = bundleRoi(structure);
  if (wanted === undefined) return undefined;
  const bundle = bundles.get(wanted.bundle);
  const roi = bundle?.rois.find((one) => one.roi.name === wanted.roi);
  return bundle === undefined || roi === undefined ? undefined : { roi, manifest: bundle.manifest };
}

/** Name, type, colour and description as they go into the structure set. */
function described(structure: RecipeStructure, source: Source | undefined, index: number): Roi {
  const { name, from, formula, deliver } = structure;
  const own = source?.roi.roi;
  const what = structure.description ?? own?.description ?? '';
  const how =
    source !== undefined
      ? `contoured by the model ${source.manifest.name} ${source.manifest.version}`
      : formula !== undefined
        ? `${name} = ${formula}`
        : `found without a model: ${from}`;
  return roiSchema.parse({
    ...own,
    name,
    description: [...(what === '' ? [] : [what]), how].join('; '),
    interpretedType: structure.type ?? own?.interpretedType ?? (from === 'body' ? 'EXTERNAL' : 'ORGAN'),
    colour: structure.colour ?? own?.colour ?? palette[index % palette.length],
    deliver,
    holes: structure.holes ?? own?.holes ?? 'keyhole',
    mirror: undefined,
  });
}

function measured(part: Part, grid: Grid): Omit<JudgedRoi, 'roi' | 'warnings'> {
  const mask = maskOf(placedOn(part, part), grid);
  const { volumeCm3, components } = cleanUp(mask, { fillHoles: false, minimumComponentCm3: 0, minimumVolumeCm3: 0 });
  const [column, row, slice] = part.low;
  return {
    slices: partContours(part, grid),
    volumeCm3,
    components,
    touchesFieldOfView: false,
    part: { mask, column, row, slice },
  };
}

function boxOf({ mask, column, row, slice }: RoiPart): Part {
  const [nx, ny, nz] = sizeOf({ low: [0, 0, 0], high: mask.grid.size });
  return trimmed({ low: [column, row, slice], high: [column + nx, row + ny, slice + nz], voxels: mask.voxels });
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
