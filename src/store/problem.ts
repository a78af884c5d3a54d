import { asContourNodeError, catalogue, ContourNodeError, type ErrorCode } from '../errors.ts';
import type { Problem } from './series.ts';

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
