import { z } from 'zod';
import { problemSchema } from '../../src/problem.ts';
import { contourPayloadSchema } from '../../src/work/payloads.ts';
import { workResultSchema } from '../../src/work/work-result.ts';

/** Messages between the node and the process that writes what a remote worker returned; each side validates what it receives. */
export const writeTaskSchema = z.strictObject({
  dataDirectory: z.string(),
  modelsDirectory: z.string(),
  payload: contourPayloadSchema,
  /** What the worker returned; absent where the order needs no contours. */
  file: z.string().optional(),
});
export type WriteTask = z.output<typeof writeTaskSchema>;

export const fromWriterSchema = z.discriminatedUnion('kind', [
  /** The result is on disk; pictures follow. */
  z.strictObject({ kind: z.literal('result') }),
  z.strictObject({ kind: z.literal('done'), status: workResultSchema.shape.status }),
  z.strictObject({ kind: z.literal('failed'), problem: problemSchema }),
]);
export type FromWriter = z.output<typeof fromWriterSchema>;
