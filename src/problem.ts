import { z } from 'zod';
import { asContourNodeError, catalogue, ContourNodeError, type ErrorCode } from './errors.ts';

/** Why something is as it is: code of errors.ts, what happened in words, what to do. */
export const problemSchema = z.strictObject({ code: z.string(), message: z.string(), remedy: z.string() });
export type Problem = Readonly<z.output<typeof problemSchema>>;

/** Any thrown value as it is shown. */
export function problemFrom(error: unknown): Problem {
  const { code, message, remedy } = asContourNodeError(error);
  return { code, message, remedy };
}

export function problem(code: ErrorCode, message: string): Problem {
  return problemFrom(new ContourNodeError(code, message));
}

/** A message `CODE: what happened`, as a job carries it, or any other text. */
export function problemFromText(text: string, fallback: ErrorCode): Problem {
  const match = /^(?:error )?([A-Z][A-Z_]+): ([^\n]+)/.exec(text);
  if (match !== null && Object.hasOwn(catalogue, match[1]!)) return problem(match[1] as ErrorCode, match[2]!);
  return problem(fallback, text.split('\n')[0] ?? '');
}

/** The error that a problem tells of: as it was before a process or a file took it over. */
export function errorFrom({ code, message, remedy }: Problem): ContourNodeError {
  return new ContourNodeError(Object.hasOwn(catalogue, code) ? (code as ErrorCode) : 'INTERNAL', message, { remedy });
}
