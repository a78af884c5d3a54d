import { z } from 'zod';
import { networkOf, perAxis, type NetworkPlan } from './network-plan.ts';
import { expect, parse, unsupported } from './parse-part.ts';

/**
 * `plans.json` and `dataset.json` of nnU-Net v2 (nnunetv2 2.x), as far as inference needs them. Arrays run as nnU-Net's
 * do: slices, rows, columns, after `transpose_forward`.
 */
export interface Plan {
  readonly datasetName: string;
  readonly configuration: string;
  /** nnU-Net's class that read the images: it decides which way the axes run. */
  readonly reader: string;
  readonly transposeForward: readonly [number, number, number];
  /** Two entries for a network of slices. */
  readonly patch: readonly number[];
  /** mm; two entries for a network of slices, which keeps the distance of the slices. */
  readonly spacing: readonly number[];
  /** Of the CT. */
  readonly normalisation: Normalisation;
  /** Channels beside the CT. */
  readonly beside: readonly {
    readonly name: string;
    readonly modality: 'MR';
    readonly normalisation: Normalisation;
    readonly channel: number;
  }[];
  readonly imageResampling: Resampling;
  readonly logitResampling: Resampling;
  readonly labels: Labels;
}

export type Normalisation =
  | { readonly scheme: 'ct'; readonly low: number; readonly high: number; readonly mean: number; readonly sd: number }
  | { readonly scheme: 'z-score'; readonly nonzeroOnly: boolean }
  | { readonly scheme: 'rescale' | 'rgb' | 'none' };

/** Arguments of nnU-Net's resampling: spline order in plane or in all axes, and along the axis that goes separately. */
export interface Resampling {
  readonly order: number;
  readonly orderZ: number;
  /** null: where one spacing is more than `anisotropy` times another. */
  readonly separateZ: boolean | null;
  readonly anisotropy: number;
}

export interface Labels {
  /** Name and the values of the label map that it is made of; the background is not among them. */
  readonly names: ReadonlyMap<string, readonly number[]>;
  /** Output channels of the network. */
  readonly heads: number;
  /** Where the network answers regions: the label that each channel writes, in this order. */
  readonly regionOrder: readonly number[] | undefined;
}

const resamplingArguments = z.strictObject({
  is_seg: z.literal(false).default(false),
  order: z.int().min(0).max(3),
  order_z: z.int().min(0).max(3).default(0),
  force_separate_z: z.boolean().nullable().default(null),
  separate_z_anisotropy_threshold: z.number().positive().default(3),
});
const configurationSchema = z.object({
  preprocessor_name: z.string().default('DefaultPreprocessor'),
  patch_size: perAxis,
  spacing: z.array(z.number().positive()).min(2).max(3),
  normalization_schemes: z.array(z.string()),
  use_mask_for_norm: z.array(z.boolean()),
  resampling_fn_data: z.string(),
  resampling_fn_data_kwargs: z.unknown(),
  resampling_fn_probabilities: z.string(),
  resampling_fn_probabilities_kwargs: z.unknown(),
  previous_stage: z.string().nullish(),
});

const intensities = z.record(
  z.string(),
  z.object({ mean: z.number(), std: z.number(), percentile_00_5: z.number(), percentile_99_5: z.number() }),
);
const plansSchema = z.object({
  dataset_name: z.string(),
  image_reader_writer: z.string(),
  transpose_forward: z.tuple([z.int(), z.int(), z.int()]),
  configurations: z.record(z.string(), z.record(z.string(), z.unknown())),
  label_manager: z.string().default('LabelManager'),
  foreground_intensity_properties_per_channel: intensities.optional(),
  foreground_intensity_properties_by_modality: intensities.optional(),
});

const labelValue = z.int().nonnegative();
const datasetSchema = z.object({
  channel_names: z.record(z.string(), z.string()).optional(),
  modality: z.record(z.string(), z.string()).optional(),
  labels: z.record(z.string(), z.union([labelValue, z.array(labelValue).min(1)])),
  regions_class_order: z.array(labelValue).nullish(),
});

/** @throws ContourNodeError MODEL_NOT_SUPPORTED (no plans.json of nnU-Net v2) */
export function configurationsOf(plans: unknown): string[] {
  return Object.keys(parse(plansSchema, plans, 'plans.json').configurations);
}

/**
 * Puts both files and one configuration of them into a plan.
 * @throws ContourNodeError MODEL_NOT_SUPPORTED naming what this node does not run, or the key that is wrong
 */
export function readPlan(plans: unknown, dataset: unknown, configuration: string): Plan {
  const parsed = parse(plansSchema, plans, 'plans.json');
  const own = inherited(parsed.configurations, configuration);
  const where = `plans.json, configuration ${configuration}`;
  const values = parse(configurationSchema, own, where);
  if (typeof values.previous_stage === 'string') {
    throw unsupported(
      `configuration ${configuration} is the second stage of a cascade after ${values.previous_stage}`,
      `import ${values.previous_stage} or another configuration of the folder with --configuration`,
    );
  }
  expect('preprocessor', values.preprocessor_name, 'DefaultPreprocessor');
  expect('label manager', parsed.label_manager, 'LabelManager');
  expect('resampling of the image', values.resampling_fn_data, 'resample_data_or_seg_to_shape');
  expect('resampling of the logits', values.resampling_fn_probabilities, 'resample_data_or_seg_to_shape');
  if (values.patch_size.length !== values.spacing.length)
    throw unsupported(`${where}: patch_size and spacing have unlike numbers of axes`);
  if (![0, 1, 2].every((axis) => parsed.transpose_forward.includes(axis)))
    throw unsupported('plans.json: transpose_forward is no order of three axes');

  const { channel_names, modality, ...labels } = parse(datasetSchema, dataset, 'dataset.json');
  const channels = channelsOf(channel_names ?? modality ?? {}, values.normalization_schemes.length);
  const normalised = (channel: number): Normalisation =>
    normalisationOf(
      values.normalization_schemes[channel]!,
      // Of several images nnU-Net takes what is not 0 in any of them.
      noMask(values.use_mask_for_norm[channel] ?? false, channels.beside.length),
      parsed.foreground_intensity_properties_per_channel ?? parsed.foreground_intensity_properties_by_modality ?? {},
      channel,
    );
  return {
    datasetName: parsed.dataset_name,
    configuration,
    reader: parsed.image_reader_writer,
    transposeForward: parsed.transpose_forward,
    patch: values.patch_size,
    spacing: values.spacing,
    normalisation: normalised(channels.ct),
    beside: channels.beside.map((one) => ({ ...one, normalisation: normalised(one.channel) })),
    imageResampling: resamplingOf(values.resampling_fn_data_kwargs, `${where}, resampling_fn_data_kwargs`),
    logitResampling: logitResamplingOf(values.resampling_fn_probabilities_kwargs, where),
    labels: labelsOf(labels),
  };
}

/**
 * The network of a configuration, where this node can build it.
 * @throws ContourNodeError MODEL_NOT_SUPPORTED
 */
export function readNetworkPlan(plans: unknown, configuration: string): NetworkPlan {
  const own = inherited(parse(plansSchema, plans, 'plans.json').configurations, configuration);
  const where = `plans.json, configuration ${configuration}`;
  return networkOf(own, parse(configurationSchema, own, where).patch_size, where);
}

function inherited(all: Record<string, Record<string, unknown>>, name: string): Record<string, unknown> {
  let result: Record<string, unknown> = {};
  const seen = new Set<string>();
  for (let next: string | undefined = name; next !== undefined;) {
    const own: Record<string, unknown> | undefined = Object.hasOwn(all, next) ? all[next] : undefined;
    if (own === undefined || seen.has(next)) {
      throw unsupported(
        `plans.json has no configuration ${next}, only ${Object.keys(all).join(', ')}`,
        'name one of them with --configuration',
      );
    }
    seen.add(next);
    result = { ...own, ...result };
    const parent: unknown = own['inherits_from'];
    next = typeof parent === 'string' ? parent : undefined;
  }
  return result;
}

/** Names of nnU-Net's channels that are MR images. */
const mrNames = /^(MRI?|T1|T2|FLAIR|STIR|DWI|ADC)/i;

/** The channel of the CT and those beside it, by the names of dataset.json; a single channel is the CT whatever its name. */
function channelsOf(
  names: Readonly<Record<string, string>>,
  schemes: number,
): { ct: number; beside: Omit<Plan['beside'][number], 'normalisation'>[] } {
  const channels = Object.entries(names).map(([channel, name]) => ({ channel: Number(channel), name: name.trim() }));
  if (channels.length !== schemes || channels.some(({ channel }) => !(channel >= 0 && channel < schemes)))
    throw unsupported(`dataset.json names ${channels.length} channels, plans.json normalises ${schemes}`);
  if (channels.length === 1) return { ct: 0, beside: [] };
  const [ct, ...more] = channels.filter(({ name }) => /^CT$/i.test(name));
  if (ct === undefined || more.length > 0)
    throw unsupported(`of the channels ${channels.map(({ name }) => name).join(', ')} one has to be CT`);
  const beside = channels.filter((one) => one !== ct);
  const other = beside.find(({ name }) => !mrNames.test(name) || !/^[A-Za-z][A-Za-z0-9_-]{0,15}$/.test(name));
  if (other !== undefined) throw unsupported(`the channel ${other.name} is no MR: CT and MR can be given`);
  return { ct: ct.channel, beside: beside.map((one) => ({ ...one, modality: 'MR' as const })) };
}

function noMask(useMask: boolean, beside: number): boolean {
  if (useMask && beside > 0) throw unsupported('use_mask_for_norm with several channels');
  return useMask;
}

function normalisationOf(
  scheme: string,
  useMask: boolean,
  properties: z.output<typeof intensities>,
  channel: number,
): Normalisation {
  switch (scheme) {
    case 'CTNormalization': {
      const found = properties[String(channel)];
      if (found === undefined)
        throw unsupported(`plans.json: CTNormalization without the intensities of channel ${channel}`);
      const { percentile_00_5: low, percentile_99_5: high, mean, std } = found;
      return { scheme: 'ct', low, high, mean, sd: Math.max(std, 1e-8) };
    }
    case 'ZScoreNormalization':
      return { scheme: 'z-score', nonzeroOnly: useMask };
    case 'RescaleTo01Normalization':
      return { scheme: 'rescale' };
    case 'RGBTo01Normalization':
      return { scheme: 'rgb' };
    case 'NoNormalization':
      return { scheme: 'none' };
    default:
      throw unsupported(`the normalisation ${scheme} is not known here`);
  }
}

function resamplingOf(value: unknown, where: string): Resampling {
  const { order, order_z, force_separate_z, separate_z_anisotropy_threshold } = parse(
    resamplingArguments,
    value,
    where,
  );
  if (order === 2 || order_z === 2) throw unsupported(`${where}: splines of order 2 are not supported`);
  return { order, orderZ: order_z, separateZ: force_separate_z, anisotropy: separate_z_anisotropy_threshold };
}

function logitResamplingOf(value: unknown, where: string): Resampling {
  const resampling = resamplingOf(value, `${where}, resampling_fn_probabilities_kwargs`);
  // Anything higher would need whole volumes of every class at once.
  if (resampling.order > 1 || resampling.orderZ > 1)
    throw unsupported(`${where}: the logits are resampled with splines, only order 0 and 1 are supported`);
  return resampling;
}

/** nnU-Net's LabelManager: with a list of more than one value anywhere, every name is a region with a channel of its own. */
function labelsOf({ labels, regions_class_order: order }: Omit<z.output<typeof datasetSchema>, 'modality'>): Labels {
  if (labels['background'] !== 0) throw unsupported('dataset.json: the label background must be 0');
  const names = new Map<string, number[]>();
  for (const [name, value] of Object.entries(labels)) {
    const values = typeof value === 'number' ? [value] : value;
    if (name !== 'ignore' && values.some((one) => one !== 0)) names.set(name, values);
  }
  if (names.size === 0) throw unsupported('dataset.json names no label besides the background');
  if ([...names.values()].some((values) => values.length > 1)) {
    if (order?.length !== names.size)
      throw unsupported('dataset.json: regions_class_order must have one entry for each region');
    return { names, heads: names.size, regionOrder: order };
  }
  const values = [...names.values()].map(([value]) => value!).toSorted((a, b) => a - b);
  // nnU-Net takes the number of the channel for the label.
  if (values.some((value, n) => value !== n + 1))
    throw unsupported('dataset.json: the labels are not numbered 1, 2, 3, ... without a gap');
  return { names, heads: names.size + 1, regionOrder: undefined };
}
