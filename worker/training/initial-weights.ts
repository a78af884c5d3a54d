import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ContourNodeError } from '../../src/errors.ts';
import { openBundle } from '../bundles/open-bundle.ts';
import type { Network } from '../networks/layers.ts';
import { initialParameters, type Parameters } from '../networks/parameters.ts';
import { decodeTensors } from '../networks/tensor-file.ts';

/** What a training starts from: a bundle's weights, and which bundle that was. */
export interface InitialWeights {
  readonly weights: Parameters;
  /** For the provenance of what is trained. */
  readonly source: { readonly name: string; readonly version: string; readonly sha256: string };
}

/**
 * The weights of a bundle that was trained here.
 * @throws ContourNodeError MODEL_NOT_FOUND, BUNDLE_INVALID (a bundle without weights), BUNDLE_DIGEST
 */
export async function weightsOfBundle(nameOrPath: string, modelsDirectory: string): Promise<InitialWeights> {
  const { manifest, directory } = await openBundle(nameOrPath, modelsDirectory);
  const { name, version, files } = manifest;
  if (files.weights === undefined) {
    throw new ContourNodeError('BUNDLE_INVALID', `bundle ${name} has no weights to train on`, {
      remedy: 'take a bundle that `train` wrote',
    });
  }
  const { path, sha256 } = files.weights;
  const { tensors } = decodeTensors(await readFile(join(directory, path)), `${path} of bundle ${name}`);
  return { weights: tensors, source: { name, version, sha256 } };
}

/**
 * Initial parameters: random ones from the seed, replaced by the given weights wherever name and length agree. Arrays that
 * do not fit (the last layer where the ROIs differ) stay random.
 * @throws ContourNodeError CHECKPOINT_INVALID where nothing fits
 */
export function startingParameters(network: Network, seed: number, weights: Parameters | undefined): Parameters {
  const parameters = initialParameters(network, seed);
  if (weights === undefined) return parameters;
  let taken = 0;
  for (const [name, values] of parameters) {
    const given = weights.get(name);
    if (given?.length !== values.length) continue;
    values.set(given);
    taken += 1;
  }
  if (taken === 0) {
    throw new ContourNodeError('CHECKPOINT_INVALID', 'no layer of the bundle fits the network that is to be trained', {
      remedy: 'give --from a bundle of the same architecture',
    });
  }
  return parameters;
}
