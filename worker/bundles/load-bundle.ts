import type { Bundle } from '../../src/bundles/read-bundle.ts';
import type { Engine } from '../engines/engine.ts';
import { openEngine, type EngineChoice } from '../engines/open-engine.ts';
import { checkGolden } from './golden.ts';
import { openBundle } from './open-bundle.ts';

/** A verified bundle with an engine that has reproduced its golden output. */
export interface LoadedBundle {
  readonly bundle: Bundle;
  readonly engine: Engine;
}

/**
 * Opens, verifies and runs a bundle once, so that it is ready.
 * @throws ContourNodeError MODEL_NOT_FOUND, BUNDLE_INVALID, BUNDLE_DIGEST, BUNDLE_GOLDEN, ENGINE_UNAVAILABLE, ENGINE_FAILED
 */
export async function loadBundle(
  nameOrPath: string,
  modelsDirectory: string,
  choice: EngineChoice,
): Promise<LoadedBundle> {
  const bundle = await openBundle(nameOrPath, modelsDirectory);
  const engine = await openEngine(bundle, choice);
  try {
    await checkGolden(bundle, engine);
  } catch (error) {
    await engine.close();
    throw error;
  }
  return { bundle, engine };
}
