import { z } from 'zod';
import { asContourNodeError, catalogue, ContourNodeError, type ErrorCode } from '../../src/errors.ts';

/** An error as a child process tells it to its parent. */
export const childProblemSchema = z.strictObject({ code: z.string(), message: z.string(), remedy: z.string() });
export type ChildProblem = z.output<typeof childProblemSchema>;

export function problemOf(error: unknown): ChildProblem {
  const { code, message, remedy } = asContourNodeError(error);
  return { code, message, remedy };
}

export function errorOf({ code, message, remedy }: ChildProblem): ContourNodeError {
  const known: ErrorCode = code in catalogue ? (code as ErrorCode) : 'INTERNAL';
  return new ContourNodeError(known, message, { remedy });
}
