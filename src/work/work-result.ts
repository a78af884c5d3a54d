import { z } from 'zod';
import { problemSchema } from '../problem.ts';
import { warningSchema } from '../warning.ts';
import { digestSchema } from './key.ts';

export const roiResultSchema = z.strictObject({
  name: z.string(),
  found: z.boolean(),
  delivered: z.boolean(),
  volumeCm3: z.number(),
  slices: z.int(),
  contours: z.int(),
  components: z.int(),
});

const storedInstanceSchema = z.strictObject({
  sopInstanceUid: z.string(),
  seriesInstanceUid: z.string(),
  /** File of each stored encoding, relative to the order's folder, and its SHA-256. */
  files: z.partialRecord(z.enum(['implicit', 'explicit']), z.strictObject({ file: z.string(), sha256: digestSchema })),
});

export const structureSetResultSchema = z.strictObject({
  profile: z.string(),
  ...storedInstanceSchema.shape,
  /** The same structures as DICOM SEG, for destinations that want it. */
  segmentation: storedInstanceSchema.optional(),
});

/** What became of an image beside the CT. */
export const inputUseSchema = z.strictObject({
  /** Of the bundle's input. */
  name: z.string(),
  /** false: the network did without it. */
  used: z.boolean(),
  how: z.enum(['frame-of-reference', 'registration', 'rigid']).optional(),
  /** How well it lies on the CT (worker/registration/registration-fit.ts). */
  bodyOverlap: z.number().optional(),
  mutualInformation: z.number().optional(),
});
export type InputUse = z.output<typeof inputUseSchema>;

/** A network that contoured: of which bundle, and what computed it. */
export const networkUseSchema = z.strictObject({
  bundle: z.string(),
  version: z.string(),
  engine: z.string(),
  device: z.string(),
  precision: z.enum(['float32', 'int8']),
});
export type NetworkUse = z.output<typeof networkUseSchema>;

/** What came of an order. The same order gives the same structure sets, byte for byte. */
export const workResultSchema = z.strictObject({
  formatVersion: z.literal(1),
  status: z.enum(['contoured', 'nothing-found', 'rejected', 'failed']),
  error: problemSchema.optional(),
  rois: z.array(roiResultSchema),
  structureSets: z.array(structureSetResultSchema),
  warnings: z.array(warningSchema),
  /** Of bundles that see more than the CT. */
  inputs: z.array(inputUseSchema).optional(),
  /** Those that contoured, of an ensemble or a recipe one after the other; earlier versions did not write it. */
  networks: z.array(networkUseSchema).optional(),
  /** Seconds a stage took, in the order they ran. */
  timings: z.array(z.strictObject({ stage: z.string(), seconds: z.number() })),
  /** Seconds that the engine took for each batch of slices; earlier versions did not write it. */
  batchSeconds: z.array(z.number()).optional(),
  peakResidentMegabytes: z.number(),
});
export type WorkResult = z.output<typeof workResultSchema>;
