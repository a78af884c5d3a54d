import { z } from 'zod';
import { problemSchema } from '../problem.ts';
import { warningSchema } from '../warning.ts';

/** `unclear`: several ROIs of that name. Without figures where one of the two holds nothing. */
export const roiComparisonStates = ['compared', 'only proposed', 'only corrected', 'unclear'] as const;

/** One ROI of the bundle: docs/quality.md defines the figures. */
export const comparedRoiSchema = z.strictObject({
  name: z.string(),
  state: z.enum(roiComparisonStates),
  proposedCm3: z.number().optional(),
  correctedCm3: z.number().optional(),
  dsc: z.number().optional(),
  hd95: z.number().optional(),
  surfaceDsc: z.number().optional(),
  addedPathLengthMm: z.number().optional(),
});
export type ComparedRoi = z.output<typeof comparedRoiSchema>;

/** What came of comparing a structure set that came back with what an order made. */
export const comparisonResultSchema = z.strictObject({
  formatVersion: z.literal(1),
  /** `not comparable`: it cannot be read, or was not drawn on this CT after all. */
  status: z.enum(['compared', 'not comparable']),
  error: problemSchema.optional(),
  /** The node's own structure set: its SOP Instance UID and every contour unchanged. */
  own: z.boolean(),
  rois: z.array(comparedRoiSchema),
  warnings: z.array(warningSchema),
});
export type ComparisonResult = z.output<typeof comparisonResultSchema>;
