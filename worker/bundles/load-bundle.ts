import { join } from 'node:path';
import { membersOf } from '../../src/bundles/manifest.ts';
import type { Bundle } from '../../src/bundles/read-bundle.ts';
import type { Engine } from '../engines/engine.ts';
import { openFastest } from '../engines/fastest-settings.ts';
import { openEngine, type EngineChoice } from '../engines/open-engine.ts';
import { checkGolden } from './golden.ts';
import { openBundle } from './open-bundle.ts';

/** A verified bundle with an engine that has reproduced its golden output. */
export interface LoadedBundle {
  readonly bundle: Bundle;
  /** Of an ensemble that of its first member; to close it closes those of all members. */
  readonly engine: Engine;
  /** The networks of an ensemble, the one with the common grid first; of any other bundle none. */
  readonly members?: readonly LoadedBundle[];
}

/**
 * Opens, verifies and runs a bundle once, so that it is ready.
 * @param dataDirectory where it is kept how this machine runs the bundle fastest, which is else not asked
 * @throws ContourNodeError MODEL_NOT_FOUND, BUNDLE_INVALID, BUNDLE_DIGEST, BUNDLE_GOLDEN, ENGINE_UNAVAILABLE, ENGINE_FAILED
 */
export async function loadBundle(
  nameOrPath: string,
  modelsDirectory: string,
  choice: EngineChoice,
  dataDirectory?: string,
): Promise<LoadedBundle> {
  const bundle = await openBundle(nameOrPath, modelsDirectory);
  if (membersOf(bundle.manifest).length > 0) return loadEnsemble(bundle, choice, dataDirectory);
  const engine = await (dataDirectory === undefined
    ? openEngine(bundle, choice)
    : openFastest(bundle, choice, dataDirectory));
  try {
    await checkGolden(bundle, engine);
  } catch (error) {
    await engine.close();
    throw error;
  }
  return { bundle, engine };
}

async function loadEnsemble(bundle: Bundle, choice: EngineChoice, dataDirectory?: string): Promise<LoadedBundle> {
  const members: LoadedBundle[] = [];
  const close = async () => {
    for (const { engine } of members) await engine.close();
  };
  try {
    // The members' bundle.json are those that the ensemble's names: `openBundle` compared them.
    for (const { path } of membersOf(bundle.manifest))
      members.push(await loadBundle(join(bundle.directory, path), bundle.directory, choice, dataDirectory));
  } catch (error) {
    await close();
    throw error;
  }
  const [first] = members as [LoadedBundle];
  return { bundle, engine: { ...first.engine, close }, members };
}
