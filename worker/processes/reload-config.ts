import type { LoadedConfig } from '../../src/config/load.ts';
import type { ReloadOutcome } from '../../src/config/reload.ts';
import type { Config } from '../../src/config/schema.ts';
import type { Log } from '../../src/log.ts';
import { problemFrom } from '../../src/problem.ts';

/**
 * Has a worker take over a changed configuration; one that cannot be loaded or taken leaves the old one in force.
 * @returns what became of it; never rejects
 */
export async function reloadConfig(
  load: () => Promise<LoadedConfig>,
  log: Log,
  take: (config: Config) => Promise<void> | void,
): Promise<ReloadOutcome> {
  try {
    const { config } = await load();
    await take(config);
  } catch (error) {
    log.error({ err: error }, 'the configuration has an error; the old one stays in force');
    return { taken: false, problem: problemFrom(error), needRestart: [] };
  }
  log.info('configuration taken over');
  return { taken: true, needRestart: [] };
}
