import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { seededRandom } from '../../worker/phantom/random.ts';
import type { SmallNetwork } from './naive-unet.ts';
import { torchCheckpoint, type GivenCheckpoint, type GivenTensor } from './torch-checkpoint.ts';

export const features = [3, 4] as const;

/** A network of two stages that reads and runs in no time. */
export const smallNetwork: SmallNetwork = {
  kind: 'plain',
  kernels: [
    [1, 3, 3],
    [3, 3, 3],
  ],
  stride: [1, 2, 2],
};

/** Random weights of the small U-Net of the tests, by the names of a state_dict. */
export function smallWeights(network: SmallNetwork, heads: number, seed: number, images = 1): Map<string, GivenTensor> {
  const random = seededRandom(seed);
  const slices = network.kernels[0][0] === 1 && network.kernels[1][0] === 1 && network.stride[0] === 1;
  const weights = new Map<string, GivenTensor>();
  const add = (name: string, ...shape: number[]) => {
    const count = shape.reduce((a, b) => a * b, 1);
    weights.set(name, { shape, values: Float32Array.from({ length: count }, () => random.between(-1, 1)) });
  };
  const axes = (kernel: readonly number[]) => (slices ? kernel.slice(1) : kernel);
  const convolution = (name: string, from: number, to: number, kernel: readonly number[], bias = true) => {
    add(`${name}.conv.weight`, to, from, ...axes(kernel));
    if (bias) add(`${name}.conv.bias`, to);
    add(`${name}.norm.weight`, to);
    add(`${name}.norm.bias`, to);
  };
  const [few, many] = features;
  const [fine, coarse] = network.kernels;
  if (network.kind === 'plain') {
    convolution('encoder.stages.0.0.convs.0', images, few, fine);
    convolution('encoder.stages.1.0.convs.0', few, many, coarse);
  } else {
    convolution('encoder.stem.convs.0', images, few, fine);
    convolution('encoder.stages.0.blocks.0.conv1', few, few, fine);
    convolution('encoder.stages.0.blocks.0.conv2', few, few, fine);
    convolution('encoder.stages.1.blocks.0.conv1', few, many, coarse);
    convolution('encoder.stages.1.blocks.0.conv2', many, many, coarse);
    convolution('encoder.stages.1.blocks.0.skip.1', few, many, [1, 1, 1], false);
  }
  add('decoder.transpconvs.0.weight', many, few, ...axes(network.stride));
  add('decoder.transpconvs.0.bias', few);
  convolution('decoder.stages.0.convs.0', 2 * few, few, fine);
  add('decoder.seg_layers.0.weight', heads, few, ...axes([1, 1, 1]));
  add('decoder.seg_layers.0.bias', heads);
  return weights;
}

/** Further names that a real checkpoint has for the same weights. */
export function aliasesOf(weights: ReadonlyMap<string, unknown>): Map<string, string> {
  const aliases = new Map<string, string>();
  for (const name of weights.keys()) {
    const twin = name.replace('.conv.', '.all_modules.0.').replace('.norm.', '.all_modules.1.');
    if (twin !== name) aliases.set(twin, name);
    if (name.startsWith('encoder.')) aliases.set(`decoder.${name}`, name);
  }
  return aliases;
}

export interface SmallFolder {
  readonly network: SmallNetwork;
  readonly patch: readonly number[];
  readonly spacing: readonly number[];
  /** dataset.json's labels; default: two organs. */
  readonly labels?: Readonly<Record<string, number | readonly number[]>>;
  readonly regionOrder?: readonly number[];
  readonly normalisation?: string;
  /** dataset.json's names of the channels, and their normalisations; default: the CT alone. */
  readonly channels?: Readonly<Record<string, string>>;
  readonly normalisations?: readonly string[];
  readonly transpose?: readonly number[];
  /** Changes of the configuration in plans.json, and of arch_kwargs. */
  readonly configuration?: Readonly<Record<string, unknown>>;
  readonly arch?: Readonly<Record<string, unknown>>;
}

export const smallLabels = { background: 0, Parotid_L: 1, Parotid_R: 2 };

export function smallPlans(given: SmallFolder): Record<string, unknown> {
  const { network, patch, spacing } = given;
  const slices = patch.length === 2;
  const axes = (values: readonly number[]) => (slices ? values.slice(1) : values);
  const ones = axes([1, 1, 1]);
  const resampling = (order: number) => ({ is_seg: false, order, order_z: 0, force_separate_z: null });
  return {
    dataset_name: 'Dataset900_Small',
    plans_name: 'nnUNetPlans',
    image_reader_writer: 'SimpleITKIO',
    transpose_forward: given.transpose ?? [0, 1, 2],
    label_manager: 'LabelManager',
    foreground_intensity_properties_per_channel: {
      '0': { mean: 40, std: 200, percentile_00_5: -500, percentile_99_5: 1000 },
      '1': { mean: 41, std: 201, percentile_00_5: -501, percentile_99_5: 1001 },
    },
    configurations: {
      '3d_fullres': {
        preprocessor_name: 'DefaultPreprocessor',
        patch_size: patch,
        spacing,
        normalization_schemes: given.normalisations ?? [given.normalisation ?? 'CTNormalization'],
        use_mask_for_norm: (given.normalisations ?? ['']).map(() => false),
        resampling_fn_data: 'resample_data_or_seg_to_shape',
        resampling_fn_data_kwargs: resampling(3),
        resampling_fn_probabilities: 'resample_data_or_seg_to_shape',
        resampling_fn_probabilities_kwargs: resampling(1),
        architecture: {
          network_class_name: `dynamic_network_architectures.architectures.unet.${network.kind === 'plain' ? 'PlainConvUNet' : 'ResidualEncoderUNet'}`,
          arch_kwargs: {
            n_stages: 2,
            features_per_stage: [...features],
            conv_op: `torch.nn.modules.conv.Conv${patch.length}d`,
            kernel_sizes: network.kernels.map(axes),
            strides: [ones, axes(network.stride)],
            [network.kind === 'plain' ? 'n_conv_per_stage' : 'n_blocks_per_stage']: [1, 1],
            n_conv_per_stage_decoder: [1],
            conv_bias: true,
            norm_op: `torch.nn.modules.instancenorm.InstanceNorm${patch.length}d`,
            norm_op_kwargs: { eps: 1e-5, affine: true },
            dropout_op: null,
            dropout_op_kwargs: null,
            nonlin: 'torch.nn.LeakyReLU',
            nonlin_kwargs: { inplace: true },
            ...given.arch,
          },
        },
        ...given.configuration,
      },
    },
  };
}

/** Writes a results folder as nnU-Net leaves it, with one checkpoint a fold. */
export async function writeNnUnetFolder(
  folder: string,
  given: SmallFolder,
  folds: readonly (Omit<GivenCheckpoint, 'initArgs'> & { plans?: unknown })[],
): Promise<void> {
  const plans = smallPlans(given);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'plans.json'), JSON.stringify(plans));
  const dataset = {
    channel_names: given.channels ?? { '0': 'CT' },
    labels: given.labels ?? smallLabels,
    ...(given.regionOrder !== undefined && { regions_class_order: given.regionOrder }),
    file_ending: '.nii.gz',
  };
  await writeFile(join(folder, 'dataset.json'), JSON.stringify(dataset));
  for (const [fold, checkpoint] of folds.entries()) {
    await mkdir(join(folder, `fold_${fold}`), { recursive: true });
    const initArgs = { configuration: '3d_fullres', fold, plans: checkpoint.plans ?? plans };
    const bytes = torchCheckpoint({ aliases: aliasesOf(checkpoint.weights), ...checkpoint, initArgs });
    await writeFile(join(folder, `fold_${fold}`, 'checkpoint_final.pth'), bytes);
  }
}
