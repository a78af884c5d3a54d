import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { roiSchema, volumeManifestSchema } from '../../src/bundles/manifest.ts';
import type { Bundle } from '../../src/bundles/read-bundle.ts';
import { volumeSectionSchema } from '../../src/bundles/volume-section.ts';
import { parseYaml } from '../../src/config/parse-yaml.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { inWords, issueLine } from '../../src/schema-words.ts';
import { graphTensors } from '../engines/onnxruntime.ts';
import type { NetworkPlan } from '../nnunet/network-plan.ts';
import type { Plan } from '../nnunet/plans.ts';
import { proposeRois } from '../nnunet/propose-roi.ts';
import {
  readPlanOfFolder,
  readResultsFolder,
  type ResultsChoice,
  type ResultsFolder,
} from '../nnunet/results-folder.ts';
import { graphInput, graphOutput, unetGraph } from '../nnunet/unet-graph.ts';
import { checkPatchMemory } from '../segmentation/patch-memory.ts';
import { checkVolumeGraph } from './check-volume-graph.ts';
import { writeBundle, type VolumeDescription } from './write-bundle.ts';

const manifest = volumeManifestSchema.shape;
const section = volumeSectionSchema.shape;

/**
 * What the folder cannot say of itself. All of it may be left out with `--yes`; `labels` has the names of dataset.json as
 * keys, and what is null is not contoured.
 */
const aboutSchema = z.strictObject({
  name: manifest.name.optional(),
  version: manifest.version.optional(),
  description: manifest.description.optional(),
  intendedUse: manifest.intendedUse.optional(),
  licence: manifest.licence.optional(),
  applicability: manifest.applicability.optional(),
  plausibility: manifest.plausibility,
  training: manifest.training,
  axes: section.axes.optional(),
  mirroring: z.boolean().default(false),
  step: section.step,
  labels: z.record(z.string(), roiSchema.omit({ threshold: true }).partial().nullable()).default({}),
});
type About = z.output<typeof aboutSchema>;

export interface NnUnetImport extends ResultsChoice {
  /** Path of about.yaml. */
  readonly about?: string | undefined;
  /** Whether what about.yaml does not say is proposed from the folder. */
  readonly propose: boolean;
}

/**
 * Makes a bundle of an nnU-Net v2 results folder: the network as ONNX, everything around it in the manifest.
 * @throws ContourNodeError as readResultsFolder; CONFIG_INVALID (about.yaml), BUNDLE_INVALID, ENGINE_FAILED
 */
export async function importNnUnet(folder: string, directory: string, options: NnUnetImport): Promise<Bundle> {
  const about = await readAbout(options.about);
  const results = await readResultsFolder(folder, options);
  const { plan, network, weights } = results;
  const tensors = { input: graphInput, output: graphOutput };
  const description = describe({ ...results, tensors }, about, options);
  const model = unetGraph(network, plan.labels.heads, weights, description.name);
  return writeBundle(directory, description, { model, goldenSize: goldenSize(plan, network), tolerance });
}

/**
 * Makes a bundle of an ONNX file that was exported of an nnU-Net, with plans.json and dataset.json beside it: for
 * networks that this node does not build itself.
 * @throws ContourNodeError as importNnUnet
 */
export async function importExportedNnUnet(onnx: string, directory: string, options: NnUnetImport): Promise<Bundle> {
  const about = await readAbout(options.about);
  const plan = await readPlanOfFolder(dirname(onnx), options.configuration);
  const tensors = checkVolumeGraph(await graphTensors(onnx), plan);
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

function describe(described: Described, about: About, { about: file, propose }: NnUnetImport): VolumeDescription {
  const { plan, network, trainer, folds, mirrorAxes, tensors } = described;
  const needed = network === undefined ? undefined : patchMegabytes(plan, network);
  checkPatchMemory(plan, (needed ?? 0) * 2 ** 20);
  const said = <T>(value: T | undefined, proposal: T, key: string): T => {
    if (value !== undefined) return value;
    if (propose) return proposal;
    throw invalid(file, `${key} is missing`, 'add it, or take proposals for what is not said with --yes');
  };
  const { rois, labels } = roisOf(plan, about, said, file);
  const spacingAlong = Math.max(...plan.spacing);
  return {
    name: said(
      about.name,
      plan.datasetName
        .toLowerCase()
        .replaceAll(/[^a-z0-9]+/g, '-')
        .slice(0, 63),
      'name',
    ),
    version: said(about.version, '1.0.0', 'version'),
    description: said(about.description, `nnU-Net ${plan.configuration} of ${plan.datasetName}`, 'description'),
    architecture: {
      family: 'nnunet',
      parameters: {
        dataset: plan.datasetName,
        configuration: plan.configuration,
        trainer,
        ...(network !== undefined && { encoder: network.encoder }),
      },
    },
    rois,
    intendedUse: said(about.intendedUse, 'research', 'intendedUse'),
    applicability: said(
      about.applicability,
      { sliceSpacingMm: [0.5, Math.max(5, 2 * spacingAlong)], minimumCoverageMm: 0, notes: '' },
      'applicability',
    ),
    plausibility: about.plausibility,
    training: about.training,
    licence: said(about.licence, 'not stated', 'licence'),
    volume: {
      axes: about.axes ?? axesOf(plan.reader, file),
      transpose: [...plan.transposeForward],
      normalisation: plan.normalisation,
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

/** The ROIs in the order of dataset.json, and the labels that each is made of. */
function roisOf(
  { labels }: Plan,
  about: About,
  said: <T>(value: T | undefined, proposal: T, key: string) => T,
  file: string | undefined,
) {
  const names = [...labels.names.keys()];
  const unknown = Object.keys(about.labels).find((label) => !labels.names.has(label));
  if (unknown !== undefined) {
    throw invalid(
      file,
      `labels.${unknown} is no label of the folder, which has ${names.join(', ')}`,
      'write the labels as dataset.json does',
    );
  }
  const wanted = names.filter((label) => about.labels[label] !== null);
  const proposals = new Map(names.map((label, n) => [label, proposeRois(names)[n]!]));
  const rois = wanted.map((label) => {
    const own = said(about.labels[label] ?? undefined, {}, `labels.${label}`);
    return roiSchema.parse({ ...proposals.get(label)!, ...own });
  });
  const twice = rois.find(({ name }, n) => rois.findIndex((other) => other.name === name) < n);
  if (twice !== undefined) throw invalid(file, `two labels are called ${twice.name}`, 'give each a name of its own');
  if (rois.length === 0) throw invalid(file, 'every label is null', 'leave at least one label');
  const values = wanted.map((label) => [...labels.names.get(label)!].filter((value) => value !== 0));
  if (values.flat().some((value) => value > 255))
    throw new ContourNodeError('MODEL_NOT_SUPPORTED', 'dataset.json has labels above 255');
  return { rois, labels: values };
}

/** Which way a reader of nnU-Net gives an axial CT; nibabel's plain one leaves that to the files. */
function axesOf(reader: string, file: string | undefined): VolumeDescription['volume']['axes'] {
  if (reader === 'SimpleITKIO') return ['S', 'P', 'L'];
  if (reader === 'NibabelIOWithReorient' || reader === 'SimpleITKIOWithReorient') return ['S', 'A', 'R'];
  throw invalid(
    file,
    `axes is missing: the images were read by ${reader}, which does not say which way they run`,
    'add axes, e.g. [S, A, R] for images in RAS, [S, P, L] for LPS (docs/models.md)',
  );
}

async function readAbout(file: string | undefined): Promise<About> {
  if (file === undefined) return aboutSchema.parse({});
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new ContourNodeError('PATH_NOT_FOUND', `${file} is not there or cannot be read`, { cause });
  });
  const { value, fault } = parseYaml(text);
  if (fault !== undefined) throw invalid(file, `line ${fault.line}: ${fault.message}`, 'correct the line');
  const parsed = aboutSchema.safeParse(value ?? {}, inWords);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map((issue) => issueLine(issue));
  throw invalid(file, issues.join('; '), 'docs/models.md shows one');
}

function invalid(file: string | undefined, message: string, remedy: string): ContourNodeError {
  return new ContourNodeError('CONFIG_INVALID', `${file ?? 'about.yaml'}: ${message}`, { remedy });
}
