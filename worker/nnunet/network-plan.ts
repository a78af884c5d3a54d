import { z } from 'zod';
import { expect, parse, unsupported } from './parse-part.ts';

/** Classes PlainConvUNet and ResidualEncoderUNet of dynamic_network_architectures. Lists have one entry a stage. */
export interface NetworkPlan {
  readonly encoder: 'plain' | 'residual';
  readonly features: readonly number[];
  readonly kernels: readonly (readonly number[])[];
  readonly strides: readonly (readonly number[])[];
  /** Convolutions (plain) or residual blocks of each stage of the encoder. */
  readonly blocks: readonly number[];
  /** Convolutions of each stage of the decoder, from the coarsest. */
  readonly decoderConvolutions: readonly number[];
  readonly bias: boolean;
  readonly epsilon: number;
  /** Factor of negative values; 0 is ReLU. */
  readonly negativeSlope: number;
  readonly stemFeatures: number;
}

const size = z.int().positive();
export const perAxis = z.array(size).min(2).max(3);
const perStage = z.union([size, z.array(size)]);
const perStageAndAxis = z.union([size, z.array(z.union([size, perAxis]))]);

const architectureSchema = z.object({
  network_class_name: z.string(),
  arch_kwargs: z.strictObject({
    n_stages: z.int().min(2).max(12),
    features_per_stage: perStage,
    conv_op: z.string(),
    kernel_sizes: perStageAndAxis,
    strides: perStageAndAxis,
    n_conv_per_stage: perStage.optional(),
    n_blocks_per_stage: perStage.optional(),
    n_conv_per_stage_decoder: perStage,
    conv_bias: z.boolean().default(false),
    norm_op: z.string().nullable(),
    norm_op_kwargs: z.strictObject({ eps: z.number().positive().default(1e-5), affine: z.boolean().default(false) }),
    dropout_op: z.string().nullable().default(null),
    dropout_op_kwargs: z.unknown().optional(),
    nonlin: z.string(),
    nonlin_kwargs: z
      .strictObject({ inplace: z.boolean().optional(), negative_slope: z.number().nonnegative().optional() })
      .nullable()
      .default(null),
    stem_channels: size.nullable().default(null),
    deep_supervision: z.boolean().optional(),
    nonlin_first: z.literal(false).optional(),
  }),
});

/** The network as plans of nnU-Net up to 2.2 (TotalSegmentator's among them) say it. */
const oldNetworkSchema = z.object({
  UNet_class_name: z.string(),
  UNet_base_num_features: size,
  unet_max_num_features: size,
  n_conv_per_stage_encoder: z.array(size),
  n_conv_per_stage_decoder: z.array(size),
  conv_kernel_sizes: z.array(perAxis),
  pool_op_kernel_sizes: z.array(perAxis),
});

/**
 * The network of one configuration of plans.json.
 * @param where names the configuration in errors
 * @throws ContourNodeError MODEL_NOT_SUPPORTED
 */
export function networkOf(
  configuration: Record<string, unknown>,
  patch: readonly number[],
  where: string,
): NetworkPlan {
  const axes = patch.length;
  const architecture = configuration['architecture'] ?? fromOldPlans(configuration, axes, where);
  const given = parse(architectureSchema.shape.network_class_name, recordOf(architecture)['network_class_name'], where);
  const encoder = encoderOf(given);
  const { arch_kwargs: kwargs } = parse(architectureSchema, architecture, `${where}, architecture`);
  const stages = kwargs.n_stages;
  const list = <T>(value: T | readonly T[], count: number, key: string): readonly T[] => {
    const values = Array.isArray(value) ? (value as readonly T[]) : Array.from({ length: count }, () => value as T);
    if (values.length !== count) throw unsupported(`${where}: ${key} has ${values.length} entries for ${count} stages`);
    return values;
  };
  const spread = (value: z.output<typeof perStageAndAxis>, key: string) =>
    list<number | number[]>(value, stages, key).map((entry) => {
      const values = typeof entry === 'number' ? Array.from({ length: axes }, () => entry) : entry;
      if (values.length !== axes) throw unsupported(`${where}: ${key} has ${values.length} axes, the patch ${axes}`);
      return values;
    });
  expect('convolution', lastName(kwargs.conv_op), `Conv${axes}d`);
  expect('normalisation layer', lastName(kwargs.norm_op ?? 'none'), `InstanceNorm${axes}d`);
  if (!kwargs.norm_op_kwargs.affine) throw unsupported(`${where}: an InstanceNorm without weights is not supported`);
  const blocks = encoder === 'plain' ? kwargs.n_conv_per_stage : kwargs.n_blocks_per_stage;
  if (blocks === undefined) throw unsupported(`${where}: the number of blocks of each stage is missing`);
  const features = list(kwargs.features_per_stage, stages, 'features_per_stage');
  const strides = spread(kwargs.strides, 'strides');
  const kernels = spread(kwargs.kernel_sizes, 'kernel_sizes');
  if (kernels.flat().some((length) => length % 2 === 0)) throw unsupported(`${where}: a kernel of even size`);
  for (const [axis, length] of patch.entries()) {
    const divisor = strides.reduce((product, stride) => product * stride[axis]!, 1);
    if (length % divisor !== 0)
      throw unsupported(`${where}: the patch of ${patch.join(' x ')} cannot be divided by the strides of the network`);
  }
  return {
    encoder,
    features,
    kernels,
    strides,
    blocks: list(blocks, stages, 'n_conv_per_stage or n_blocks_per_stage'),
    decoderConvolutions: list(kwargs.n_conv_per_stage_decoder, stages - 1, 'n_conv_per_stage_decoder'),
    bias: kwargs.conv_bias,
    epsilon: kwargs.norm_op_kwargs.eps,
    negativeSlope: slopeOf(lastName(kwargs.nonlin), kwargs.nonlin_kwargs?.negative_slope),
    stemFeatures: kwargs.stem_channels ?? features[0]!,
  };
}

function encoderOf(className: string): NetworkPlan['encoder'] {
  const name = lastName(className);
  if (className.startsWith('dynamic_network_architectures.')) {
    if (name === 'PlainConvUNet') return 'plain';
    if (name === 'ResidualEncoderUNet') return 'residual';
  }
  throw unsupported(
    `the network ${className} is not supported, only PlainConvUNet and ResidualEncoderUNet`,
    'export it to ONNX and import that (docs/models.md)',
  );
}

function slopeOf(nonlinearity: string, slope: number | undefined): number {
  // PyTorch's default.
  if (nonlinearity === 'LeakyReLU') return slope ?? 0.01;
  if (nonlinearity === 'ReLU') return 0;
  throw unsupported(`the nonlinearity ${nonlinearity} is not supported`);
}

/** The rule of nnU-Net's PlansManager for plans without `architecture`. */
function fromOldPlans(configuration: Record<string, unknown>, axes: number, where: string) {
  if (configuration['UNet_class_name'] === undefined) throw unsupported(`${where}: it names no network`);
  const old = parse(oldNetworkSchema, configuration, where);
  const stages = old.n_conv_per_stage_encoder.length;
  return {
    network_class_name: `dynamic_network_architectures.architectures.unet.${old.UNet_class_name}`,
    arch_kwargs: {
      n_stages: stages,
      features_per_stage: Array.from({ length: stages }, (_, stage) =>
        Math.min(old.UNet_base_num_features * 2 ** stage, old.unet_max_num_features),
      ),
      conv_op: `torch.nn.modules.conv.Conv${axes}d`,
      kernel_sizes: old.conv_kernel_sizes,
      strides: old.pool_op_kernel_sizes,
      n_conv_per_stage: old.n_conv_per_stage_encoder,
      n_blocks_per_stage: old.n_conv_per_stage_encoder,
      n_conv_per_stage_decoder: old.n_conv_per_stage_decoder,
      conv_bias: true,
      norm_op: `torch.nn.modules.instancenorm.InstanceNorm${axes}d`,
      norm_op_kwargs: { eps: 1e-5, affine: true },
      nonlin: 'torch.nn.LeakyReLU',
    },
  };
}

function lastName(dotted: string): string {
  return dotted.split('.').at(-1) ?? dotted;
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
