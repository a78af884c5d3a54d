import { z } from 'zod';

const numbers = z.tuple([z.number(), z.number()]);
const pattern = z.string().max(200);

/** Which MR series is meant; all that is given has to hold. */
export const inputMatchSchema = z.strictObject({
  seriesDescription: pattern
    .optional()
    .describe('regular expression for Series Description; capitals do not matter, here and below'),
  sequenceName: pattern.optional().describe('regular expression for Sequence Name'),
  scanningSequence: z.string().max(16).optional().describe('a value of Scanning Sequence: SE, IR, GR, EP, RM'),
  echoTimeMs: numbers.optional().describe('least and greatest Echo Time'),
  repetitionTimeMs: numbers.optional().describe('least and greatest Repetition Time'),
  contrastAgent: z
    .enum(['given', 'none'])
    .optional()
    .describe('whether Contrast/Bolus Agent names one; not every scanner writes it'),
  fieldStrengthTesla: numbers.optional().describe('least and greatest Magnetic Field Strength'),
});
export type InputMatch = z.output<typeof inputMatchSchema>;

/** An MR that the bundles of a route or a recipe see beside the CT. */
export const inputSchema = z.strictObject({
  match: inputMatchSchema.prefault({}),
  required: z
    .boolean()
    .default(false)
    .describe('true: without it the CT is not contoured; false: it is contoured alone, and says so'),
  waitMinutes: z
    .number()
    .min(0)
    .max(10_080)
    .default(60)
    .describe('how long a complete CT waits for MR and registration; what comes later makes a new revision'),
  withinDays: z
    .int()
    .min(0)
    .max(3650)
    .default(30)
    .describe('an MR of another study belongs to the CT where it was taken at most so many days before or after'),
  several: z
    .enum(['ask', 'newest'])
    .default('ask')
    .describe('which one where several fit; ask: somebody chooses on the page of the CT'),
  register: z
    .literal('rigid')
    .optional()
    .describe('where no frame of reference and no registration leads to the MR, the worker registers it to the CT'),
});
export type InputRule = z.output<typeof inputSchema>;

/** By the name that the bundle gives its input: `MR`. */
export const inputsSchema = z.record(
  z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,15}$/, 'at most 16 letters, digits, _ and -, a letter first'),
  inputSchema,
);
