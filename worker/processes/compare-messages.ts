import { z } from 'zod';
import { problemSchema } from '../../src/problem.ts';
import { comparePayloadSchema } from '../../src/work/payloads.ts';
import { comparisonResultSchema } from '../../src/work/correction.ts';

/** Messages between parent and child; each side validates those that it receives. */
export const compareTaskSchema = z.strictObject({ dataDirectory: z.string(), payload: comparePayloadSchema });
export const fromCompareChildSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('done'), status: comparisonResultSchema.shape.status }),
  z.strictObject({ kind: z.literal('failed'), problem: problemSchema }),
]);
export type FromCompareChild = z.output<typeof fromCompareChildSchema>;
