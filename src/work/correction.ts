import { z } from 'zod';
import { problemSchema } from '../problem.ts';
import { keySchema } from './key.ts';
import { contourPayloadSchema } from './work-order.ts';
import { warningSchema } from '../warning.ts';

/**
 * A structure set that came back, compared with what an order drew. Its files lie with the series:
 *
 * series/SERIES/structure-sets/STRUCTURE-SET.dcm                 as received, file meta information added
 * series/SERIES/structure-sets/STRUCTURE-SET/ORDER/result.json   written once by the worker
 *                                                 /contours.json the ROIs compared, for the page
 *
 * STRUCTURE-SET is a keyed short hash of SOP Instance UID and content: another content is another structure set.
 */

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

/** Payload of queue `compare`. */
export const comparePayloadSchema = contourPayloadSchema.extend({
  structureSet: keySchema,
});
export type ComparePayload = z.output<typeof comparePayloadSchema>;
