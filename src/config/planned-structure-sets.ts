import { join } from 'node:path';
import type { BundleManifest } from '../bundles/manifest.ts';
import { readBundle } from '../bundles/read-bundle.ts';
import { recipeWarnings } from './check-recipes.ts';
import { isWanted, namesAndTypes } from './destination-style.ts';
import { leastUse } from './recipe-origin.ts';
import { bundleRoi, bundlesOf, type Recipe, type RecipeStructure, structureType } from './recipe-schema.ts';
import { type InputRules, routeInputs } from './route-inputs.ts';
import { type Config, type Destination, destinationSchema, type Route } from './schema.ts';

/** A structure as it arrives, if it is found. */
export interface PlannedStructure {
  /** At the destination. */
  readonly name: string;
  readonly type: string;
  /** What it is called here. */
  readonly roi: string;
  /** `BUNDLE/ROI`, `body` or `couch`; or a formula. */
  readonly from?: string;
  readonly formula?: string;
  readonly required: boolean;
}

/** The structure set that a model or recipe makes for destinations which get the same of it. */
export interface PlannedStructureSet {
  /** None: the result stays here. */
  readonly destinations: readonly string[];
  /** In the order in which they arrive. */
  readonly structures: readonly PlannedStructure[];
}

/** What a model or a recipe sends, by one route; without a route it waits for one, or for an order by hand. */
export interface Plan {
  readonly route?: string;
  readonly kind: 'bundle' | 'recipe';
  readonly name: string;
  readonly description: string;
  /** What its models see beside the CT. */
  readonly inputs: InputRules;
  /** Empty where the bundle cannot be read. */
  readonly sets: readonly PlannedStructureSet[];
  /** Destinations of the route that do not allow it, and what it is for. */
  readonly refused: { readonly destinations: readonly string[]; readonly use: BundleManifest['intendedUse'] };
  /** Names that are not those of TG-263. */
  readonly remarks: readonly string[];
}

type PlannedConfig = Pick<Config, 'routes' | 'recipes' | 'destinations' | 'models'>;

/** What a configuration sends: of each route, and of each recipe that no route names. */
export async function planned(config: PlannedConfig): Promise<Plan[]> {
  const manifests = await manifestsOf(config);
  const ofRoutes = config.routes.flatMap((route) => {
    const recipe = config.recipes.find(({ name }) => name === route.recipe);
    if (recipe !== undefined) return [planOf(recipe, config, manifests, route)];
    return route.models.map((name) => planOf(name, config, manifests, route));
  });
  const waiting = config.recipes.filter(({ name }) => !config.routes.some(({ recipe }) => recipe === name));
  return [...ofRoutes, ...waiting.map((recipe) => planOf(recipe, config, manifests))];
}

type Manifests = ReadonlyMap<string, BundleManifest>;

/** By the name of the folder; those that cannot be read are left out. */
async function manifestsOf({ routes, recipes, models }: PlannedConfig): Promise<Manifests> {
  const names = new Set([...routes.flatMap((route) => route.models), ...recipes.flatMap(bundlesOf)]);
  const manifests = new Map<string, BundleManifest>();
  for (const name of names) {
    const bundle = await readBundle(join(models.directory, name)).catch(() => undefined);
    if (bundle !== undefined) manifests.set(name, bundle.manifest);
  }
  return manifests;
}

function planOf(by: string | Recipe, config: PlannedConfig, manifests: Manifests, route?: Route): Plan {
  const isRecipe = typeof by !== 'string';
  const bundles = (isRecipe ? bundlesOf(by) : [by]).flatMap((name) => manifests.get(name) ?? []);
  const use = leastUse(bundles);
  const to = config.destinations.filter(({ name }) => route?.destinations.includes(name));
  const refused = to.filter(({ allow }) => !allow.includes(use)).map(({ name }) => name);
  const allowed = to.filter(({ name }) => !refused.includes(name));
  const rois = isRecipe ? recipeRois(by, manifests) : bundleRois(by, manifests.get(by));
  const nowhere = to.length === 0 ? [destinationSchema.parse({ name: 'none', peer: 'none' })] : [];
  return {
    ...(route !== undefined && { route: route.name }),
    kind: isRecipe ? 'recipe' : 'bundle',
    name: isRecipe ? by.name : by,
    description: isRecipe ? by.description : (bundles[0]?.description ?? ''),
    inputs: route !== undefined ? routeInputs(route, config) : isRecipe ? (by.inputs ?? {}) : {},
    sets: rois.length === 0 ? [] : setsOf(rois, [...allowed, ...nowhere], to.length > 0),
    refused: { destinations: refused, use },
    remarks: isRecipe ? [...recipeWarnings(by)].map(({ message }) => message) : [],
  };
}

interface PlannedRoi {
  readonly name: string;
  readonly origin: Omit<PlannedStructure, 'name' | 'type' | 'roi'>;
  readonly interpretedType: BundleManifest['rois'][number]['interpretedType'];
  readonly deliver: boolean;
}

function recipeRois({ structures }: Recipe, manifests: Manifests): PlannedRoi[] {
  return structures.map((structure) => ({
    name: structure.name,
    origin: originOf(structure),
    interpretedType: structureType(structure, roiOf(structure, manifests)),
    deliver: structure.deliver,
  }));
}

function originOf({ from, formula, need }: RecipeStructure): PlannedRoi['origin'] {
  const required = need === 'required';
  return { ...(from !== undefined && { from }), ...(formula !== undefined && { formula }), required };
}

function roiOf(structure: RecipeStructure, manifests: Manifests) {
  const wanted = bundleRoi(structure);
  return wanted && manifests.get(wanted.bundle)?.rois.find(({ name }) => name === wanted.roi);
}

function bundleRois(bundle: string, manifest: BundleManifest | undefined): PlannedRoi[] {
  return (manifest?.rois ?? []).map(({ name, interpretedType, deliver }) => ({
    name,
    origin: { from: `${bundle}/${name}`, required: false },
    interpretedType,
    deliver,
  }));
}

/** A plan in one line, for a terminal. */
export function planLine({ kind, name, inputs, sets }: Plan): string {
  const beside = Object.entries(inputs).map(([input, { required }]) => {
    return ` with ${input} beside the CT${required ? ' (required)' : ''}`;
  });
  const sent = sets.map(({ destinations, structures }) => {
    const names = structures.map((structure) => structure.name).join(', ');
    return `${names} ${destinations.length === 0 ? 'stay here' : `to ${destinations.join(', ')}`}`;
  });
  return `${kind === 'recipe' ? 'recipe ' : ''}${name}${beside.join(' and')}: ${sent.join('; ')}`;
}

/** Destinations with the same names and types in the same order share one entry. */
function setsOf(rois: readonly PlannedRoi[], to: readonly Destination[], isSent: boolean): PlannedStructureSet[] {
  const styled = to.map((destination) => {
    const wanted = rois.filter((roi) => isWanted(roi, destination));
    const names = namesAndTypes(wanted, destination);
    const structures = wanted.map(({ name: roi, origin }, index) => ({ ...names[index]!, roi, ...origin }));
    return { destination: destination.name, structures };
  });
  return [...Map.groupBy(styled, ({ structures }) => JSON.stringify(structures)).values()].map((alike) => ({
    destinations: isSent ? alike.map(({ destination }) => destination) : [],
    structures: alike[0]!.structures,
  }));
}
