import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { z } from 'zod';
import { roiSchema } from '../bundles/manifest.ts';
import { type Problem, problemSchema } from '../problem.ts';
import { version } from '../version.ts';
import { warningSchema } from '../warning.ts';
import { inputImageSchema } from './input-image.ts';
import { digestSchema } from './key.ts';
import { inputUseSchema, networkUseSchema } from './work-result.ts';

const pair = z.tuple([z.number(), z.number()]);
const triple = z.tuple([z.number(), z.number(), z.number()]);

/** x0, y0, x1, y1, ... in mm (LPS). A number of JSON reads back as the same double. */
const ringSchema = z
  .array(z.number())
  .min(6)
  .refine(({ length }) => length % 2 === 0, { error: 'pairs of x and y' });

const roiContoursSchema = z.strictObject({
  roi: roiSchema,
  slices: z.array(
    z.strictObject({
      slice: z.int().nonnegative(),
      polygons: z.array(z.strictObject({ outer: ringSchema, holes: z.array(ringSchema) })),
    }),
  ),
  volumeCm3: z.number().nonnegative(),
  components: z.int().nonnegative(),
  touchesFieldOfView: z.boolean(),
  warnings: z.array(warningSchema),
  /** The cleaned mask on a box of the CT's grid, where the order asks for masks: bits, the first voxel lowest, in base64. */
  part: z
    .strictObject({
      column: z.int().nonnegative(),
      row: z.int().nonnegative(),
      slice: z.int().nonnegative(),
      size: z.tuple([z.int().positive(), z.int().positive(), z.int().positive()]),
      voxels: z.base64(),
    })
    .optional(),
});
export type RoiContours = z.output<typeof roiContoursSchema>;

/** What a remote worker found on the CT: everything that the node needs to write the structure sets itself. */
const foundSchema = z.strictObject({
  kind: z.literal('contours'),
  rois: z.array(roiContoursSchema),
  ctWarnings: z.array(warningSchema),
  inputs: z.array(inputUseSchema),
  networks: z.array(networkUseSchema),
  /** Where the pictures show the images beside the CT: what a registration found, else as ordered. */
  beside: z.array(inputImageSchema.pick({ name: true, fromCt: true })),
  body: z.strictObject({ low: triple, high: triple, centre: pair, median: pair, volumeCm3: z.number() }),
});

/** The CT cannot be contoured: no other worker could either. */
const refusedSchema = z.strictObject({ kind: z.literal('refused'), problem: problemSchema });

/** What a remote worker returns, as gzip of JSON. */
export const remoteContoursSchema = z.strictObject({
  formatVersion: z.literal(1),
  /** Of the worker: only contours of the node's own version are taken, since a version determines them. */
  version: z.string(),
  /** Digests of the bundles that were run, in the order of the order. */
  bundles: z.array(digestSchema),
  outcome: z.discriminatedUnion('kind', [foundSchema, refusedSchema]),
  /** Seconds that a stage took there, and that the engine took for each batch of slices. */
  timings: z.array(z.strictObject({ stage: z.string(), seconds: z.number() })),
  batchSeconds: z.array(z.number()),
});
export type RemoteContours = z.output<typeof remoteContoursSchema>;
export type FoundContours = z.output<typeof foundSchema>;

export async function packedContours(returned: RemoteContours): Promise<Buffer> {
  return promisify(gzip)(JSON.stringify(returned));
}

/** What is written where the node itself finds that the CT cannot be contoured. */
export async function refusedContours(problem: Problem): Promise<Buffer> {
  const outcome = { kind: 'refused', problem } as const;
  return packedContours({ formatVersion: 1, version, bundles: [], outcome, timings: [], batchSeconds: [] });
}
