import { z } from 'zod';
import type { VolumeSection } from '../../src/bundles/volume-section.ts';
import { unsupported } from '../nnunet/parse-part.ts';
import { argumentsOf, placeOf, perKey } from './arguments.ts';
import type { Component } from './bundle-config.ts';

/** What the transforms before the network do to a CT. */
export interface Preprocessing {
  /** Where the axes of the array grow to; undefined where nothing turns the image. */
  readonly axes: VolumeSection['axes'] | undefined;
  /** mm */
  readonly spacing: readonly number[];
  readonly normalisation: VolumeSection['normalisation'];
  readonly resampleFirst: boolean;
}

/** Transforms that leave the values and the place of every voxel as they are. */
const withoutEffect = new Set(['LoadImage', 'EnsureChannelFirst', 'AddChannel', 'ToTensor', 'ToDevice']);

/** HU of every CT that can be stored: clipped to this, nothing is clipped. */
const everyHu = { low: -32768, high: 32767 };

/**
 * Reads the transforms of a bundle up to the network.
 * @param key the image among the data
 * @throws ContourNodeError MODEL_NOT_SUPPORTED naming the transform or the argument that this node does not do
 */
export function readPreprocessing(transforms: readonly Component[], key: string): Preprocessing {
  let axes: Preprocessing['axes'];
  let spacing: readonly number[] | undefined;
  let normalisation: Preprocessing['normalisation'] | undefined;
  let resampleFirst = false;
  for (const transform of transforms) {
    const at = placeOf(key, transform);
    if (at === undefined) continue;
    const name = transformName(transform);
    if (withoutEffect.has(name)) continue;
    const again = () =>
      unsupported(`${transform.where} (${transform.name}) comes after another one of its kind, only one is supported`);
    switch (name) {
      case 'EnsureType':
      case 'CastToType':
        argumentsOf(transform, { dtype: perKey(z.enum(['float', 'float32', 'float64']).nullish(), at) }, [
          'data_type',
          'track_meta',
          'wrap_sequence',
        ]);
        break;
      case 'Orientation':
        if (axes !== undefined) throw again();
        // Before, the first voxel that Spacing keeps would be one that only the reader of the files knows.
        if (spacing !== undefined)
          throw unsupported(
            `${transform.where} (${transform.name}) comes after Spacing, only the other order is supported`,
          );
        axes = axesOf(transform);
        break;
      case 'Spacing':
        if (spacing !== undefined) throw again();
        spacing = spacingOf(transform, at);
        resampleFirst = normalisation === undefined;
        break;
      case 'ScaleIntensityRange':
      case 'NormalizeIntensity':
        if (normalisation !== undefined) throw again();
        normalisation = name === 'NormalizeIntensity' ? normalised(transform) : range(transform);
        break;
      default:
        throw unknownTransform(transform);
    }
  }
  if (spacing === undefined)
    throw unsupported('preprocessing has no Spacingd: the network would take every spacing, which is not supported');
  return { axes, spacing, normalisation: normalisation ?? { scheme: 'none' }, resampleFirst };
}

/** Name of a transform without the ending of those that work on a dictionary. */
export function transformName({ name }: Component): string {
  return name.replace(/(?:d|D|Dict)$/, '');
}

export function unknownTransform({ name, where }: Component) {
  return unsupported(
    `${where}: the transform ${name} is not supported`,
    'docs/models.md lists those that are; a model whose chain has others needs MONAI itself',
  );
}

function axesOf(transform: Component): VolumeSection['axes'] {
  const { axcodes, as_closest_canonical: canonical } = argumentsOf(transform, {
    axcodes: z
      .string()
      .regex(/^[LRAPSI]{3}$/)
      .nullish(),
    as_closest_canonical: z.boolean().default(false),
    labels: z.null().optional(),
    lazy: z.literal(false).nullish(),
  });
  if (canonical) return ['R', 'A', 'S'];
  if (typeof axcodes !== 'string') throw unsupported(`${transform.where} (${transform.name}): axcodes is missing`);
  return axcodes.split('') as VolumeSection['axes'];
}

function spacingOf(transform: Component, at: number): readonly number[] {
  const positive = z.number().positive();
  const { pixdim } = argumentsOf(transform, {
    pixdim: z.union([positive.transform((one) => [one]), z.array(positive).min(1).max(3)]),
    mode: perKey(z.literal('bilinear'), at).default('bilinear'),
    padding_mode: perKey(z.literal('border'), at).default('border'),
    align_corners: perKey(z.boolean().nullable(), at).optional(),
    diagonal: z.literal(false).optional(),
    scale_extent: perKey(z.literal(false), at).optional(),
    // Its affine has no part in what follows.
    recompute_affine: z.boolean().optional(),
    min_pixdim: z.null().optional(),
    max_pixdim: z.null().optional(),
    ensure_same_shape: z.boolean().optional(),
    lazy: z.literal(false).nullish(),
  });
  return [0, 1, 2].map((axis) => pixdim[axis] ?? pixdim.at(-1)!);
}

function range(transform: Component): VolumeSection['normalisation'] {
  const { a_min, a_max, b_min, b_max, clip } = argumentsOf(transform, {
    a_min: z.number(),
    a_max: z.number(),
    b_min: z.number().nullish(),
    b_max: z.number().nullish(),
    clip: z.boolean().default(false),
  });
  const given = typeof b_min === 'number' && typeof b_max === 'number';
  const [from, to] = given ? [b_min, b_max] : [0, 1];
  if (a_min >= a_max || from >= to || (clip && !given)) {
    throw unsupported(
      `${transform.where} (${transform.name}): ${a_min} to ${a_max} brought to ${b_min} to ${b_max} is not supported`,
    );
  }
  const sd = (a_max - a_min) / (to - from);
  return { scheme: 'ct', ...(clip ? { low: a_min, high: a_max } : everyHu), mean: a_min - from * sd, sd };
}

function normalised(transform: Component): VolumeSection['normalisation'] {
  const number = z.union([z.number(), z.tuple([z.number()]).transform(([one]) => one)]).nullish();
  const { subtrahend, divisor } = argumentsOf(transform, {
    subtrahend: number,
    divisor: number,
    nonzero: z.literal(false).optional(),
    channel_wise: z.boolean().optional(),
  });
  if (typeof subtrahend === 'number' && typeof divisor === 'number' && divisor > 0)
    return { scheme: 'ct', ...everyHu, mean: subtrahend, sd: divisor };
  if (typeof subtrahend !== 'number' && typeof divisor !== 'number') return { scheme: 'z-score', nonzeroOnly: false };
  throw unsupported(
    `${transform.where} (${transform.name}): subtrahend and a divisor above 0 are supported together, or neither`,
  );
}
