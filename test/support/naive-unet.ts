import type { GivenTensor } from './torch-checkpoint.ts';

/** Feature maps: [channels, depth, rows, columns]; a network of slices has a depth of 1. */
export interface Maps {
  readonly size: readonly [number, number, number, number];
  readonly data: Float64Array;
}
type Weights = ReadonlyMap<string, GivenTensor>;
type Axes = readonly [number, number, number];

/** How the small U-Net of the tests is made; two stages, the second with strides. */
export interface SmallNetwork {
  readonly kind: 'plain' | 'residual';
  readonly kernels: readonly [Axes, Axes];
  readonly stride: Axes;
}

/**
 * PlainConvUNet or ResidualEncoderUNet with two stages of `features` channels, one convolution (or block) each, written
 * down as loops from the definitions of the layers: what ONNX and onnxruntime are held against.
 */
export function naiveUnet({ kind, kernels, stride }: SmallNetwork, weights: Weights, image: Maps): Maps {
  const ones: Axes = [1, 1, 1];
  const convolve = (name: string, maps: Maps, kernel: Axes, step: Axes) =>
    convolution(maps, weights.get(`${name}.weight`)!, weights.get(`${name}.bias`), kernel, step);
  const norm = (name: string, maps: Maps) =>
    instanceNorm(maps, weights.get(`${name}.weight`)!.values, weights.get(`${name}.bias`)!.values);
  const block = (name: string, maps: Maps, kernel: Axes, step: Axes) =>
    leaky(norm(`${name}.norm`, convolve(`${name}.conv`, maps, kernel, step)));
  const residual = (name: string, maps: Maps, kernel: Axes, step: Axes) => {
    const inner = block(`${name}.conv1`, maps, kernel, step);
    const outer = norm(`${name}.conv2.norm`, convolve(`${name}.conv2.conv`, inner, kernel, ones));
    const strided = step.some((one) => one > 1);
    let past = strided ? averagePool(maps, step) : maps;
    const skip = `${name}.skip.${strided ? 1 : 0}`;
    if (weights.has(`${skip}.conv.weight`)) past = norm(`${skip}.norm`, convolve(`${skip}.conv`, past, ones, ones));
    return leaky({ size: outer.size, data: outer.data.map((value, n) => value + past.data[n]!) });
  };
  let fine: Maps;
  let coarse: Maps;
  if (kind === 'plain') {
    fine = block('encoder.stages.0.0.convs.0', image, kernels[0], ones);
    coarse = block('encoder.stages.1.0.convs.0', fine, kernels[1], stride);
  } else {
    const stem = block('encoder.stem.convs.0', image, kernels[0], ones);
    fine = residual('encoder.stages.0.blocks.0', stem, kernels[0], ones);
    coarse = residual('encoder.stages.1.blocks.0', fine, kernels[1], stride);
  }
  const up = transposed(
    coarse,
    weights.get('decoder.transpconvs.0.weight')!,
    weights.get('decoder.transpconvs.0.bias')!,
    stride,
  );
  const [, depth, rows, columns] = fine.size;
  const joined: Maps = {
    size: [up.size[0] + fine.size[0], depth, rows, columns],
    data: Float64Array.from([...up.data, ...fine.data]),
  };
  const last = block('decoder.stages.0.convs.0', joined, kernels[0], ones);
  return convolve('decoder.seg_layers.0', last, ones, ones);
}

function convolution(maps: Maps, weight: GivenTensor, bias: GivenTensor | undefined, kernel: Axes, stride: Axes): Maps {
  const [inputs, ...extent] = maps.size;
  const outputs = weight.shape[0]!;
  const size = extent.map((length, axis) => Math.floor((length - 1) / stride[axis]!) + 1) as [number, number, number];
  const data = new Float64Array(outputs * size[0] * size[1] * size[2]);
  const pad = kernel.map((length) => (length - 1) / 2);
  let out = 0;
  for (let o = 0; o < outputs; o += 1)
    for (let z = 0; z < size[0]; z += 1)
      for (let y = 0; y < size[1]; y += 1)
        for (let x = 0; x < size[2]; x += 1, out += 1) {
          let sum = bias?.values[o] ?? 0;
          for (let i = 0; i < inputs; i += 1)
            for (let a = 0; a < kernel[0]; a += 1)
              for (let b = 0; b < kernel[1]; b += 1)
                for (let c = 0; c < kernel[2]; c += 1) {
                  const at = [z * stride[0] + a - pad[0]!, y * stride[1] + b - pad[1]!, x * stride[2] + c - pad[2]!];
                  if (at.some((index, axis) => index < 0 || index >= extent[axis]!)) continue;
                  const value = maps.data[((i * extent[0] + at[0]!) * extent[1] + at[1]!) * extent[2] + at[2]!]!;
                  sum += value * weight.values[(((o * inputs + i) * kernel[0] + a) * kernel[1] + b) * kernel[2] + c]!;
                }
          data[out] = sum;
        }
  return { size: [outputs, ...size], data };
}

/** A transposed convolution whose kernel is its stride: every voxel becomes a block of its own. */
function transposed(maps: Maps, weight: GivenTensor, bias: GivenTensor, stride: Axes): Maps {
  const [inputs, ...extent] = maps.size;
  const outputs = weight.shape[1]!;
  const size = extent.map((length, axis) => length * stride[axis]!) as [number, number, number];
  const data = new Float64Array(outputs * size[0] * size[1] * size[2]);
  let out = 0;
  for (let o = 0; o < outputs; o += 1)
    for (let z = 0; z < size[0]; z += 1)
      for (let y = 0; y < size[1]; y += 1)
        for (let x = 0; x < size[2]; x += 1, out += 1) {
          const from = [z, y, x].map((index, axis) => Math.floor(index / stride[axis]!));
          const tap = [z, y, x].map((index, axis) => index % stride[axis]!);
          let sum = bias.values[o]!;
          for (let i = 0; i < inputs; i += 1) {
            const value = maps.data[((i * extent[0] + from[0]!) * extent[1] + from[1]!) * extent[2] + from[2]!]!;
            const w = (((i * outputs + o) * stride[0] + tap[0]!) * stride[1] + tap[1]!) * stride[2] + tap[2]!;
            sum += value * weight.values[w]!;
          }
          data[out] = sum;
        }
  return { size: [outputs, ...size], data };
}

function averagePool(maps: Maps, stride: Axes): Maps {
  const [channels, ...extent] = maps.size;
  const size = extent.map((length, axis) => length / stride[axis]!) as [number, number, number];
  const data = new Float64Array(channels * size[0] * size[1] * size[2]);
  const count = stride[0] * stride[1] * stride[2];
  for (let n = 0; n < maps.data.length; n += 1) {
    const x = n % extent[2];
    const y = Math.floor(n / extent[2]) % extent[1];
    const z = Math.floor(n / (extent[2] * extent[1])) % extent[0];
    const c = Math.floor(n / (extent[2] * extent[1] * extent[0]));
    const [a, b, d] = [Math.floor(z / stride[0]), Math.floor(y / stride[1]), Math.floor(x / stride[2])];
    data[((c * size[0] + a) * size[1] + b) * size[2] + d]! += maps.data[n]! / count;
  }
  return { size: [channels, ...size], data };
}

function instanceNorm(maps: Maps, gain: Float32Array, shift: Float32Array): Maps {
  const voxels = maps.data.length / maps.size[0];
  const data = new Float64Array(maps.data.length);
  for (let c = 0; c < maps.size[0]; c += 1) {
    const values = maps.data.subarray(c * voxels, (c + 1) * voxels);
    const mean = values.reduce((a, b) => a + b, 0) / voxels;
    const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / voxels;
    values.forEach((value, v) => {
      data[c * voxels + v] = ((value - mean) / Math.sqrt(variance + 1e-5)) * gain[c]! + shift[c]!;
    });
  }
  return { size: maps.size, data };
}

function leaky(maps: Maps): Maps {
  return { size: maps.size, data: maps.data.map((value) => (value < 0 ? value * 0.01 : value)) };
}
