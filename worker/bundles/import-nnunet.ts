import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { Bundle } from '../../src/bundles/read-bundle.ts';
import { volumeSectionSchema } from '../../src/bundles/volume-section.ts';
import { graphTensors } from '../engines/onnxruntime.ts';
import type { NetworkPlan } from '../nnunet/network-plan.ts';
import type { Plan } from '../nnunet/plans.ts';
import {
  readPlanOfFolder,
  readResultsFolder,
  type ResultsChoice,
  type ResultsFolder,
} from '../nnunet/results-folder.ts';
import { graphInput, graphOutput, unetGraph } from '../nnunet/unet-graph.ts';
import { checkPatchMemory } from '../segmentation/patch-memory.ts';
import { aboutSchema, invalidAbout, readAbout, sayAbout, type AboutOptions } from './about.ts';
import { checkVolumeGraph } from './check-volume-graph.ts';
import { writeBundle, type VolumeDescription } from './write-bundle.ts';

const nnUnetAboutSchema = aboutSchema.extend({
  mirroring: z.boolean().default(false),
  step: volumeSectionSchema.shape.step,
});
type NnUnetAbout = z.output<typeof nnUnetAboutSchema>;

export interface NnUnetImport extends ResultsChoice, AboutOptions {}

/**
 * Makes a bundle of an nnU-Net v2 results folder: the network as ONNX, everything around it in the manifest.
 * @throws ContourNodeError as readResultsFolder; CONFIG_INVALID (about.yaml), BUNDLE_INVALID, ENGINE_FAILED
 */
export async function importNnUnet(folder: string, directory: string, options: NnUnetImport): Promise<Bundle> {
  const about = await readAbout(nnUnetAboutSchema, options.about);
  const results = await readResultsFolder(folder, options);
  const { plan, network, weights } = results;
  const tensors = { input: graphInput, output: graphOutput };
  const description = describe({ ...results, tensors }, about, options);
  const model = unetGraph(network, plan.labels.heads, weights, description.name, 1 + plan.beside.length);
  return writeBundle(directory, description, { model, goldenSize: goldenSize(plan, network), tolerance });
}

/**
 * Makes a bundle of an ONNX file that was exported of an nnU-Net, with plans.json and dataset.json beside it: for
 * networks that this node does not build itself.
 * @throws ContourNodeError as importNnUnet
 */
export async function importExportedNnUnet(onnx: string, directory: string, options: NnUnetImport): Promise<Bundle> {
  const about = await readAbout(nnUnetAboutSchema, options.about);
  const plan = await readPlanOfFolder(dirname(onnx), options.configuration);
  const tensors = checkVolumeGraph(await graphTensors(onnx), {
    says: 'plans.json',
    patch: plan.patch,
    images: 1 + plan.beside.length,
    channels: plan.labels.heads,
    remedy:
      'export the network that belongs to plans.json and dataset.json, or name its configuration with --configuration',
  });
  const exported = { plan, trainer: 'exported as ONNX', folds: ['exported'], mirrorAxes: [], tensors };
  return writeBundle(directory, describe(exported, about, options), { model: await readFile(onnx), tolerance });
}

/** Golden outputs are logits of up to some tens; a GPU that multiplies in TF32 differs by a thousandth of that. */
const tolerance = 5e-2;

/** Small, but with more than one voxel at the coarsest stage: normalised over a single voxel nothing would be left. */
function goldenSize({ patch }: Plan, network: NetworkPlan): number[] {
  return patch.map((length, axis) =>
    Math.min(length, 2 * network.strides.reduce((product, stride) => product * stride[axis]!, 1)),
  );
}

/** Three layers of the finest stage (a decoder's input, both halves of it joined, its output) and the logits. */
function patchMegabytes({ patch, labels }: Plan, network: NetworkPlan): number {
  const channels = 4 * network.features[0]! + labels.heads;
  return Math.ceil((channels * 4 * patch.reduce((a, b) => a * b, 1)) / 2 ** 20);
}

type Described = Pick<ResultsFolder, 'plan' | 'trainer' | 'folds' | 'mirrorAxes'> & {
  /** Absent where the network came as ONNX. */
  readonly network?: NetworkPlan;
  readonly tensors: VolumeDescription['volume']['tensors'];
};

function describe(described: Described, about: NnUnetAbout, options: AboutOptions): VolumeDescription {
  const { plan, network, trainer, folds, mirrorAxes, tensors } = described;
  const needed = network === undefined ? undefined : patchMegabytes(plan, network);
  checkPatchMemory(plan, (needed ?? 0) * 2 ** 20);
  const { said, labels } = sayAbout(about, options, {
    name: plan.datasetName,
    description: `nnU-Net ${plan.configuration} of ${plan.datasetName}`,
    spacingMm: Math.max(...plan.spacing),
    labelFile: 'dataset.json',
    labels: plan.labels.names,
  });
  return {
    ...said,
    architecture: {
      family: 'nnunet',
      parameters: {
        dataset: plan.datasetName,
        configuration: plan.configuration,
        trainer,
        ...(network !== undefined && { encoder: network.encoder }),
      },
    },
    volume: {
      axes: about.axes ?? axesOf(plan.reader, options.about),
      transpose: [...plan.transposeForward],
      normalisation: plan.normalisation,
      ...(plan.beside.length > 0 && { beside: plan.beside.map((one) => ({ ...one })) }),
      spacingMm: [...plan.spacing],
      resampling: { image: plan.imageResampling, logits: plan.logitResampling },
      patch: [...plan.patch],
      ...(needed !== undefined && { patchMegabytes: needed }),
      step: about.step,
      mirrorAxes: [...mirrorAxes],
      mirroring: about.mirroring,
      folds: [...folds],
      tensors,
      channels: plan.labels.heads,
      ...(plan.labels.regionOrder !== undefined && { regionOrder: [...plan.labels.regionOrder] }),
      labels,
    },
  };
}

/** Which way a reader of nnU-Net gives an axial CT; nibabel's plain one leaves that to the files. */
function axesOf(reader: string, file: string | undefined): VolumeDescription['volume']['axes'] {
  if (reader === 'SimpleITKIO') return ['S', 'P', 'L'];
  if (reader === 'NibabelIOWithReorient' || reader === 'SimpleITKIOWithReorient') return ['S', 'A', 'R'];
  throw invalidAbout(
    file,
    `axes is missing: the images were read by ${reader}, which does not say which way they run`,
    'add axes, e.g. [S, A, R] for images in RAS, [S, P, L] for LPS (docs/models.md)',
  );
}
