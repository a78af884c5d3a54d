import { createHash } from 'node:crypto';
import { asContourNodeError } from '../errors.ts';
import type { Log } from '../log.ts';
import { type Problem, problemFrom } from '../problem.ts';
import type { LoadedConfig } from './load.ts';
import { needRestart, type ReloadOutcome, takeOver } from './reload.ts';
import type { Config } from './schema.ts';

/** The configuration in force, which a reload replaces as a whole. */
export interface CurrentConfig {
  readonly config: Config;
  /** SHA-256 of the effective configuration; orders pin it. */
  readonly digest: string;
}

/** The configuration that the node was started with, and what a reload has taken over since then. */
export class ConfigInForce {
  readonly #log: Log;
  #current: CurrentConfig;
  #problem: Problem | undefined;

  constructor({ config, digest }: LoadedConfig, log: Log) {
    this.#current = { config, digest };
    this.#log = log;
  }

  get current(): CurrentConfig {
    return this.#current;
  }

  get config(): Config {
    return this.#current.config;
  }

  /** Why the last reload was refused; undefined where it was taken over. */
  get problem(): Problem | undefined {
    return this.#problem;
  }

  /**
   * Takes over peers, destinations, routes, users and notifications of another configuration, or nothing of it.
   *
   * @param load reads it
   * @param prepare reads what the configuration names (certificates); where it throws, nothing is taken over
   * @returns what became of it; never rejects
   */
  async reload(load: () => Promise<LoadedConfig>, prepare: () => Promise<void>): Promise<ReloadOutcome> {
    try {
      const next = await load();
      await prepare();
      const config = takeOver(this.config, next.config);
      const later = needRestart(config, next.config);
      for (const name of later) this.#log.warn(`${name}: changed; the change takes effect after a restart`);
      this.#current = { config, digest: createHash('sha256').update(JSON.stringify(config)).digest('hex') };
      this.#problem = undefined;
      return { taken: true, needRestart: later };
    } catch (error) {
      const problem = problemFrom(error);
      this.#problem = {
        ...problem,
        message: `the changed configuration was refused, the old one stays in force: ${problem.message}`,
        remedy: `${problem.remedy}; then run \`contour-node reload\``,
      };
      this.#log.error(
        { err: asContourNodeError(error) },
        'the configuration was not taken over; the old one stays in force',
      );
      return { taken: false, problem, needRestart: [] };
    }
  }
}
