import { resolve } from 'node:path';

/** Keys that name a file or a folder end so. */
const namesPath = /(?:File|[dD]irectory)$/;

/** Below these keys stand names of people's own, not of the configuration. */
const ownNames = new Set(['roiNames', 'roiTypes']);

/**
 * The values of a configuration file with the paths in it made absolute: they are relative to the folder of the file.
 * Defaults are not in the file: they stay relative to the working folder.
 */
export function absolutePaths(value: unknown, folder: string): unknown {
  if (Array.isArray(value)) return value.map((item) => absolutePaths(item, folder));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]: [string, unknown]) => {
      if (ownNames.has(key)) return [key, inner];
      const path = namesPath.test(key) && typeof inner === 'string' && inner !== '';
      return [key, path ? resolve(folder, inner) : absolutePaths(inner, folder)];
    }),
  );
}
