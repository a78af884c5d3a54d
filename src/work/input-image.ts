import { z } from 'zod';
import { keySchema } from './key.ts';

/** An image series beside the CT that the network takes, with the way from the CT's frame of reference to its own. */
export const inputImageSchema = z.strictObject({
  /** Name of the bundle's input. */
  name: z.string(),
  /** Key of the series in the store, and its revision. */
  series: keySchema,
  revision: z.int().positive(),
  /** Row-major 4 x 4 in mm, LPS: a point of the CT's frame of reference to the same point in that of this series. */
  fromCt: z.array(z.number()).length(16),
  /** `rigid`: the worker registers by itself, beginning with `fromCt`. */
  how: z.enum(['frame-of-reference', 'registration', 'rigid']),
  /** Keys of the registrations that the way takes, in their order. */
  registrations: z.array(keySchema).optional(),
  /** DICOM DA of the acquisition, where it is known. */
  date: z.string().optional(),
});
export type InputImage = z.output<typeof inputImageSchema>;
