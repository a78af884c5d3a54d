import { z } from 'zod';
import type { CtGeometry } from '../dicom/ct-geometry.ts';
import { recipeSchema } from '../config/recipe-schema.ts';
import { inputImageSchema } from './input-image.ts';
import { keySchema } from './key.ts';
import { orderBundleSchema, orderEngineSchema } from './work-order.ts';

const triple = z.tuple([z.number(), z.number(), z.number()]);

/** Where the voxels lie: nothing here says whose they are. */
const geometrySchema: z.ZodType<CtGeometry> = z.strictObject({
  columns: z.int().positive(),
  rows: z.int().positive(),
  columnSpacing: z.number().positive(),
  rowSpacing: z.number().positive(),
  originX: z.number(),
  originY: z.number(),
  reverseColumns: z.boolean(),
  reverseRows: z.boolean(),
  z: z.array(z.number()).min(1),
  planes: z
    .strictObject({ origins: z.array(triple), column: z.tuple([z.number(), z.number()]), tilted: z.boolean() })
    .optional(),
}) as z.ZodType<CtGeometry>;

/** An image beside the CT: what of the order's input says where its voxels lie, and nothing else of it. */
const remoteInputSchema = z.strictObject({
  ...inputImageSchema.pick({ name: true, fromCt: true, how: true }).shape,
  columns: z.int().positive(),
  rows: z.int().positive(),
  slices: z.int().positive(),
  /** From the index (column, row, slice) to mm, LPS, in the image's own frame of reference; row-major 4 x 4. */
  toPatient: z.array(z.number()).length(16),
});

/**
 * An order as a worker on another machine gets it: what to contour on which grid. It names no patient, date, device or
 * destination, and no DICOM UID; `series` is the pseudonym. The slices follow as files of src/dicom/pixels-only-file.ts, one for
 * each entry of `geometry.z`, then those of each input.
 */
export const remoteOrderSchema = z.strictObject({
  formatVersion: z.literal(1),
  series: keySchema,
  /** As in a work order: of an order by recipe its name, version and digest. */
  bundle: orderBundleSchema,
  recipe: z.strictObject({ definition: recipeSchema, bundles: z.array(orderBundleSchema) }).optional(),
  engine: orderEngineSchema,
  geometry: geometrySchema,
  /** Those that the bundle takes, or a bundle of the recipe. */
  inputs: z.array(remoteInputSchema).optional(),
  /** Whether the node needs the voxels of each ROI, for a segmentation. */
  masks: z.boolean(),
});
export type RemoteOrder = z.output<typeof remoteOrderSchema>;

/** How many slices an order has: those of the CT, then those of each input. */
export function sliceCount({ geometry, inputs = [] }: Pick<RemoteOrder, 'geometry' | 'inputs'>): number {
  return inputs.reduce((sum, { slices }) => sum + slices, geometry.z.length);
}
