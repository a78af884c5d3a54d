import { z } from 'zod';
import { asContourNodeError, ContourNodeError, type ErrorCode, isErrorCode } from './errors.ts';

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
  const [, code = '', message = ''] = /^(?:error )?([A-Z][A-Z_]+): ([^\n]+)/.exec(text) ?? [];
  return isErrorCode(code) ? problem(code, message) : problem(fallback, text.split('\n')[0] ?? '');
}

/** The error that a problem tells of: as it was before a process or a file took it over. */
export function errorFrom({ code, message, remedy }: Problem): ContourNodeError {
  return new ContourNodeError(isErrorCode(code) ? code : 'INTERNAL', message, { remedy });
}
