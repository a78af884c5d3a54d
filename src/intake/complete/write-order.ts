import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { BundleManifest } from '../../bundles/manifest.ts';
import type { Bundle } from '../../bundles/read-bundle.ts';
import { leastUse, recipeVersion } from '../../config/recipe-origin.ts';
import type { Recipe } from '../../config/recipe-schema.ts';
import { type Config, type Destination, destinationSchema } from '../../config/schema.ts';
import { ContourNodeError } from '../../errors.ts';
import { type Profile, structureSetStyleSchema, type WorkOrder } from '../../work/work-order.ts';
import { orderFile, orderFolder } from '../../work/paths.ts';
import { problemFrom } from '../../problem.ts';
import type { Problem } from '../../problem.ts';
import { writeOnce } from '../../work/write-once.ts';
import { version } from '../../version.ts';

export interface OrderInput {
  readonly dataDirectory: string;
  readonly series: string;
  readonly revision: number;
  /** Of the file of the revision's manifest. */
  readonly manifestSha256: string | undefined;
  /** The bundle that contours, or those of the recipe. */
  readonly by: Bundle | { readonly recipe: Recipe; readonly bundles: readonly Bundle[] };
  readonly config: Config;
  readonly configDigest: string;
  /** Those of the route. */
  readonly destinations: readonly Destination[];
  /** Name of the configured peer that sent the series. */
  readonly sender: string | undefined;
  readonly predecessors: WorkOrder['predecessors'];
  readonly inputs: WorkOrder['inputs'];
}

export interface WrittenOrder {
  readonly order: string;
  readonly bundle: { readonly name: string; readonly version: string };
  readonly deliveries: { destination: string; profile: string; refused?: Problem }[];
}

/**
 * Writes the order to contour one revision with one bundle or by one recipe, for the destinations that allow it. The same
 * order has the same file.
 *
 * @throws ContourNodeError DESTINATION_NOT_ALLOWED where there are destinations and none of them allows the bundle
 */
export async function writeOrder(input: OrderInput): Promise<WrittenOrder> {
  const { config, destinations, series, revision } = input;
  const { bundle, intendedUse, recipe } = ordered(input.by);
  const { name } = bundle;
  const allowed = destinations.filter(({ allow }) => allow.includes(intendedUse));
  const refusal = (destination: Destination): ContourNodeError =>
    new ContourNodeError(
      'DESTINATION_NOT_ALLOWED',
      `destination ${destination.name} does not allow ${intendedUse} ${recipe === undefined ? 'bundles' : 'recipes'} such as ${name}`,
    );
  if (allowed.length === 0 && destinations[0] !== undefined) throw refusal(destinations[0]);

  const profiles = profilesOf(allowed);
  const order: WorkOrder = {
    formatVersion: 1,
    series,
    revision,
    ...(input.manifestSha256 !== undefined && { manifestSha256: input.manifestSha256 }),
    bundle,
    ...(recipe !== undefined && { recipe }),
    configDigest: input.configDigest,
    nodeVersion: version,
    uidRoot: config.dicom.uidRoot,
    aeTitle: config.dicom.aeTitle,
    engine: { name: config.engine.name, device: config.engine.device, precision: config.engine.precision },
    profiles,
    ...(input.sender !== undefined && { sender: input.sender }),
    predecessors: input.predecessors,
    ...(input.inputs !== undefined && { inputs: input.inputs }),
  };
  const content = `${JSON.stringify(order, undefined, 1)}\n`;
  const key = shortDigest(content);
  await writeOnce(join(input.dataDirectory, orderFolder(series, revision, key), orderFile), content);
  const deliveries = destinations.map((destination) => {
    const profile = profiles.find((candidate) => candidate.destinations.includes(destination.name));
    return profile === undefined
      ? { destination: destination.name, profile: '', refused: problemFrom(refusal(destination)) }
      : { destination: destination.name, profile: profile.key };
  });
  return { order: key, bundle: { name, version: bundle.version }, deliveries };
}

interface Ordered extends Pick<WorkOrder, 'bundle' | 'recipe'> {
  readonly intendedUse: BundleManifest['intendedUse'];
}

function ordered(by: OrderInput['by']): Ordered {
  const named = ({ manifest: { name, version: of }, digest }: Bundle) => ({ name, version: of, digest });
  if (!('recipe' in by)) return { bundle: named(by), intendedUse: by.manifest.intendedUse };
  return {
    bundle: { name: by.recipe.name, ...recipeVersion(by.recipe, by.bundles) },
    recipe: { definition: by.recipe, bundles: by.bundles.map(named) },
    intendedUse: leastUse(by.bundles.map(({ manifest }) => manifest)),
  };
}

/** One profile for all destinations with the same structure set; one for a structure set that is not delivered. */
export function profilesOf(destinations: readonly Destination[]): Profile[] {
  const profiles = new Map<string, Profile>();
  const none = destinations.length === 0;
  for (const destination of none ? [destinationSchema.parse({ name: 'none', peer: 'none' })] : destinations) {
    const style = structureSetStyleSchema.parse(destination);
    const key = shortDigest(JSON.stringify(style));
    const known = profiles.get(key)?.destinations ?? [];
    profiles.set(key, { key, destinations: none ? [] : [...known, destination.name], ...style });
  }
  return [...profiles.values()];
}

function shortDigest(content: string): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 16);
}
