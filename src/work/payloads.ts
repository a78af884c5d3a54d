import { z } from 'zod';
import { keySchema } from './key.ts';

/** Payload of queue `contour`: which order of which revision, as src/work/paths.ts names its folder. */
export const contourPayloadSchema = z.strictObject({
  series: keySchema,
  revision: z.int().positive(),
  order: keySchema,
  /** 0: ahead of the completion of the series; nothing follows from how it ends. */
  try: z.int().nonnegative(),
});
export type ContourPayload = z.output<typeof contourPayloadSchema>;

/** A try that the series' journal counts. */
export const countedTrySchema = contourPayloadSchema.extend({ try: z.int().positive() });

/** Payload of the queue `deliver-DESTINATION`. */
export const deliverPayloadSchema = countedTrySchema.extend({
  profile: keySchema,
  destination: z.string(),
});
export type DeliverPayload = z.output<typeof deliverPayloadSchema>;

/** Payload of queue `compare`. */
export const comparePayloadSchema = countedTrySchema.extend({
  structureSet: keySchema,
});
export type ComparePayload = z.output<typeof comparePayloadSchema>;
