import { readFile } from 'node:fs/promises';
import type { Bundle } from '../../src/bundles/read-bundle.ts';
import { graphTensors } from '../engines/onnxruntime.ts';
import { readMonaiBundle, type MonaiBundle } from '../monai/bundle-folder.ts';
import { unsupported } from '../nnunet/parse-part.ts';
import { aboutSchema, invalidAbout, readAbout, sayAbout, type About, type AboutOptions } from './about.ts';
import { checkVolumeGraph } from './check-volume-graph.ts';
import { writeBundle, type VolumeDescription } from './write-bundle.ts';

/** As for nnU-Net: golden outputs are logits of up to some tens. */
const tolerance = 5e-2;

/**
 * Makes a bundle of a MONAI bundle: its network as it is, its transforms in the manifest.
 * @throws ContourNodeError as readMonaiBundle; CONFIG_INVALID (about.yaml), BUNDLE_INVALID, ENGINE_FAILED
 */
export async function importMonai(folder: string, directory: string, options: AboutOptions): Promise<Bundle> {
  const about = await readAbout(aboutSchema, options.about);
  const bundle = await readMonaiBundle(folder);
  const tensors = checkVolumeGraph(await graphTensors(bundle.onnx), {
    says: 'the bundle',
    patch: bundle.window.patch,
    channels: bundle.metadata.channels.length,
    remedy: 'export the network that belongs to metadata.json, with the roi_size of inference.json or of any size',
  });
  return writeBundle(directory, describe(bundle, tensors, about, options), {
    model: await readFile(bundle.onnx),
    tolerance,
  });
}

function describe(
  { folder, metadata, preprocessing, window, postprocessing }: MonaiBundle,
  tensors: VolumeDescription['volume']['tensors'],
  about: About,
  options: AboutOptions,
): VolumeDescription {
  const { spacing, normalisation, resampleFirst } = preprocessing;
  const { order, activation, components } = postprocessing;
  const labels = labelsOf(metadata.channels, postprocessing.decision);
  const known = new Set([...labels.values()].flat());
  const strange = components?.labels === 'all' ? undefined : components?.labels.find((label) => !known.has(label));
  if (strange !== undefined)
    throw unsupported(`postprocessing keeps the largest component of label ${strange}, which is not there`);
  const { said, labels: ofRois } = sayAbout(about, options, {
    name: metadata.name ?? folder,
    ...(/^\d+\.\d+\.\d+$/.test(metadata.version) && { version: metadata.version }),
    description: metadata.description ?? `MONAI bundle ${folder}`,
    ...(metadata.licence !== undefined && { licence: metadata.licence }),
    ...(metadata.intendedUse !== undefined && { notes: metadata.intendedUse }),
    spacingMm: Math.max(...spacing),
    labelFile: 'channel_def of metadata.json',
    labels,
    cleanUp: (label) => {
      const kept = components?.labels === 'all' ? labels.get(label)! : (components?.labels ?? []);
      const concerned = labels.get(label)!.some((one) => kept.includes(one));
      return components !== undefined && concerned ? { largestComponents: components.count } : {};
    },
  });
  const resampling = { orderZ: 0, separateZ: false };
  return {
    ...said,
    architecture: {
      family: 'monai',
      parameters: {
        bundle: metadata.name ?? folder,
        version: metadata.version,
        ...(metadata.monaiVersion !== undefined && { monai: metadata.monaiVersion }),
      },
    },
    volume: {
      ...window,
      axes: axesOf(preprocessing.axes, about, options.about),
      transpose: [0, 1, 2],
      cropToNonzero: false,
      normalisation,
      resampleFirst,
      spacingMm: [...spacing],
      resampling: {
        image: { ...resampling, order: 1 },
        logits: { ...resampling, order },
        keeps: 'first-voxel',
      },
      ...(activation !== undefined && { activation }),
      folds: ['exported'],
      tensors,
      channels: metadata.channels.length,
      ...(postprocessing.decision === 'half' && { regionOrder: [1] }),
      labels: ofRois,
    },
  };
}

/** Name and label of each channel: with argmax the background comes first, with a threshold there is one channel only. */
function labelsOf(channels: readonly string[], decision: 'largest' | 'half'): Map<string, number[]> {
  const [first] = channels;
  if (decision === 'half') {
    if (first !== undefined && channels.length === 1) return new Map([[first, [1]]]);
    throw unsupported(
      `a threshold for ${channels.length} channels (${channels.join(', ')}) lets them overlap, which is not supported`,
    );
  }
  if (first === undefined || !/^background$/i.test(first) || channels.length < 2)
    throw unsupported(`metadata.json: channel 0 must be the background and others follow, it is ${first ?? 'missing'}`);
  return new Map(channels.slice(1).map((name, n) => [name, [n + 1]]));
}

function axesOf(
  axes: MonaiBundle['preprocessing']['axes'],
  about: About,
  file: string | undefined,
): VolumeDescription['volume']['axes'] {
  if (axes !== undefined && about.axes !== undefined)
    throw invalidAbout(file, 'axes stands beside an Orientationd, which says them already', 'leave it out');
  const found = axes ?? about.axes;
  if (found !== undefined) return found;
  throw invalidAbout(
    file,
    'axes is missing: the bundle has no Orientationd, nothing says which way the images run',
    'add axes, e.g. [R, A, S] for images in RAS (docs/models.md)',
  );
}
