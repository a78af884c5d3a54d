import { z } from 'zod';
import { inputName, LayerList, type Network, type Shape } from './layers.ts';

/** 3-D U-Net (Çiçek et al. 2016), without its bottleneck before each pooling; docs/networks.md says what was chosen. */
export const unet3dParameters = z.strictObject({
  /** Channels of the first level; each level has twice those of the one above, up to `mostChannels`. */
  channels: z.int().positive().default(24),
  mostChannels: z.int().positive().default(256),
  /** Number of halvings, of all three axes. */
  depth: z.int().min(1).max(4).default(3),
});

export type Unet3dParameters = z.output<typeof unet3dParameters>;

/**
 * @param input slices, height, width and channels; the first three are multiples of 2 to the power of `depth`
 * @param outputs ROI channels
 */
export function unet3d(input: Shape, outputs: number, { channels, mostChannels, depth }: Unet3dParameters): Network {
  const list = new LayerList();
  const filters = (level: number): number => Math.min(mostChannels, channels * 2 ** level);
  const pair = (name: string, from: string, level: number): string => {
    const first = list.convolution(`${name}.conv1`, from, filters(level), { kernel: 3 });
    return list.convolution(`${name}.conv2`, first, filters(level), { kernel: 3 });
  };
  let last: string = inputName;
  const levels: string[] = [];
  for (let level = 0; level < depth; level += 1) {
    const features = pair(`down${level + 1}`, last, level);
    levels.push(features);
    last = list.maximum(`down${level + 1}.pool`, features);
  }
  last = pair('bottom', last, depth);
  for (let level = depth - 1; level >= 0; level -= 1) {
    const name = `up${level + 1}`;
    const features = levels[level] ?? inputName;
    // Narrowed before it is made larger: the other way round costs eight times as much.
    const narrowed = list.convolution(`${name}.narrow`, last, filters(level));
    const upsampled = list.resize(`${name}.upsample`, narrowed, features);
    last = pair(name, list.concatenate(`${name}.joined`, [features, upsampled]), level);
  }
  const output = list.convolution('output', last, outputs, { batchNorm: false, relu: false });
  return { input, layers: list.layers, encoder: ['down', 'bottom'], output };
}
