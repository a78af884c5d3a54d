import { GraphBuilder, int, ints, number } from '../networks/onnx-graph.ts';
import type { FoldWeights } from './fold-weights.ts';
import type { NetworkPlan } from './network-plan.ts';

export const graphInput = 'image';
export const graphOutput = 'logits';

/** Where the graph takes its weights from. */
type Weights = Pick<FoldWeights, 'take' | 'finish'>;

/** A value of the graph and its number of channels. */
interface Features {
  readonly value: string;
  readonly channels: number;
}

/**
 * The U-Net of a plan as an ONNX graph: input [batch, 1, ...size], output the logits [batch, heads, ...size], the mean
 * over the folds; any size that the strides divide. The layers are those of dynamic_network_architectures (MIC-DKFZ), PlainConvUNet and
 * ResidualEncoderUNet; of its heads the last one, which answers at full resolution.
 * @param images channels of the input
 * @throws ContourNodeError MODEL_NOT_SUPPORTED (a weight is missing, left over, or of another shape)
 */
export function unetGraph(
  plan: NetworkPlan,
  heads: number,
  folds: readonly Weights[],
  name: string,
  images = 1,
): Uint8Array {
  const graph = new GraphBuilder();
  const axes = plan.kernels[0]!.length;
  const outputs = folds.map((weights, fold) => {
    const output = new UNet(graph, plan, weights, `fold${fold}.`).build(axes, heads, images);
    weights.finish();
    return output;
  });
  graph.node('Mean', outputs, graphOutput);
  const open = ['slices', 'rows', 'columns'].slice(-axes);
  return graph.encode(
    name,
    { name: graphInput, shape: [images, ...open] },
    { name: graphOutput, shape: [heads, ...open] },
  );
}

class UNet {
  readonly #graph: GraphBuilder;
  readonly #plan: NetworkPlan;
  readonly #weights: Weights;
  readonly #prefix: string;

  constructor(graph: GraphBuilder, plan: NetworkPlan, weights: Weights, prefix: string) {
    this.#graph = graph;
    this.#plan = plan;
    this.#weights = weights;
    this.#prefix = prefix;
  }

  build(axes: number, heads: number, images: number): string {
    const { features, kernels, strides, decoderConvolutions, bias } = this.#plan;
    const image = { value: graphInput, channels: images };
    const skips = this.#plan.encoder === 'plain' ? this.#plainEncoder(image) : this.#residualEncoder(image);
    let current = skips.at(-1)!;
    for (const [stage, convolutions] of decoderConvolutions.entries()) {
      const level = features.length - 2 - stage;
      const channels = features[level]!;
      const up = this.#convolution('ConvTranspose', `decoder.transpconvs.${stage}`, current, channels, {
        kernel: strides[level + 1]!,
        stride: strides[level + 1]!,
        bias,
      });
      const joined = this.#name(`decoder.join.${stage}`);
      this.#graph.node('Concat', [up.value, skips[level]!.value], joined, [int('axis', 1)]);
      current = this.#stack(`decoder.stages.${stage}`, { value: joined, channels: channels * 2 }, convolutions, {
        channels,
        kernel: kernels[level]!,
        stride: kernels[level]!.map(() => 1),
      });
    }
    const last = `decoder.seg_layers.${decoderConvolutions.length - 1}`;
    const ones = Array.from({ length: axes }, () => 1);
    return this.#convolution('Conv', last, current, heads, { kernel: ones, stride: ones, bias: true }).value;
  }

  #plainEncoder(image: Features): Features[] {
    const { features, kernels, strides, blocks } = this.#plan;
    let current = image;
    return features.map((channels, stage) => {
      const shape = { channels, kernel: kernels[stage]!, stride: strides[stage]! };
      return (current = this.#stack(`encoder.stages.${stage}.0`, current, blocks[stage]!, shape));
    });
  }

  #residualEncoder(image: Features): Features[] {
    const { features, kernels, strides, blocks, stemFeatures } = this.#plan;
    const ones = kernels[0]!.map(() => 1);
    let current = this.#stack('encoder.stem', image, 1, { channels: stemFeatures, kernel: kernels[0]!, stride: ones });
    return features.map((channels, stage) => {
      for (let block = 0; block < blocks[stage]!; block += 1) {
        const shape = { channels, kernel: kernels[stage]!, stride: block === 0 ? strides[stage]! : ones };
        current = this.#residualBlock(`encoder.stages.${stage}.blocks.${block}`, current, shape);
      }
      return current;
    });
  }

  /** Convolutions one after the other, each with its normalisation and nonlinearity; the first has the stride. */
  #stack(name: string, from: Features, count: number, shape: Shape): Features {
    let current = from;
    for (let n = 0; n < count; n += 1) {
      const stride = n === 0 ? shape.stride : shape.stride.map(() => 1);
      current = this.#nonlinearity(this.#normalised(`${name}.convs.${n}`, current, { ...shape, stride }));
    }
    return current;
  }

  /** BasicBlockD: the way past the block averages where it strides and projects where the channels change (ResNet-D). */
  #residualBlock(name: string, from: Features, shape: Shape): Features {
    const ones = shape.stride.map(() => 1);
    const inner = this.#nonlinearity(this.#normalised(`${name}.conv1`, from, shape));
    const outer = this.#normalised(`${name}.conv2`, inner, { ...shape, stride: ones });
    const strides = shape.stride.some((step) => step !== 1);
    let past = from;
    if (strides) {
      past = { value: this.#name(`${name}.skip.pool`), channels: from.channels };
      this.#graph.node('AveragePool', [from.value], past.value, [
        ints('kernel_shape', shape.stride),
        ints('strides', shape.stride),
      ]);
    }
    if (from.channels !== shape.channels) {
      const projection = { channels: shape.channels, kernel: ones, stride: ones, bias: false };
      past = this.#normalised(`${name}.skip.${strides ? 1 : 0}`, past, projection);
    }
    const sum = { value: this.#name(`${name}.sum`), channels: shape.channels };
    this.#graph.node('Add', [outer.value, past.value], sum.value);
    return this.#nonlinearity(sum);
  }

  #normalised(name: string, from: Features, { channels, ...shape }: Shape & { bias?: boolean }): Features {
    const convolved = this.#convolution('Conv', `${name}.conv`, from, channels, { bias: this.#plan.bias, ...shape });
    const value = this.#name(`${name}.norm`);
    const parameters = ['weight', 'bias'].map((part) => this.#take(`${name}.norm.${part}`, [channels]));
    this.#graph.node('InstanceNormalization', [convolved.value, ...parameters], value, [
      number('epsilon', this.#plan.epsilon),
    ]);
    return { value, channels };
  }

  #nonlinearity({ value, channels }: Features): Features {
    const { negativeSlope } = this.#plan;
    const output = `${value}.nonlin`;
    if (negativeSlope === 0) this.#graph.node('Relu', [value], output);
    else this.#graph.node('LeakyRelu', [value], output, [number('alpha', negativeSlope)]);
    return { value: output, channels };
  }

  #convolution(
    operator: 'Conv' | 'ConvTranspose',
    name: string,
    from: Features,
    channels: number,
    { kernel, stride, bias }: { kernel: readonly number[]; stride: readonly number[]; bias: boolean },
  ): Features {
    const pair = operator === 'Conv' ? [channels, from.channels] : [from.channels, channels];
    const inputs = [from.value, this.#take(`${name}.weight`, [...pair, ...kernel])];
    if (bias) inputs.push(this.#take(`${name}.bias`, [channels]));
    const padding = kernel.map((length) => (operator === 'Conv' ? (length - 1) >> 1 : 0));
    const value = this.#name(name);
    this.#graph.node(operator, inputs, value, [
      ints('kernel_shape', kernel),
      ints('strides', stride),
      ints('pads', [...padding, ...padding]),
    ]);
    return { value, channels };
  }

  #take(name: string, shape: readonly number[]): string {
    return this.#graph.floats(this.#name(name), shape, this.#weights.take(name, shape));
  }

  #name(name: string): string {
    return `${this.#prefix}${name}`;
  }
}

interface Shape {
  readonly channels: number;
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
}
