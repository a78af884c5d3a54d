import { z } from 'zod';
import { problemSchema } from '../../src/problem.ts';

/** How much is measured. */
export const amountsSchema = z.strictObject({
  /** Slices in one call of the network. */
  slices: z.int().min(1),
  /** Calls that are timed, after one that is not. */
  repeats: z.int().min(1),
  /** Updates of the weights that are timed, after one that is not. */
  updates: z.int().min(1),
});
export type Amounts = Readonly<z.output<typeof amountsSchema>>;

/** To the child: one engine on one device. */
export const taskSchema = z.strictObject({
  engine: z.enum(['onnxruntime', 'tensorflow']),
  device: z.enum(['cpu', 'cuda', 'webgpu', 'gpu']),
  /** Folder of the bundle, whose digests are verified. */
  bundle: z.string(),
  amounts: amountsSchema,
  /** Training configuration and folder of prepared phantoms; absent: it does not train. */
  training: z.strictObject({ config: z.string(), cache: z.string() }).optional(),
});
export type Task = z.output<typeof taskSchema>;

const stepSchema = z.enum(['opening the network', 'the golden output', 'inference', 'training']);
export type Step = z.output<typeof stepSchema>;

const inferenceSchema = z.strictObject({
  /** Of each call. */
  seconds: z.array(z.number()),
  /** Largest difference of a slice in the batch from the same slice alone. */
  difference: z.number(),
  /** Largest resident memory, bytes. */
  memory: z.number(),
});
export type Inference = Readonly<z.output<typeof inferenceSchema>>;

const trainingSchema = z.strictObject({
  /** Of each update. */
  seconds: z.array(z.number()),
  /** Of every update with the same batch, the one that is not timed first. */
  losses: z.array(z.number()),
  /** Largest resident memory, bytes. */
  memory: z.number(),
});
export type Training = Readonly<z.output<typeof trainingSchema>>;

/**
 * From the child: each step when it begins, and what came of it, so that a crash leaves what was seen before it. After a step that
 * failed the next one is tried all the same, except after the first.
 */
export const fromChildSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('begins'), step: stepSchema }),
  z.strictObject({ kind: z.literal('golden'), difference: z.number() }),
  z.strictObject({ kind: z.literal('inference'), inference: inferenceSchema }),
  z.strictObject({ kind: z.literal('training'), training: trainingSchema }),
  z.strictObject({ kind: z.literal('done') }),
  z.strictObject({ kind: z.literal('failed'), problem: problemSchema }),
]);
export type FromChild = z.output<typeof fromChildSchema>;
