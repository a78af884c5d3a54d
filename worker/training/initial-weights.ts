import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ContourNodeError } from '../../src/errors.ts';
import { openBundle } from '../bundles/open-bundle.ts';
import { type Ancestor, provenanceOf, trainedOnAncestor } from '../bundles/provenance.ts';
import { channelsOf, type ConvolutionLayer, type Network } from '../networks/layers.ts';
import { initialParameters, type Parameters } from '../networks/parameters.ts';
import { decodeTensors } from '../networks/tensor-file.ts';
import type { CollectedCase } from './case-cache.ts';

/** What a training begins with: a bundle's weights, and which bundle that was. */
export interface InitialWeights {
  readonly weights: Parameters;
  /** Names of the bundle's ROIs in the order of its output channels. */
  readonly rois: readonly string[];
  /** For the provenance of what is trained. */
  readonly source: { readonly name: string; readonly version: string; readonly sha256: string };
  /** The bundle itself and those whose weights it began with, with the series of each. */
  readonly ancestors: readonly Ancestor[];
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
  const { series, ancestors } = provenanceOf(manifest);
  return {
    weights: tensors,
    rois: manifest.rois.map((roi) => roi.name),
    source: { name, version, sha256 },
    ancestors: [{ name, series }, ...ancestors],
  };
}

/**
 * Initial parameters: random ones from the seed, replaced by the bundle's weights wherever name and length agree. Of the
 * last convolution those channels are taken whose ROI has the same name in the bundle, in whatever order. Where the
 * network sees modalities that the bundle does not, their weights in the first convolution begin with 0, so that the network
 * gives at first what the bundle gives.
 * @param rois names of the ROIs that are trained, in the order of the output channels
 * @param ctChannels input channels that come from the CT, the first ones
 * @throws ContourNodeError CHECKPOINT_INVALID where nothing fits
 */
export function startingParameters(
  network: Network,
  seed: number,
  from: Pick<InitialWeights, 'weights' | 'rois'> | undefined,
  rois: readonly string[],
  ctChannels = channelsOf(network.input),
): Parameters {
  const parameters = initialParameters(network, seed);
  if (from === undefined) return parameters;
  const last = network.layers.findLast((layer): layer is ConvolutionLayer => layer.kind === 'convolution');
  const first = network.layers.find((layer): layer is ConvolutionLayer => layer.kind === 'convolution');
  const ofFirst = `${first?.name ?? ''}/kernel`;
  const ofLast = new Set(['kernel', 'bias'].map((role) => `${last?.name ?? ''}/${role}`));
  let taken = 0;
  for (const [name, values] of parameters) {
    const given = from.weights.get(name);
    if (given === undefined) continue;
    if (ofLast.has(name)) takeChannels(values, rois, given, from.rois);
    else if (given.length === values.length) {
      values.set(given);
      taken += 1;
    } else if (name === ofFirst && first !== undefined) {
      taken += takeInputs(values, given, first.filters, { own: channelsOf(network.input), given: ctChannels });
    }
  }
  if (taken === 0) {
    throw new ContourNodeError('CHECKPOINT_INVALID', 'no layer of the bundle fits the network that is to be trained', {
      remedy: 'give --from a bundle of the same architecture',
    });
  }
  return parameters;
}

/**
 * Copies a kernel [..., input, output] into one with more inputs, which begin with 0.
 * @returns 1, or 0 where the kernel has other inputs than the CT's
 */
function takeInputs(
  into: Float32Array,
  given: Float32Array,
  filters: number,
  channels: { own: number; given: number },
): number {
  const taps = into.length / (channels.own * filters);
  if (given.length !== taps * channels.given * filters) return 0;
  into.fill(0);
  const length = channels.given * filters;
  for (let tap = 0; tap < taps; tap += 1)
    into.set(given.subarray(tap * length, (tap + 1) * length), tap * channels.own * filters);
  return 1;
}

/** Copies the output channels of ROIs with the same name; the channel runs fastest in a kernel and in a bias. */
function takeChannels(
  into: Float32Array,
  rois: readonly string[],
  given: Float32Array,
  givenRois: readonly string[],
): void {
  if (into.length / rois.length !== given.length / givenRois.length) return;
  for (const [channel, name] of rois.entries()) {
    const source = givenRois.indexOf(name);
    if (source < 0) continue;
    for (let tap = 0; tap < into.length / rois.length; tap += 1) {
      into[tap * rois.length + channel] = given[tap * givenRois.length + source]!;
    }
  }
}

/**
 * Patients set aside have to be new to the weights as well: they choose the epoch and end the training.
 * @throws ContourNodeError TRAINING_DATA where the bundle, or one that it began with, was trained on one of them
 */
export function checkSetAside(cases: readonly CollectedCase[], { source, ancestors }: InitialWeights): void {
  const known = new Set(
    cases
      .filter(({ side, seriesInstanceUid: uid }) => {
        return side === 'validation' && uid !== undefined && trainedOnAncestor(ancestors, uid);
      })
      .map(({ patient }) => patient),
  );
  if (known.size === 0) return;
  throw new ContourNodeError(
    'TRAINING_DATA',
    `${known.size} of the patients set aside were trained on by ${source.name}: their figures would be too good`,
    { remedy: 'set other patients aside (data.validation), or take these out of the archive' },
  );
}
