import type { BundleManifest } from '../bundles/manifest.ts';
import { type Formula, FormulaError, functions, directions, namesIn, parseFormula } from './recipe-formula.ts';
import { bundleRoi, type Recipe } from './recipe-schema.ts';
import { nearestName, standardName } from './standard-names.ts';

export interface RecipeProblem {
  /** From the recipe on. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Words of the notation, which are no names. */
const reserved = new Set<string>(['and', 'or', 'not', ...Object.keys(functions), ...directions]);

/** What is wrong with a recipe by itself: names twice, formulas that cannot be read, unknown names, circles. */
export function* checkRecipe({ structures }: Pick<Recipe, 'structures'>): Generator<RecipeProblem> {
  const names = structures.map(({ name }) => name);
  const formulas = new Map<string, Formula>();
  for (const [i, { name, formula }] of structures.entries()) {
    const path = ['structures', i];
    const first = names.findIndex((other) => other.toLowerCase() === name.toLowerCase());
    if (first < i) {
      const same = names[first] === name ? `'${name}' stands there twice` : `'${name}' and '${names[first]}'`;
      yield { path: [...path, 'name'], message: `${same}: a TPS does not tell capitals from small letters` };
    }
    if (reserved.has(name)) yield { path: [...path, 'name'], message: `'${name}' is a word of the formulas` };
    if (formula === undefined) continue;
    const parsed = parsedOrProblem(formula);
    if (typeof parsed === 'string') yield { path: [...path, 'formula'], message: parsed };
    else {
      formulas.set(name, parsed);
      const unknown = namesIn(parsed).find((one) => !names.includes(one));
      if (unknown !== undefined)
        yield {
          path: [...path, 'formula'],
          message: `no structure '${unknown}' in this recipe${hint(unknown, names)}`,
        };
    }
  }
  const circle = circleOf(formulas);
  if (circle !== undefined) {
    const path = ['structures', names.indexOf(circle[0]!), 'formula'];
    yield { path, message: `formulas in a circle: ${circle.join(' from ')}` };
  }
}

/** What a recipe asks of its bundles that they do not have. `undefined` stands for a bundle that is not there. */
export function* checkBundles(
  { structures }: Pick<Recipe, 'structures'>,
  bundles: ReadonlyMap<string, Pick<BundleManifest, 'rois'> | undefined>,
): Generator<RecipeProblem> {
  for (const [i, structure] of structures.entries()) {
    const wanted = bundleRoi(structure);
    if (wanted === undefined) continue;
    const path = ['structures', i, 'from'];
    const manifest = bundles.get(wanted.bundle);
    if (manifest === undefined) {
      yield { path, message: `no bundle '${wanted.bundle}' in models.directory` };
      continue;
    }
    const rois = manifest.rois.map(({ name }) => name);
    if (!rois.includes(wanted.roi))
      yield { path, message: `${wanted.bundle} has no ROI '${wanted.roi}'; it has ${rois.join(', ')}` };
  }
}

/** Names that are too long at a destination: 16 characters are what every planning system shows. */
export function* checkNames(
  { structures }: Pick<Recipe, 'structures'>,
  destination: {
    readonly name: string;
    readonly roiSuffix: string;
    readonly roiNames: Readonly<Record<string, string>>;
  },
): Generator<RecipeProblem> {
  for (const [i, { name, deliver }] of structures.entries()) {
    if (!deliver) continue;
    const whole = (destination.roiNames[name] ?? name) + destination.roiSuffix;
    if (whole.length <= 16) continue;
    const message = `'${whole}', with the suffix of destination ${destination.name}, has ${whole.length} characters; 16 at most: shorten it, or give another name under roiNames of the destination`;
    yield { path: ['structures', i, 'name'], message };
  }
}

/** What somebody should look at and nothing forbids: names that are not those of AAPM TG-263. */
export function* recipeWarnings({ structures }: Pick<Recipe, 'structures'>): Generator<RecipeProblem> {
  for (const [i, { name, deliver, type }] of structures.entries()) {
    if (!deliver || standardName(name, type)) continue;
    const nearest = nearestName(name);
    const message = `'${name}' is not a name of TG-263${nearest === undefined ? '' : `; the nearest is ${nearest}`}`;
    yield { path: ['structures', i, 'name'], message };
  }
}

function parsedOrProblem(text: string): Formula | string {
  try {
    return parseFormula(text);
  } catch (error) {
    if (!(error instanceof FormulaError)) throw error;
    return `${error.message} (character ${error.at + 1} of '${text}')`;
  }
}

function hint(unknown: string, names: readonly string[]): string {
  const near = names.find((name) => name.toLowerCase() === unknown.toLowerCase());
  return near === undefined ? `; there are ${names.join(', ')}` : `; capitals count: ${near}`;
}

/** Structures that are made from one another, the first one again at the end. */
function circleOf(formulas: ReadonlyMap<string, Formula>): string[] | undefined {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (name: string): string[] | undefined => {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name];
    const formula = formulas.get(name);
    if (formula === undefined || done.has(name)) return undefined;
    path.push(name);
    for (const other of namesIn(formula)) {
      const circle = visit(other);
      if (circle !== undefined) return circle;
    }
    path.pop();
    done.add(name);
    return undefined;
  };
  for (const name of formulas.keys()) {
    const circle = visit(name);
    if (circle !== undefined) return circle;
  }
  return undefined;
}
