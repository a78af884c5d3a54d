import { z } from 'zod';
import { ContourNodeError } from '../errors.ts';
import { goldenOutput, int8Network, namedFile } from './int8-network.ts';
import { roiPlausibilitySchema, trainedCtSchema } from './training-range.ts';
import { volumeSectionSchema } from './volume-section.ts';

/**
 * `models/NAME/bundle.json`: the only place where pre-processing, network and post-processing of a model are said.
 * Lengths are mm, intensities HU, orientations LPS (x to the patient's left, y to the back, z to the head).
 */

const range = z.tuple([z.number(), z.number()]);

/** One window: HU are clipped to [low, high] and mapped linearly to [0, 1]. One input channel per window and slice. */
export const huWindow = z
  .strictObject({
    low: z.number(),
    high: z.number(),
    /**
     * For networks of other trainers: instead of [0, 1] the clipped HU minus `mean`, over `sd` (HU): fixed numbers (nnU-Net's
     * CTNormalization), or with `series` those of the whole field of view of the series (z-score).
     */
    normalise: z
      .union([z.strictObject({ mean: z.number(), sd: z.number().positive() }), z.literal('series')])
      .optional(),
  })
  .refine(({ low, high }) => high > low, { error: 'high must be above low' });

/**
 * Images beside the CT that the network sees, brought to its grid. Each adds, after the channels of the CT, one channel a
 * slice (from the lowest neighbour up) and one mask of the slice itself: 1 where the image has data.
 */
const modality = z.strictObject({
  /** What orders and recipes call it, e.g. `MR`. */
  name: z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,15}$/, 'a letter, then letters, digits, _ and -, 16 in all'),
  /** Modality (0008,0060) of the series. */
  modality: z.literal('MR'),
  /** `z-score`: minus the mean, over the standard deviation, both of the tissue within the body. */
  normalisation: z.literal('z-score'),
  /** The network was trained to do without it: its channels are 0 then. */
  mayBeMissing: z.boolean(),
  /** How registered images fitted the CT in training (worker/registration/registration-fit.ts). */
  trained: z.strictObject({ bodyOverlap: range, mutualInformation: range }).optional(),
});

/** Direction that an axis grows to: to the patient's Left, Right, Anterior (front) or Posterior (back). */
const across = z.enum(['L', 'R']);
const depth = z.enum(['A', 'P']);

export const interpretedType = z.enum(['GTV', 'CTV', 'PTV', 'ORGAN', 'EXTERNAL', 'AVOIDANCE', 'CONTROL', '']);

export const cleanUp = z.strictObject({
  /** Keep at most this many 26-connected components, the largest first. */
  largestComponents: z.int().positive().optional(),
  /** Remove components smaller than this. */
  minimumComponentCm3: z.number().nonnegative().default(0),
  /** Fill holes within each axial slice. */
  fillHoles: z.boolean().default(false),
  /** An ROI smaller than this in all counts as not found. */
  minimumVolumeCm3: z.number().nonnegative().default(0),
});

export const roiSchema = z.strictObject({
  /** AAPM TG-263 name, e.g. `GTVp`, `Parotid_L`. */
  name: z
    .string()
    .min(1)
    .max(16)
    .regex(/^[A-Za-z0-9_~!^-]*$/, 'letters, digits and _ ~ ! ^ -, no spaces'),
  /** ROI Description: what the contour contains, e.g. `with retropharyngeal nodes`. ASCII. */
  description: z.string().max(1024).default(''),
  interpretedType,
  colour: z.tuple([z.int().min(0).max(255), z.int().min(0).max(255), z.int().min(0).max(255)]),
  /** Probability at which the surface lies. */
  threshold: z.number().gt(0).lt(1).default(0.5),
  cleanUp: cleanUp.prefault({}),
  /** false: learned for evaluation and not delivered unless a destination names it (a PTV is a margin decision). */
  deliver: z.boolean().default(true),
  /** For a left organ the name of its right twin and vice versa: a left-right flip exchanges the two channels. */
  mirror: z.string().optional(),
  /** Every patient has it: a result without it is to be looked at. Default: where nine of ten training patients have it. */
  expected: z.boolean().optional(),
  /**
   * Whether a complete scan holds all of it. `whole`: a CT that ends inside it is cut, and is to be looked at; `part`: it
   * runs out of every scan, as the spinal cord does. Without it the worker says that it touches the end.
   */
  coverage: z.enum(['whole', 'part']).optional(),
  /** Hole mode when a destination does not say: a GTV is filled. */
  holes: z.enum(['keyhole', 'fill']).default('keyhole'),
});

/** What every bundle says, whatever its network sees. */
const everyBundle = {
  formatVersion: z.literal(1),
  name: z
    .string()
    .min(1)
    .max(63)
    .regex(/^[a-z0-9][a-z0-9-]*$/, 'small letters, digits and hyphens, no hyphen at the beginning'),
  version: z.string().regex(/^\d+\.\d+\.\d+$/, 'three numbers between dots, such as 1.0.0'),
  description: z.string(),
  /** What is contoured. In a network of slices one per output channel, in their order (after the background with `softmax`). */
  rois: z.array(roiSchema).min(1),
  intendedUse: z.enum(['demonstration', 'research', 'clinical']),
  applicability: z.strictObject({
    sliceSpacingMm: range,
    /** Extent along z that a series must at least have. */
    minimumCoverageMm: z.number().nonnegative().default(0),
    notes: z.string().default(''),
    /** What the training CTs looked like; outside of it the worker warns. */
    trained: trainedCtSchema.optional(),
  }),
  /** Training range per ROI name; outside of it the worker warns. */
  plausibility: z.record(z.string(), roiPlausibilitySchema).default({}),
  training: z.record(z.string(), z.unknown()).default({}),
  metrics: z.record(z.string(), z.unknown()).default({}),
  licence: z.string(),
  files: z.strictObject({
    model: namedFile,
    /** Generated input tensor and its output. */
    golden: z.strictObject({
      input: goldenOutput.omit({ every: true }),
      output: goldenOutput,
      tolerance: z.number().positive().default(1e-3),
    }),
    /** The trainer's weights, for the `tensorflow` engine and for training on. */
    weights: namedFile.optional(),
  }),
};

/** A network of axial slices: each slice, with or without its neighbours, gives a probability per ROI. */
export const sliceManifestSchema = z.strictObject({
  ...everyBundle,
  architecture: z.strictObject({
    family: z.enum(['deeplabv3plus', 'unet', 'unet3d', 'imported']),
    /** The network's own parameters (width, output stride, atrous rates), so that `train` can rebuild it. */
    parameters: z.record(z.string(), z.unknown()).default({}),
  }),
  input: z.strictObject({
    /** In-plane spacing of the grid that the network sees. */
    spacingMm: z.number().positive(),
    /**
     * In-plane detail finer than this is averaged away although the grid could hold it: the spacing of the training
     * CTs where these were coarser than the grid.
     */
    resolutionMm: z.number().positive().optional(),
    /** Distance of the neighbouring slices. `null`: the CT's own slices are taken as they are. */
    sliceSpacingMm: z.number().positive().nullable(),
    /** Pixels of the square field of view that is cut out. */
    size: z.tuple([z.int().positive(), z.int().positive()]),
    /**
     * Where the field of view's centre lies: at the centre of the body's bounding box of the whole series (`body`), at
     * the median over the slices of the middle of the body in the slice (`body-median`), or of the image (`image`).
     */
    centre: z.enum(['body', 'body-median', 'image']),
    /**
     * Slices on each side that are further input channels: how many (0: one slice alone), or their distances in slices,
     * e.g. [1, 3, 6] for a long view at little cost. Beyond the ends the end repeats.
     */
    neighbours: z.union([z.int().min(0).max(4), z.array(z.int().min(1).max(16)).max(4)]),
    /**
     * For a 3-D network: it sees so many slices at once, of the whole field of view, and is moved along the slices by this
     * share of them; where patches overlap their mean counts, the middle of a patch more than its ends.
     */
    patch: z.strictObject({ slices: z.int().min(2), step: z.number().gt(0).max(1) }).optional(),
    windows: z.array(huWindow).min(1).max(4),
    modalities: z
      .array(modality)
      .min(1)
      .max(4)
      .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, { error: 'two have the same name' })
      .optional(),
    /** HU outside the image. */
    paddingHu: z.number().default(-1024),
    layout: z.enum(['nhwc', 'nchw']).default('nhwc'),
    /** Where the tensor's first and second spatial axis grow to, input and output alike; MONAI in RAS: R, A. */
    axes: z.union([z.tuple([depth, across]), z.tuple([across, depth])]).default(['P', 'L']),
    tensor: z.string().default('input'),
  }),
  output: z.strictObject({
    /** `probability`: sigmoid already applied; `logit`: the node applies it; `softmax`: channel 0 is background. */
    activation: z.enum(['probability', 'logit', 'softmax']),
    layout: z.enum(['nhwc', 'nchw']).default('nhwc'),
    tensor: z.string().default('output'),
    /** Per ROI the channel of the graph that means it; default: one after the other (after the background with `softmax`). */
    channels: z.array(z.int().nonnegative()).optional(),
    /** Output pixels per input pixel (1: the same grid). */
    scale: z.number().positive().default(1),
  }),
  /** Average with the left-right flipped input, paired organs exchanged. */
  flipAverage: z.boolean().default(false),
  int8: int8Network.optional(),
  /**
   * Of an ensemble: the bundles whose probabilities are averaged, folders of this one, with the SHA-256 of the bundle.json
   * of each. The first one's input, output and files stand in this manifest as well; its grid is the common one.
   */
  members: z.array(namedFile).default([]),
});

/** A network of patches of the whole CT, which gives each voxel one label. */
export const volumeManifestSchema = z
  .strictObject({
    ...everyBundle,
    architecture: z.strictObject({
      family: z.enum(['nnunet', 'monai']),
      /** What the folder that it was imported from says: dataset, configuration and trainer, or MONAI's versions. */
      parameters: z.record(z.string(), z.unknown()).default({}),
    }),
    volume: volumeSectionSchema,
  })
  .refine(({ rois, volume }) => rois.length === volume.labels.length, {
    error: 'volume.labels must have one entry for each ROI',
  })
  .refine(({ rois }) => rois.every(({ threshold }) => threshold === 0.5), {
    error: 'the largest logit decides: a threshold has no meaning, leave it out',
  });

export type SliceManifest = z.output<typeof sliceManifestSchema>;
export type VolumeManifest = z.output<typeof volumeManifestSchema>;
export type BundleManifest = SliceManifest | VolumeManifest;

/** The schema that a manifest has to keep: that of a volume model where it has such a section. */
export function manifestSchemaOf(manifest: unknown): z.ZodType<BundleManifest> {
  const ofVolume = typeof manifest === 'object' && manifest !== null && 'volume' in manifest;
  return ofVolume ? volumeManifestSchema : sliceManifestSchema;
}

/**
 * The manifest of a network of slices, where nothing else will do.
 * @throws ContourNodeError BUNDLE_INVALID
 */
export function sliceManifestOf(manifest: BundleManifest): SliceManifest {
  if (!('volume' in manifest)) return manifest;
  throw new ContourNodeError('BUNDLE_INVALID', `${manifest.name} is a network of the whole CT, not one of slices`, {
    remedy: 'take a bundle that `train` wrote or that came from an ONNX file of slices',
  });
}

/** The images that a network sees beside the CT; undefined where it sees the CT alone. */
export function modalitiesOf(manifest: BundleManifest): SliceManifest['input']['modalities'] {
  if (!('volume' in manifest)) return manifest.input.modalities;
  return manifest.volume.beside?.map(({ name, modality: of }) => {
    return { name, modality: of, normalisation: 'z-score' as const, mayBeMissing: false };
  });
}

/** The bundles that an ensemble averages; none of any other bundle. */
export function membersOf(manifest: BundleManifest): SliceManifest['members'] {
  return 'volume' in manifest ? [] : manifest.members;
}

/** Its network with 8-bit integers; an ensemble has none of its own. */
export function int8Of(manifest: BundleManifest): SliceManifest['int8'] {
  return 'volume' in manifest || manifest.members.length > 0 ? undefined : manifest.int8;
}

/** Names of the graph's input and output. */
export function graphTensorsOf(manifest: BundleManifest): { input: string; output: string } {
  if ('volume' in manifest) return manifest.volume.tensors;
  return { input: manifest.input.tensor, output: manifest.output.tensor };
}

export type Roi = BundleManifest['rois'][number];
