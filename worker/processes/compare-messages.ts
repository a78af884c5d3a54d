import { z } from 'zod';
import { problemSchema } from '../../src/problem.ts';
import { comparePayloadSchema } from '../../src/work/payloads.ts';
import { comparisonResultSchema } from '../../src/work/correction.ts';

/** What parent and child say to each other; each side checks what it hears. */
export const compareTaskSchema = z.strictObject({ dataDirectory: z.string(), payload: comparePayloadSchema });
export const fromCompareChildSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('done'), status: comparisonResultSchema.shape.status }),
  z.strictObject({ kind: z.literal('failed'), problem: problemSchema }),
]);
export type FromCompareChild = z.output<typeof fromCompareChildSchema>;
