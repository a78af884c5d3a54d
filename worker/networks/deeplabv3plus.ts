import { z } from 'zod';
import { inputName, LayerList, type Network, type Shape } from './layers.ts';

/**
 * Deeplabv3+ with the improved MobileNetV2 as encoder (Xue et al. 2020, section 1.2 and figures 1 and 2; docs/networks.md
 * says what was chosen where the paper leaves something open).
 */
export const deeplabv3plusParameters = z.strictObject({
  /** Multiplies every channel count of the encoder; rounded to whole eights. */
  width: z.number().positive().max(2).default(1),
  /** No layer of the encoder gets fewer channels than these, however small `width` is. */
  leastChannels: z.int().positive().default(8),
  /** Input pixels per pixel of the encoder's last feature map; atrous convolutions take the place of the strides left out. */
  outputStride: z.union([z.literal(8), z.literal(16)]).default(16),
  /** Channels within an inverted residual per channel of its input. */
  expansion: z.int().min(1).max(6).default(6),
  /** Dilations of the pyramid's 3 x 3 convolutions, in pixels of the encoder's last feature map. */
  atrousRates: z.array(z.int().positive()).min(1).max(5).default([6, 12, 18]),
  /** Channels of each branch of the pyramid and of their joint projection. */
  pyramidChannels: z.int().positive().default(256),
  /** Strides at which the decoder joins low-level features, coarsest first. The paper joins them once, at 4. */
  decoderStrides: z
    .array(z.union([z.literal(2), z.literal(4)]))
    .min(1)
    .max(2)
    .default([4]),
  /** Channels that the low-level features are reduced to before they are joined, one for each decoder stride. */
  lowLevelChannels: z.array(z.int().positive()).min(1).max(2).default([48]),
  /** Channels of the decoder's separable convolutions, one for each decoder stride. */
  decoderChannels: z.array(z.int().positive()).min(1).max(2).default([256]),
});

export type Deeplabv3plusParameters = z.output<typeof deeplabv3plusParameters>;

/** Stages of MobileNetV2 (Sandler et al. 2018, table 2): expansion (t), channels (c), blocks (n), stride of the first (s). */
const stages = [
  { name: 'stage1', expand: false, channels: 16, blocks: 1, stride: 1 },
  { name: 'stage2', expand: true, channels: 24, blocks: 2, stride: 2 },
  { name: 'stage3', expand: true, channels: 32, blocks: 3, stride: 2 },
  { name: 'stage4', expand: true, channels: 64, blocks: 4, stride: 2 },
  { name: 'stage5', expand: true, channels: 96, blocks: 3, stride: 1 },
  { name: 'stage6', expand: true, channels: 160, blocks: 3, stride: 2 },
  { name: 'stage7', expand: true, channels: 320, blocks: 1, stride: 1 },
] as const;

/**
 * @param input height, width and channels; height and width are multiples of the output stride
 * @param outputs ROI channels
 */
export function deeplabv3plus(input: Shape, outputs: number, parameters: Deeplabv3plusParameters): Network {
  const list = new LayerList();
  const encoder = addEncoder(list, parameters);
  const pyramid = addPyramid(list, encoder.last, encoder.lastChannels, parameters);
  const decoded = addDecoder(list, pyramid, encoder.lowLevel, parameters);
  const logits = list.convolution('logits', decoded, outputs, { batchNorm: false, relu: false });
  return { input, layers: list.layers, encoder: ['stem', 'stage'], output: list.resize('output', logits, inputName) };
}

interface Encoder {
  readonly last: string;
  readonly lastChannels: number;
  /** The last layer at each stride, for the decoder. */
  readonly lowLevel: ReadonlyMap<number, string>;
}

function addEncoder(
  list: LayerList,
  { width, leastChannels, outputStride, expansion }: Deeplabv3plusParameters,
): Encoder {
  const scaled = (channels: number): number => Math.max(leastChannels, eights(channels * width));
  let channels = scaled(32);
  let last = list.convolution('stem', inputName, channels, { kernel: 3, stride: 2 });
  let stride = 2;
  let dilation = 1;
  const lowLevel = new Map<number, string>();
  for (const stage of stages) {
    const filters = scaled(stage.channels);
    for (let block = 0; block < stage.blocks; block += 1) {
      let step: 1 | 2 = 1;
      let blockDilation = dilation;
      if (block === 0 && stage.stride === 2) {
        if (stride < outputStride) {
          step = 2;
          stride *= 2;
        } else {
          // A stride that is left out widens the taps of all later blocks.
          dilation *= 2;
        }
      }
      if (step === 2) blockDilation = 1;
      const name = `${stage.name}.${block + 1}`;
      last = addInvertedResidual(list, name, last, channels, {
        expanded: stage.expand ? channels * expansion : channels,
        filters,
        stride: step,
        dilation: blockDilation,
      });
      channels = filters;
    }
    lowLevel.set(stride, last);
  }
  return { last, lastChannels: channels, lowLevel };
}

/** 1 x 1 expansion, 3 x 3 depthwise, 1 x 1 linear projection; the input is added where the shapes allow it. */
function addInvertedResidual(
  list: LayerList,
  name: string,
  from: string,
  channels: number,
  block: { expanded: number; filters: number; stride: 1 | 2; dilation: number },
): string {
  const expanded = block.expanded === channels ? from : list.convolution(`${name}.expand`, from, block.expanded);
  const depthwise = list.depthwise(`${name}.depthwise`, expanded, block.expanded, {
    stride: block.stride,
    dilation: block.dilation,
  });
  const projected = list.convolution(`${name}.project`, depthwise, block.filters, { relu: false });
  return block.stride === 1 && block.filters === channels ? list.add(`${name}.add`, projected, from) : projected;
}

/** Atrous spatial pyramid pooling: a 1 x 1 convolution, separable atrous ones, and the mean of the whole image. */
function addPyramid(list: LayerList, from: string, channels: number, parameters: Deeplabv3plusParameters): string {
  const { pyramidChannels: filters, atrousRates } = parameters;
  const branches = [list.convolution('pyramid.1x1', from, filters)];
  for (const dilation of atrousRates) {
    const depthwise = list.depthwise(`pyramid.rate${dilation}.depthwise`, from, channels, { dilation });
    branches.push(list.convolution(`pyramid.rate${dilation}.pointwise`, depthwise, filters));
  }
  const mean = list.mean('pyramid.mean', from);
  // One value a slice and channel: too few for batch normalisation.
  const pooled = list.convolution('pyramid.image', mean, filters, { batchNorm: false });
  branches.push(list.broadcast('pyramid.broadcast', pooled, from));
  return list.convolution('pyramid.project', list.concatenate('pyramid.joined', branches), filters);
}

function addDecoder(
  list: LayerList,
  pyramid: string,
  lowLevel: ReadonlyMap<number, string>,
  parameters: Deeplabv3plusParameters,
): string {
  let last = pyramid;
  for (const [index, stride] of parameters.decoderStrides.entries()) {
    const features = lowLevel.get(stride) ?? inputName;
    const filters = parameters.decoderChannels[index] ?? 256;
    const reducedChannels = parameters.lowLevelChannels[index] ?? 48;
    const coarse = index === 0 ? parameters.pyramidChannels : (parameters.decoderChannels[index - 1] ?? 256);
    const name = `decoder${stride}`;
    const reduced = list.convolution(`${name}.reduce`, features, reducedChannels);
    const upsampled = list.resize(`${name}.upsample`, last, features);
    let channels = coarse + reducedChannels;
    last = list.concatenate(`${name}.joined`, [upsampled, reduced]);
    for (const n of [1, 2]) {
      const depthwise = list.depthwise(`${name}.conv${n}.depthwise`, last, channels);
      last = list.convolution(`${name}.conv${n}.pointwise`, depthwise, filters);
      channels = filters;
    }
  }
  return last;
}

/** The nearest multiple of eight, at least eight. */
function eights(channels: number): number {
  return Math.max(8, Math.round(channels / 8) * 8);
}
