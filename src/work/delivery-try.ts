import { z } from 'zod';

/** One try of one delivery. */
export const deliveryTrySchema = z.strictObject({
  formatVersion: z.literal(1),
  destination: z.string(),
  try: z.int().positive(),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime(),
  /** `retry`: may succeed later; `failed`: counts towards the three final tries. */
  outcome: z.enum(['delivered', 'retry', 'failed']),
  alarmed: z.boolean(),
  /** DIMSE status of the one response for this instance, if there was one. */
  status: z.int().optional(),
  transferSyntax: z.enum(['implicit', 'explicit']).optional(),
  code: z.string().optional(),
  message: z.string().optional(),
  /** What to do, where it is not the usual one of the code. */
  remedy: z.string().optional(),
});
export type DeliveryTry = z.output<typeof deliveryTrySchema>;
