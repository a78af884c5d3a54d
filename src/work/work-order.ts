import { z } from 'zod';
import { recipeSchema } from '../config/recipe-schema.ts';
import { destinationSchema } from '../config/schema.ts';
import { inputImageSchema } from './input-image.ts';
import { digestSchema, keySchema } from './key.ts';

/** What of a destination determines the bytes of its structure set. The order counts: a profile's key is their digest. */
export const structureSetStyleSchema = z.object(
  destinationSchema.pick({
    transferSyntaxes: true,
    roiSuffix: true,
    roiNames: true,
    roiTypes: true,
    includeRois: true,
    excludeRois: true,
    holes: true,
    sendEmpty: true,
    warnings: true,
    segmentation: true,
  }).shape,
);

/** How a structure set is written; destinations that want the same share one profile, one file and one UID. */
export const profileSchema = z.strictObject({
  /** First 16 hexadecimal digits of the SHA-256 of the style. */
  key: keySchema,
  destinations: z.array(z.string()),
  ...structureSetStyleSchema.shape,
});
export type Profile = z.output<typeof profileSchema>;

/** The bundle that an order pins: a changed one is another. */
export const orderBundleSchema = z.strictObject({ name: z.string(), version: z.string(), digest: digestSchema });

/** As configured; earlier versions did not write `precision`, and knew no bundle that gives the choice. */
export const orderEngineSchema = z.strictObject({
  name: z.string(),
  device: z.string(),
  precision: z.enum(['auto', 'float32']).optional(),
});

export const workOrderSchema = z.strictObject({
  formatVersion: z.literal(1),
  series: z.string(),
  revision: z.int().positive(),
  /** SHA-256 of the revision's manifest: an order for other images is another order. Earlier versions did not write it. */
  manifestSha256: digestSchema.optional(),
  /** Of an order by recipe: name of the recipe, and its version and digest, those of its bundles included. */
  bundle: orderBundleSchema,
  /** What to contour with which bundles, in place of one bundle. */
  recipe: z.strictObject({ definition: recipeSchema, bundles: z.array(orderBundleSchema) }).optional(),
  configDigest: digestSchema,
  nodeVersion: z.string(),
  uidRoot: z.string(),
  /** Station that made the structure set: (0008,1010), Contributing Equipment. */
  aeTitle: z.string(),
  engine: orderEngineSchema,
  profiles: z.array(profileSchema).min(1),
  /** Name of the configured peer that sent the series: what the destination peer `return-to-sender` means here. */
  sender: z.string().optional(),
  /** Orders of earlier revisions of this series whose structure sets went out: predecessors. */
  predecessors: z.array(z.strictObject({ revision: z.int().positive(), order: z.string() })),
  /** Images beside the CT that the network takes. */
  inputs: z.array(inputImageSchema).optional(),
});
export type WorkOrder = z.output<typeof workOrderSchema>;
