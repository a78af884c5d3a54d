import { existsSync } from 'node:fs';
import { loadConfig, type LoadedConfig } from '../../src/config/load.ts';

/** What a command uses where no `--config` is given. */
const usualFile = 'contour-node.yaml';

/** The lines about `--config` in the help of a command. */
export const configHelp = `  --config FILE   configuration (default: ${usualFile} of this folder where it is there, else every key has its default)`;

/** The configuration file of a command: the one given, else the usual one of this folder, which stderr says. */
export function configFile(given: string | undefined): string | undefined {
  if (given !== undefined || !existsSync(usualFile)) return given;
  console.error(`configuration: ${usualFile} of this folder`);
  return usualFile;
}

/** @throws ContourNodeError as loadConfig */
export async function commandConfig(given: string | undefined): Promise<LoadedConfig> {
  return loadConfig(configFile(given));
}
