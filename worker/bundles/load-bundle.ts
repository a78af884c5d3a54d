import { join } from 'node:path';
import { membersOf, modalitiesOf } from '../../src/bundles/manifest.ts';
import type { Bundle } from '../../src/bundles/read-bundle.ts';
import { ContourNodeError } from '../../src/errors.ts';
import type { NetworkUse } from '../../src/work/work-result.ts';
import { type Engine, engineText } from '../engines/engine.ts';
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
  /** Why it runs in float32 although it has a network with 8-bit integers: this machine does not give its golden output. */
  readonly int8Refused?: ContourNodeError;
}

/** The networks that contour: those of an ensemble, else the only one. */
export function networksOf(loaded: LoadedBundle): readonly LoadedBundle[] {
  return loaded.members ?? [loaded];
}

/** Of each network that runs in float32 although it has 8-bit integers, why. */
export function int8Refusals(loaded: LoadedBundle): ContourNodeError[] {
  return networksOf(loaded).flatMap(({ int8Refused }) => int8Refused ?? []);
}

/** What the networks see beside the CT; one that several see stands there for each of them. */
export function modalitiesSeen(loaded: LoadedBundle): NonNullable<ReturnType<typeof modalitiesOf>> {
  return networksOf(loaded).flatMap(({ bundle }) => modalitiesOf(bundle.manifest) ?? []);
}

/** What the networks run on, in words. */
export function enginesText(loaded: LoadedBundle): string {
  return [...new Set(networksOf(loaded).map(({ engine }) => engineText(engine)))].join(' and ');
}

/** What contours, as a result names it. */
export function networkUses(loaded: LoadedBundle): NetworkUse[] {
  return networksOf(loaded).map(({ bundle: { manifest }, engine: { name, device, precision } }) => {
    return { bundle: manifest.name, version: manifest.version, engine: name, device, precision };
  });
}

/**
 * Opens, verifies and runs a bundle once, so that it is ready. A network with 8-bit integers that does not give its golden output
 * here is not used: the bundle runs in float32 then, and `int8Refused` says so.
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
  const engine = await open(bundle, choice, dataDirectory);
  try {
    await checkGolden(bundle, engine);
    return { bundle, engine };
  } catch (error) {
    await engine.close();
    if (engine.precision !== 'int8' || !(error instanceof ContourNodeError) || error.code !== 'BUNDLE_GOLDEN')
      throw error;
    const inFloat32 = await loadBundle(nameOrPath, modelsDirectory, { ...choice, precision: 'float32' }, dataDirectory);
    const { code, message } = error;
    const int8Refused = new ContourNodeError(code, `${message}; it contours in float32 here`, {
      cause: error,
      remedy: 'configure engine.precision: float32, or use a machine with another processor',
    });
    return { ...inFloat32, int8Refused };
  }
}

function open(bundle: Bundle, choice: EngineChoice, dataDirectory: string | undefined): Promise<Engine> {
  return dataDirectory === undefined ? openEngine(bundle, choice) : openFastest(bundle, choice, dataDirectory);
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
