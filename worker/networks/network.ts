import type { z } from 'zod';
import type { SliceManifest } from '../../src/bundles/manifest.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { inWords, issueLine } from '../../src/schema-words.ts';
import { inputShape } from '../volume/preprocess.ts';
import { deeplabv3plus, deeplabv3plusParameters } from './deeplabv3plus.ts';
import { type Network, type Shape, spatialAxes } from './layers.ts';
import { unet, unetParameters } from './unet.ts';
import { unet3d, unet3dParameters } from './unet3d.ts';

/**
 * The network that a bundle or a training configuration names.
 * @param architecture family and its parameters, which are checked
 * @param input height, width, channels; of a 3-D network slices, height, width, channels
 * @param outputs ROI channels
 * @throws ContourNodeError CONFIG_INVALID (parameters, or a size that the network cannot take), BUNDLE_INVALID (an
 *   imported network has no layer list)
 */
export function buildNetwork(architecture: SliceManifest['architecture'], input: Shape, outputs: number): Network {
  if ((spatialAxes(input).length === 3) !== (architecture.family === 'unet3d')) {
    throw new ContourNodeError('CONFIG_INVALID', `input.patch belongs to unet3d alone, which needs it`, {
      remedy: `the network is a ${architecture.family}: correct architecture.family or input.patch`,
    });
  }
  if (architecture.family === 'deeplabv3plus') {
    const parameters = check(deeplabv3plusParameters, architecture.parameters);
    checkMultiple(input, parameters.outputStride);
    return deeplabv3plus(input, outputs, parameters);
  }
  if (architecture.family === 'unet') {
    const parameters = check(unetParameters, architecture.parameters);
    checkMultiple(input, 2 ** parameters.depth);
    return unet(input, outputs, parameters);
  }
  if (architecture.family === 'unet3d') {
    const parameters = check(unet3dParameters, architecture.parameters);
    checkMultiple(input, 2 ** parameters.depth);
    return unet3d(input, outputs, parameters);
  }
  throw new ContourNodeError('BUNDLE_INVALID', 'an imported network exists as ONNX only');
}

/** The network of a bundle that this project trained, or of a training configuration; see `buildNetwork`. */
export function networkOf({
  architecture,
  input,
  rois,
}: Pick<SliceManifest, 'architecture' | 'input'> & { readonly rois: readonly unknown[] }): Network {
  const [, ...sample] = inputShape({ ...input, layout: 'nhwc' }, 1);
  return buildNetwork(architecture, sample, rois.length);
}

function check<S extends z.ZodType>(schema: S, parameters: unknown): z.output<S> {
  const parsed = schema.safeParse(parameters, inWords);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new ContourNodeError(
    'CONFIG_INVALID',
    issueLine({ path: ['architecture', 'parameters', ...(issue?.path ?? [])], message: issue?.message ?? '' }),
  );
}

function checkMultiple(input: Shape, stride: number): void {
  const axes = spatialAxes(input);
  if (axes.every((length) => length % stride === 0)) return;
  const sizes = axes.toReversed().join(' x ');
  const what = axes.length === 3 ? 'input.size and input.patch.slices' : 'input.size';
  throw new ContourNodeError('CONFIG_INVALID', `${what} ${sizes} is no multiple of the network's stride ${stride}`);
}
