/**
 * A network as an explicit list of layers, for images of two or of three axes: a convolution's kernel and stride, a
 * resize and a maximum are the same along every axis. The same list is run by TensorFlow (`forward.ts`), written as an
 * ONNX graph (`to-onnx.ts`) and counted (`parameters.ts`), so that the three agree. Each layer has a name; `from` names the
 * layers it reads, `input` is the network's input.
 */
export interface ConvolutionLayer {
  readonly kind: 'convolution';
  readonly name: string;
  readonly from: string;
  /** Output channels; a depthwise convolution has as many as its input. */
  readonly filters: number;
  readonly kernel: 1 | 3;
  readonly stride: 1 | 2;
  /** Distance of the taps of an atrous convolution; 1: dense. */
  readonly dilation: number;
  readonly depthwise: boolean;
  /** Batch normalisation after the convolution; without it the convolution has a bias. */
  readonly batchNorm: boolean;
  readonly relu: boolean;
}

export type Layer =
  | ConvolutionLayer
  /** Element by element sum of two layers of one shape. */
  | { readonly kind: 'add'; readonly name: string; readonly from: readonly [string, string] }
  /** Channels one after the other. */
  | { readonly kind: 'concatenate'; readonly name: string; readonly from: readonly string[] }
  /** Linear along every axis to the size of layer `like`, pixel centres at half indices (`half_pixel` in ONNX). */
  | { readonly kind: 'resize'; readonly name: string; readonly from: string; readonly like: string }
  /** Largest of 2 x 2 (x 2) pixels. */
  | { readonly kind: 'maximum'; readonly name: string; readonly from: string }
  /** Mean over all pixels: every axis becomes 1. */
  | { readonly kind: 'mean'; readonly name: string; readonly from: string }
  /** Repeats a single pixel to the size of layer `like`. */
  | { readonly kind: 'broadcast'; readonly name: string; readonly from: string; readonly like: string };

export interface Network {
  readonly input: Shape;
  readonly layers: readonly Layer[];
  /** What the names of the encoder's layers begin with. */
  readonly encoder: readonly string[];
  /** The layer whose output are the logits, one channel for each ROI; the sigmoid comes after it. */
  readonly output: string;
}

/** [height, width, channels], or of a 3-D network [slices, height, width, channels] */
export type Shape = readonly number[];

/** Lengths of the axes of an image, without its channels. */
export function spatialAxes(shape: Shape): readonly number[] {
  return shape.slice(0, -1);
}

export function channelsOf(shape: Shape): number {
  return shape.at(-1) ?? 0;
}

export const inputName = 'input';

/** Layers in the order in which they were added; each method returns the name of what it added. */
export class LayerList {
  readonly layers: Layer[] = [];

  convolution(
    name: string,
    from: string,
    filters: number,
    options: { kernel?: 1 | 3; stride?: 1 | 2; batchNorm?: boolean; relu?: boolean } = {},
  ): string {
    const { kernel = 1, stride = 1, batchNorm = true, relu = true } = options;
    return this.#add({
      kind: 'convolution',
      name,
      from,
      filters,
      kernel,
      stride,
      dilation: 1,
      depthwise: false,
      batchNorm,
      relu,
    });
  }

  /** 3 x 3, one filter a channel, with batch normalisation and ReLU after each, as in the paper. */
  depthwise(name: string, from: string, channels: number, options: { stride?: 1 | 2; dilation?: number } = {}): string {
    const { stride = 1, dilation = 1 } = options;
    const fixed = { kernel: 3, depthwise: true, batchNorm: true, relu: true } as const;
    return this.#add({ kind: 'convolution', name, from, filters: channels, stride, dilation, ...fixed });
  }

  add(name: string, a: string, b: string): string {
    return this.#add({ kind: 'add', name, from: [a, b] });
  }

  concatenate(name: string, from: readonly string[]): string {
    return this.#add({ kind: 'concatenate', name, from });
  }

  resize(name: string, from: string, like: string): string {
    return this.#add({ kind: 'resize', name, from, like });
  }

  maximum(name: string, from: string): string {
    return this.#add({ kind: 'maximum', name, from });
  }

  mean(name: string, from: string): string {
    return this.#add({ kind: 'mean', name, from });
  }

  broadcast(name: string, from: string, like: string): string {
    return this.#add({ kind: 'broadcast', name, from, like });
  }

  #add(layer: Layer): string {
    this.layers.push(layer);
    return layer.name;
  }
}

/** The names of the layers that a layer reads. */
export function readsOf(layer: Layer): readonly string[] {
  return typeof layer.from === 'string' ? [layer.from] : layer.from;
}

/** Shape of every layer's output, and of `input`. */
export function layerShapes(network: Network): Map<string, Shape> {
  const shapes = new Map<string, Shape>([[inputName, network.input]]);
  const shapeOf = (name: string): Shape => {
    const shape = shapes.get(name);
    if (shape === undefined) throw new RangeError(`no layer ${name} before its use`);
    return shape;
  };
  for (const layer of network.layers) {
    if (shapes.has(layer.name)) throw new RangeError(`two layers ${layer.name}`);
    shapes.set(layer.name, outputShape(layer, shapeOf));
  }
  shapeOf(network.output);
  return shapes;
}

function outputShape(layer: Layer, shapeOf: (name: string) => Shape): Shape {
  const shape = shapeOf(readsOf(layer)[0] ?? '');
  const axes = spatialAxes(shape);
  const channels = channelsOf(shape);
  switch (layer.kind) {
    case 'convolution':
      return [...axes.map((length) => Math.ceil(length / layer.stride)), layer.filters];
    case 'add':
      return shape;
    case 'concatenate':
      return [...axes, layer.from.reduce((sum, name) => sum + channelsOf(shapeOf(name)), 0)];
    case 'maximum':
      return [...axes.map((length) => length / 2), channels];
    case 'mean':
      return [...axes.map(() => 1), channels];
    default:
      // resize, broadcast
      return [...spatialAxes(shapeOf(layer.like)), channels];
  }
}
