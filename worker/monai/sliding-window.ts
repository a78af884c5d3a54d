import { z } from 'zod';
import type { VolumeSection } from '../../src/bundles/volume-section.ts';
import { unsupported } from '../nnunet/parse-part.ts';
import { argumentsOf } from './arguments.ts';
import type { Component } from './bundle-config.ts';

export type SlidingWindow = Pick<
  VolumeSection,
  'patch' | 'step' | 'spread' | 'weights' | 'gaussianSigma' | 'precision'
>;

/**
 * Reads the inferer of a bundle.
 * @throws ContourNodeError MODEL_NOT_SUPPORTED naming the inferer or the argument that this node does not do
 */
export function readSlidingWindow(inferer: Component): SlidingWindow {
  if (inferer.name !== 'SlidingWindowInferer') {
    throw unsupported(
      `${inferer.where}: the inferer ${inferer.name} is not supported, only SlidingWindowInferer`,
      'a network of a fixed patch is moved over the CT: give the bundle a SlidingWindowInferer with its roi_size',
    );
  }
  const length = z.int().positive();
  const { roi_size, overlap, mode, sigma_scale } = argumentsOf(
    inferer,
    {
      roi_size: z.union([length.transform((one) => [one, one, one]), z.array(length).length(3)]),
      overlap: z.union([z.number().min(0).lt(1), sameForAll]).default(0.25),
      mode: z.enum(['constant', 'gaussian']).default('constant'),
      sigma_scale: z.union([z.number().positive(), sameForAll]).default(0.125),
      padding_mode: z.literal('constant').optional(),
      cval: z.literal(0).optional(),
      roi_weight_map: z.null().optional(),
      process_fn: z.null().optional(),
      with_coord: z.literal(false).optional(),
    },
    ['sw_batch_size', 'sw_device', 'cache_roi_weight_map', 'cpu_thresh', 'buffer_steps', 'buffer_dim'],
  );
  return {
    patch: roi_size,
    step: 1 - overlap,
    spread: 'fixed',
    weights: mode === 'gaussian' ? 'centred-gaussian' : 'constant',
    gaussianSigma: sigma_scale,
    precision: 'single',
  };
}

/** A value per axis, all of them the same. */
const sameForAll = z
  .array(z.number().positive())
  .min(1)
  .refine((values) => new Set(values).size === 1)
  .transform(([value]) => value!);
