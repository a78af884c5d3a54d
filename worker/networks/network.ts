import type { z } from 'zod';
import type { SliceManifest } from '../../src/bundles/manifest.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { inputChannels } from '../volume/preprocess.ts';
import { deeplabv3plus, deeplabv3plusParameters } from './deeplabv3plus.ts';
import type { Network, Shape } from './layers.ts';
import { unet, unetParameters } from './unet.ts';

/**
 * The network that a bundle or a training configuration names.
 * @param architecture family and its parameters, which are checked
 * @param input height, width, channels
 * @param outputs ROI channels
 * @throws ContourNodeError CONFIG_INVALID (parameters, or a size that the network cannot take), BUNDLE_INVALID (an
 *   imported network has no layer list)
 */
export function buildNetwork(architecture: SliceManifest['architecture'], input: Shape, outputs: number): Network {
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
  throw new ContourNodeError('BUNDLE_INVALID', 'an imported network exists as ONNX only');
}

/** The network of a bundle that this project trained; see `buildNetwork`. */
export function networkOfBundle(manifest: SliceManifest): Network {
  const [width, height] = manifest.input.size;
  return buildNetwork(manifest.architecture, [height, width, inputChannels(manifest.input)], manifest.rois.length);
}

function check<S extends z.ZodType>(schema: S, parameters: unknown): z.output<S> {
  const parsed = schema.safeParse(parameters);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new ContourNodeError(
    'CONFIG_INVALID',
    `architecture.parameters.${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`,
  );
}

function checkMultiple([height, width]: Shape, stride: number): void {
  if (height % stride === 0 && width % stride === 0) return;
  throw new ContourNodeError(
    'CONFIG_INVALID',
    `input.size ${width} x ${height} is no multiple of the network's stride ${stride}`,
  );
}
