import { z } from 'zod';
import type { VolumeSection } from '../../src/bundles/volume-section.ts';
import { unsupported } from '../nnunet/parse-part.ts';
import { argumentsOf, placeOf, perKey } from './arguments.ts';
import type { Component } from './bundle-config.ts';
import { transformName, unknownTransform } from './preprocessing.ts';

/** What the transforms behind the network make of its output. */
export interface Postprocessing {
  /** How a voxel gets its label: from the largest channel, or where the only channel is above a half. */
  readonly decision: 'largest' | 'half';
  /** What is applied before the way back to the CT; undefined where the logits go back. */
  readonly activation: VolumeSection['activation'];
  /** Order of the interpolation on the way back. */
  readonly order: 0 | 1;
  /** Labels of which only so many components are kept. */
  readonly components: { readonly count: number; readonly labels: 'all' | readonly number[] } | undefined;
}

interface Read {
  activation?: 'softmax' | 'sigmoid';
  /** What had been applied when the output was brought back to the CT. */
  inverted?: { activation?: 'softmax' | 'sigmoid'; decided: boolean; order: 0 | 1 };
  decision?: Postprocessing['decision'];
  components?: NonNullable<Postprocessing['components']>;
}

/**
 * Reads the transforms of a bundle behind the network.
 * @param key the output of the network among the data
 * @throws ContourNodeError MODEL_NOT_SUPPORTED naming the transform or the argument that this node does not do
 */
export function readPostprocessing(transforms: readonly Component[], key: string): Postprocessing {
  const read: Read = {};
  for (const transform of transforms) {
    const at = placeOf(key, transform);
    if (at === undefined) continue;
    readTransform(transform, at, read);
  }
  const { activation, inverted, decision, components } = read;
  if (decision === undefined)
    throw unsupported(
      'postprocessing has no AsDiscreted with argmax or a threshold: nothing says which label a voxel gets',
    );
  if (inverted === undefined)
    throw unsupported('postprocessing has no Invertd: the labels would stay on the grid of the network');
  if (inverted.decided && inverted.order === 1)
    throw unsupported('postprocessing interpolates the labels themselves, Invertd needs nearest_interp: true there');
  if (decision === 'half' && activation !== 'sigmoid')
    throw unsupported('postprocessing has a threshold without a sigmoid before it');
  // Labels that were decided before, and logits on their way back, do not depend on the activation.
  const before = inverted.decided || inverted.order === 0 ? undefined : inverted.activation;
  if (decision === 'largest' && before === 'sigmoid')
    throw unsupported('postprocessing brings back sigmoids and takes the largest, only softmax is supported there');
  return { decision, activation: before, order: inverted.order, components };
}

function readTransform(transform: Component, at: number, read: Read): void {
  const { where, name } = transform;
  const misplaced = () => unsupported(`${where} (${name}) is supported once, and not at this place`);
  switch (transformName(transform)) {
    case 'EnsureType':
    case 'ToTensor':
    case 'ToDevice':
    case 'SaveImage':
      return;
    case 'Activations': {
      if (read.activation !== undefined || read.decision !== undefined) throw misplaced();
      const flag = perKey(z.boolean(), at).default(false);
      const { softmax, sigmoid } = argumentsOf(transform, { softmax: flag, sigmoid: flag, other: z.null().optional() });
      if (softmax && sigmoid) throw misplaced();
      if (softmax) read.activation = 'softmax';
      if (sigmoid) read.activation = 'sigmoid';
      return;
    }
    case 'Invert': {
      if (read.inverted !== undefined || read.components !== undefined) throw misplaced();
      const { nearest_interp: nearest } = argumentsOf(
        transform,
        { nearest_interp: perKey(z.boolean(), at).default(true), post_func: z.null().optional() },
        ['transform', 'orig_keys', 'meta_keys', 'orig_meta_keys', 'meta_key_postfix', 'to_tensor'],
      );
      read.inverted = {
        ...(read.activation !== undefined && { activation: read.activation }),
        decided: read.decision !== undefined,
        order: nearest ? 0 : 1,
      };
      return;
    }
    case 'AsDiscrete':
      if (read.decision !== undefined) throw misplaced();
      read.decision = decisionOf(transform, at);
      return;
    case 'KeepLargestConnectedComponent':
      if (read.decision === undefined || read.components !== undefined) throw misplaced();
      read.components = componentsOf(transform);
      return;
    default:
      throw unknownTransform(transform);
  }
}

function decisionOf(transform: Component, at: number): Postprocessing['decision'] {
  const { argmax, threshold } = argumentsOf(transform, {
    argmax: perKey(z.boolean(), at).default(false),
    threshold: perKey(z.literal(0.5).nullable(), at).nullish(),
    to_onehot: perKey(z.null(), at).nullish(),
    rounding: perKey(z.null(), at).nullish(),
  });
  if (argmax === (typeof threshold === 'number'))
    throw unsupported(`${transform.where} (${transform.name}) must have argmax or a threshold`);
  return argmax ? 'largest' : 'half';
}

function componentsOf(transform: Component): NonNullable<Postprocessing['components']> {
  const label = z.int().positive();
  const { applied_labels: labels, num_components: count } = argumentsOf(
    transform,
    {
      applied_labels: z.union([label.transform((one) => [one]), z.array(label)]).nullish(),
      independent: z.literal(true).optional(),
      // 26 neighbours, which is also what is meant where it is left out.
      connectivity: z.literal(3).nullish(),
      num_components: z.int().positive().default(1),
    },
    ['is_onehot'],
  );
  return { count, labels: labels ?? 'all' };
}
