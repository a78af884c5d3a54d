import { z } from 'zod';

/**
 * The processing around a network that sees patches of the whole CT and gives each voxel one label. What is left out is as
 * nnU-Net does it (Isensee et al. 2021); the other values are MONAI's. Arrays have the network's axes, with nnU-Net mostly
 * slices, rows, columns.
 */
const size = z.int().positive();
const direction = z.enum(['L', 'R', 'A', 'P', 'S', 'I']);

/** Orders of the splines: of all axes, or in plane and along the axis that is resampled by itself. */
const resampling = z.strictObject({
  order: z.int().min(0).max(3),
  orderZ: z.int().min(0).max(3),
  /** Whether the axis of the largest spacing is resampled by itself; null: where the spacings differ by `anisotropy`. */
  separateZ: z.boolean().nullable(),
  anisotropy: z.number().positive().default(3),
});

const normalisation = z.discriminatedUnion('scheme', [
  /** HU clipped to [low, high], minus mean, over sd. */
  z.strictObject({
    scheme: z.literal('ct'),
    low: z.number(),
    high: z.number(),
    mean: z.number(),
    sd: z.number().positive(),
  }),
  /** Minus mean over standard deviation of the image, or of what is not 0 in it. */
  z.strictObject({ scheme: z.literal('z-score'), nonzeroOnly: z.boolean() }),
  z.strictObject({ scheme: z.literal('rescale') }),
  z.strictObject({ scheme: z.literal('rgb') }),
  z.strictObject({ scheme: z.literal('none') }),
]);

export const volumeSectionSchema = z
  .strictObject({
    /**
     * Where the slices, rows and columns of the reader's array grow to: S, P, L is SimpleITK on an axial CT, S, A, R
     * nibabel after a reorientation to RAS.
     */
    axes: z
      .tuple([direction, direction, direction])
      .refine((axes) => new Set(axes.map((one) => 'LRAPSI'.indexOf(one) >> 1)).size === 3, {
        error: 'name each of left-right, front-back and head-feet once',
      }),
    /** Which of these axes is the network's first, second and third. */
    transpose: z
      .tuple([z.int(), z.int(), z.int()])
      .refine((order) => [0, 1, 2].every((axis) => order.includes(axis)), { error: 'must hold 0, 1 and 2' }),
    /** The image is cut to the box of what is not 0 before anything else. */
    cropToNonzero: z.boolean().default(true),
    normalisation,
    /** Images that the network sees beside the CT, on its grid, 0 where they do not reach; it cannot do without them. */
    beside: z
      .array(
        z.strictObject({
          /** What orders and recipes call it: the channel's name in dataset.json. */
          name: z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,15}$/, 'a letter, then letters, digits, _ and -, 16 in all'),
          /** Modality (0008,0060) of the series. */
          modality: z.literal('MR'),
          normalisation,
          /** Its place among the channels of the input; the CT has the one that is left. */
          channel: z.int().nonnegative(),
        }),
      )
      .min(1)
      .max(3)
      .refine((all) => new Set(all.map(({ channel }) => channel)).size === all.length, { error: 'a channel each' })
      .refine((all) => all.every(({ channel }) => channel <= all.length), { error: 'channels must follow each other' })
      .optional(),
    /** Whether the image is brought to `spacingMm` before its intensities are normalised. */
    resampleFirst: z.boolean().default(false),
    /** mm; two for a network of slices: then the first axis keeps its own. */
    spacingMm: z.array(z.number().positive()).min(2).max(3),
    resampling: z.strictObject({
      image: resampling,
      /** Of the logits, back to the CT: at most linear, so that no class is ever there as a whole. */
      logits: resampling.refine(({ order, orderZ }) => order < 2 && orderZ < 2, { error: 'order 0 or 1' }),
      /**
       * What stays in its place: the outer `edges` of the image, so that its voxels get the spacing that divides it evenly,
       * or the centre of the `first-voxel`, and the distances are exactly `spacingMm`.
       */
      keeps: z.enum(['edges', 'first-voxel']).default('edges'),
    }),
    /** Voxels that the network sees at once; two for a network of slices. */
    patch: z.array(size).min(2).max(3),
    /** What the engine takes for one patch, about; a machine that has less refuses the model. */
    patchMegabytes: z.number().positive().optional(),
    /** Distance of neighbouring patches, in patches, at the most. */
    step: z.number().gt(0).max(1).default(0.5),
    /** Patches `evenly` spread, or with a `fixed` distance and the last one moved back into the image. */
    spread: z.enum(['evenly', 'fixed']).default('evenly'),
    /**
     * What a voxel of a patch counts where patches overlap: a `gaussian` in half precision around the voxel behind the
     * middle, the same in single precision around the exact middle (`centred-gaussian`), or `constant`.
     */
    weights: z.enum(['gaussian', 'centred-gaussian', 'constant']).default('gaussian'),
    /** Standard deviation of the Gaussian weights, in patches. */
    gaussianSigma: z.number().positive().default(0.125),
    /** In which the weighted logits are added up. */
    precision: z.enum(['half', 'single']).default('half'),
    /** Turns the logits into probabilities before they are resampled; absent: the logits themselves are. */
    activation: z.enum(['softmax', 'sigmoid']).optional(),
    /** Axes that may be mirrored: those that the training mirrored. */
    mirrorAxes: z.array(z.int().min(0).max(2)).max(3).default([]),
    /** Mean over all mirrored inputs: 2, 4 or 8 times the work. */
    mirroring: z.boolean().default(false),
    /** Folds whose mean the graph gives; `exported` where the graph came as it is. */
    folds: z.array(z.string()).min(1),
    /** Names of the graph's tensors: [1, 1, ...patch] and [1, channels, ...patch]. */
    tensors: z.strictObject({ input: z.string(), output: z.string() }),
    /** Channels of the graph's output. */
    channels: size.min(1),
    /**
     * Absent: the channels are the labels 0 (background), 1, 2, ... and the largest logit wins. Otherwise each channel is
     * a region, positive where it is, and writes its label here over those of the channels before it.
     */
    regionOrder: z.array(z.int().nonnegative()).optional(),
    /** Per ROI the labels that it is made of. */
    labels: z.array(z.array(size).min(1)).min(1),
  })
  .refine(({ patch, spacingMm }) => patch.length === spacingMm.length, {
    error: 'patch and spacingMm must have as many axes',
  })
  .refine(({ regionOrder, channels }) => regionOrder === undefined || regionOrder.length === channels, {
    error: 'regionOrder must have one entry for each channel',
  })
  .refine(
    ({ activation, regionOrder }) =>
      activation === undefined || (activation === 'sigmoid') === (regionOrder !== undefined),
    { error: 'activation must be sigmoid where there are regions, softmax where there are none' },
  );

export type VolumeSection = z.output<typeof volumeSectionSchema>;
