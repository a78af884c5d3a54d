import type { z } from 'zod';
import { ContourNodeError } from '../../src/errors.ts';
import { inWords, issueLine } from '../../src/schema-words.ts';

/**
 * A part of nnU-Net's files as a schema wants it.
 * @param where names the part in the error
 * @throws ContourNodeError MODEL_NOT_SUPPORTED naming the key
 */
export function parse<T extends z.ZodType>(schema: T, value: unknown, where: string): z.output<T> {
  const parsed = schema.safeParse(value, inWords);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const what = issue === undefined ? '' : `: ${issueLine(issue, 'the whole')}`;
  throw unsupported(`${where} is not as nnU-Net v2 writes it${what}`);
}

export function unsupported(message: string, remedy?: string): ContourNodeError {
  return new ContourNodeError('MODEL_NOT_SUPPORTED', message, remedy === undefined ? {} : { remedy });
}

/** @throws ContourNodeError MODEL_NOT_SUPPORTED */
export function expect(what: string, found: string, known: string): void {
  if (found !== known) throw unsupported(`the ${what} ${found} is not supported, only ${known}`);
}
