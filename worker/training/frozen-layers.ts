import { ContourNodeError } from '../../src/errors.ts';
import type { Network } from '../networks/layers.ts';
import { type ParameterSpec, parameterSpecs } from '../networks/parameters.ts';
import type { Schedule } from './training-config.ts';

/**
 * The convolutions that `training.freeze` keeps as they are, by name: no gradient changes them, and their batch
 * normalisations go on with the mean and variance that they had.
 * @throws ContourNodeError CONFIG_INVALID (a pattern that fits no layer, or nothing is left to train)
 */
export function frozenLayers(network: Network, freeze: Schedule['freeze']): ReadonlySet<string> {
  const names = network.layers.flatMap(({ kind, name }) => (kind === 'convolution' ? [name] : []));
  const frozen = new Set<string>();
  const invalid = (what: string) =>
    new ContourNodeError('CONFIG_INVALID', `training.freeze: ${what}`, {
      remedy: `'encoder', or regular expressions for whole names such as ${names[0] ?? ''}; docs/networks.md has the names`,
    });
  const patterns = freeze === 'encoder' ? network.encoder.map((block) => `${block}.*`) : (freeze ?? []);
  for (const pattern of patterns) {
    const whole = new RegExp(`^(?:${pattern})$`);
    const found = names.filter((name) => whole.test(name));
    if (found.length === 0) throw invalid(`no layer is called ${pattern}`);
    for (const name of found) frozen.add(name);
  }
  if (frozen.size === names.length) throw invalid('every layer is frozen, nothing is left to train');
  return frozen;
}

/** The arrays that gradients change. */
export function trainedSpecs(network: Network, frozen: ReadonlySet<string>): ParameterSpec[] {
  return parameterSpecs(network).filter(({ trainable, layer }) => trainable && !frozen.has(layer));
}
