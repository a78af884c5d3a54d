import { createHash } from 'node:crypto';
import type { BundleManifest } from '../bundles/manifest.ts';
import type { Recipe } from './recipe-schema.ts';

type IntendedUse = BundleManifest['intendedUse'];

const uses: readonly IntendedUse[] = ['demonstration', 'research', 'clinical'];

/** A recipe is for what its least bundle is for; one without a bundle is for research. */
export function leastUse(manifests: readonly Pick<BundleManifest, 'intendedUse'>[]): IntendedUse {
  return uses.find((use) => manifests.some(({ intendedUse }) => intendedUse === use)) ?? 'research';
}

/**
 * What tells a recipe with its bundles from others of its name: SHA-256, and its beginning as a version. What it wants beside
 * the CT is no part of it: an order names what was found.
 */
export function recipeVersion(
  recipe: Recipe,
  bundles: readonly { readonly digest: string }[],
): { readonly digest: string; readonly version: string } {
  const content = JSON.stringify([{ ...recipe, inputs: undefined }, bundles.map(({ digest }) => digest)]);
  const digest = createHash('sha256').update(content).digest('hex');
  return { digest, version: digest.slice(0, 8) };
}
