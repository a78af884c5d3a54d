import { findBundle } from '../bundles/find-bundle.ts';
import { type LoadedBundle, loadBundle } from '../bundles/load-bundle.ts';
import type { EngineChoice } from '../engines/open-engine.ts';

/** As many stay loaded whatever they take: the one in use, and the one before. */
const alwaysKept = 2;

/**
 * Bundles with a running engine: as many as memory allows, so that a recipe finds its models loaded; then the one that was used
 * longest ago goes. A bundle whose manifest changed on disk is loaded anew.
 */
export class WarmBundles {
  readonly #modelsDirectory: string;
  readonly #isTight: () => boolean;
  readonly #dataDirectory: string | undefined;
  /** The one used last is the last entry. */
  readonly #warm = new Map<string, LoadedBundle>();

  /**
   * @param isTight whether the process holds so much memory that no further bundle should stay
   * @param dataDirectory as in loadBundle
   */
  constructor(modelsDirectory: string, isTight: () => boolean, dataDirectory?: string) {
    this.#modelsDirectory = modelsDirectory;
    this.#isTight = isTight;
    this.#dataDirectory = dataDirectory;
  }

  /**
   * A verified bundle whose golden output this engine has reproduced.
   *
   * @param digest of the wanted bundle, where several versions of one name are installed
   * @throws ContourNodeError MODEL_NOT_FOUND, BUNDLE_INVALID, BUNDLE_DIGEST, BUNDLE_GOLDEN, ENGINE_UNAVAILABLE, ENGINE_FAILED
   */
  async get(name: string, choice: EngineChoice, digest?: string): Promise<LoadedBundle> {
    const found = await findBundle(this.#modelsDirectory, name, digest);
    const key = [found.digest, choice.name, choice.device, choice.precision ?? 'auto'].join();
    const warm =
      this.#warm.get(key) ?? (await loadBundle(found.directory, this.#modelsDirectory, choice, this.#dataDirectory));
    this.#warm.delete(key);
    this.#warm.set(key, warm);
    for (const [oldest, { engine }] of this.#warm) {
      if (this.#warm.size <= alwaysKept || !this.#isTight()) break;
      this.#warm.delete(oldest);
      await engine.close();
    }
    return warm;
  }

  /** Has the engines give back the memory that they keep from run to run. One that cannot is loaded anew, and verified. */
  async rest(): Promise<void> {
    for (const [key, { engine, members = [] }] of this.#warm) {
      const engines = members.length > 0 ? members.map((member) => member.engine) : [engine];
      await Promise.all(engines.map(async (one) => one.rest?.())).catch(() => this.#warm.delete(key));
    }
  }
}
