import { z } from 'zod';
import { inputName, LayerList, type Network, type Shape } from './layers.ts';

/** U-Net (Ronneberger et al. 2015), the paper's comparison (section 2); docs/networks.md says what was chosen. */
export const unetParameters = z.strictObject({
  /** Channels of the first level; each level has twice those of the one above. */
  channels: z.int().positive().default(64),
  /** Number of halvings. */
  depth: z.int().min(1).max(5).default(4),
});

export type UnetParameters = z.output<typeof unetParameters>;

/**
 * @param input height, width and channels; height and width are multiples of 2 to the power of `depth`
 * @param outputs ROI channels
 */
export function unet(input: Shape, outputs: number, { channels, depth }: UnetParameters): Network {
  const list = new LayerList();
  const pair = (name: string, from: string, filters: number): string => {
    const first = list.convolution(`${name}.conv1`, from, filters, { kernel: 3 });
    return list.convolution(`${name}.conv2`, first, filters, { kernel: 3 });
  };
  let last: string = inputName;
  const levels: string[] = [];
  for (let level = 0; level < depth; level += 1) {
    const features = pair(`down${level + 1}`, last, channels * 2 ** level);
    levels.push(features);
    last = list.maximum(`down${level + 1}.pool`, features);
  }
  last = pair('bottom', last, channels * 2 ** depth);
  for (let level = depth - 1; level >= 0; level -= 1) {
    const name = `up${level + 1}`;
    const features = levels[level] ?? inputName;
    const upsampled = list.resize(`${name}.upsample`, last, features);
    const narrowed = list.convolution(`${name}.narrow`, upsampled, channels * 2 ** level);
    last = pair(name, list.concatenate(`${name}.joined`, [features, narrowed]), channels * 2 ** level);
  }
  const output = list.convolution('output', last, outputs, { batchNorm: false, relu: false });
  return { input, layers: list.layers, encoder: ['down', 'bottom'], output };
}
