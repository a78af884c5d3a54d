import type { z } from 'zod';

/**
 * What is wrong with a value, as a person reads it behind the name of its key: `is missing`, `at most 16`. Given to each
 * check of what people write (`safeParse(value, inWords)`); a schema that says its own sentence is left alone.
 */
export const inWords = { error: sentence } satisfies z.core.ParseContext<z.core.$ZodIssue>;

/** An issue with the name of its key. @param root what the whole is called, for an issue of no key */
export function issueLine({ path, message }: Pick<z.core.$ZodIssue, 'path' | 'message'>, root = 'the file'): string {
  return `${path.length === 0 ? root : pathInWords(path)}: ${message}`;
}

/** `peers[0].tls.caFile` */
export function pathInWords(path: readonly PropertyKey[]): string {
  return path
    .map((part, i) => (typeof part === 'number' ? `[${part}]` : `${i > 0 ? '.' : ''}${String(part)}`))
    .join('');
}

function sentence(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return wrongType(issue.expected, issue.input);
    case 'invalid_value':
      return `allowed: ${issue.values.map((value) => (value === '' ? 'an empty text' : String(value))).join(', ')}`;
    case 'unrecognized_keys':
      return `unknown key ${issue.keys.join(', ')}`;
    case 'too_small':
      return tooSmall(issue.origin, issue.minimum, issue.inclusive);
    case 'too_big':
      return tooBig(issue.origin, issue.maximum, issue.inclusive);
    case 'invalid_format':
      return formats[issue.format] ?? 'is not written as it has to be';
    case 'not_multiple_of':
      return `a multiple of ${issue.divisor}`;
    case 'invalid_union':
      return nearestOf(issue.errors);
    case 'invalid_key':
      return 'this name is not allowed';
    default:
      return 'is not allowed';
  }
}

const formats: Readonly<Record<string, string>> = {
  url: 'an address such as https://host/path',
  email: 'an e-mail address such as name@clinic.example',
  datetime: 'a date and time such as 2026-11-24T08:00:00Z',
};

const types: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'keys with values',
  record: 'keys with values',
};

function wrongType(expected: string, value: unknown): string {
  if (value === undefined) return 'is missing';
  const wanted = types[expected] ?? expected;
  if (value === null)
    return `is empty: ${wanted} ${expected === 'object' ? 'have' : 'has'} to stand here, or leave it out`;
  // Not the value: it may be a password.
  if (expected === 'string' && typeof value !== 'object') return 'a text: put it in quotes';
  return `${wanted}, not ${kindOf(value)}`;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : 'this number';
  if (typeof value === 'string') return `the text '${value.length > 40 ? `${value.slice(0, 40)}…` : value}'`;
  return typeof value === 'boolean' ? String(value) : 'keys with values';
}

function tooSmall(origin: string, minimum: number | bigint, inclusive = true): string {
  if (origin === 'string') return minimum === 1 ? 'is empty' : `at least ${minimum} characters`;
  if (origin === 'array') return `at least ${entries(minimum)}`;
  return inclusive ? `at least ${minimum}` : `above ${minimum}`;
}

function tooBig(origin: string, maximum: number | bigint, inclusive = true): string {
  if (origin === 'string') return `at most ${maximum} characters`;
  if (origin === 'array') return `at most ${entries(maximum)}`;
  return inclusive ? `at most ${maximum}` : `below ${maximum}`;
}

function entries(count: number | bigint): string {
  return Number(count) === 1 ? '1 entry' : `${count} entries`;
}

/** Of several forms that a value may have, what is wrong with it as the one that it comes nearest to. */
function nearestOf(errors: readonly (readonly z.core.$ZodIssue[])[]): string {
  const first = errors.flatMap((issues) => issues.slice(0, 1));
  const deepest = first.toSorted((a, b) => b.path.length - a.path.length)[0];
  if (deepest === undefined) return 'is not allowed';
  if (deepest.path.length > 0) return issueLine(deepest);
  return [...new Set(first.map(({ message }) => message))].join(', or ');
}
