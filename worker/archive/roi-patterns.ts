import { ContourNodeError } from '../../src/errors.ts';

/** An ROI of a bundle and the names that it has in an archive. */
export interface RoiPatterns {
  readonly name: string;
  /** Regular expressions for the whole name, case-insensitive; default: the name itself. */
  readonly patterns?: readonly string[] | undefined;
}

/** Whether a name in the archive stands for the ROI. */
export function fits(name: string, { name: own, patterns = [own] }: RoiPatterns): boolean {
  return patterns.some((pattern) => new RegExp(`^(?:${pattern})$`, 'i').test(name.trim()));
}

/**
 * @param text NAME=REGEX, as `--roi` takes it
 * @throws ContourNodeError USAGE
 */
export function parseRoiPatterns(text: string): RoiPatterns {
  const [, name, pattern] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (name === undefined || pattern === undefined) throw new ContourNodeError('USAGE', `--roi ${text}: NAME=REGEX`);
  try {
    return { name, patterns: [new RegExp(pattern).source] };
  } catch (cause) {
    throw new ContourNodeError('USAGE', `--roi ${text}: no regular expression`, { cause });
  }
}
