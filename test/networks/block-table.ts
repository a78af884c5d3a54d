import { layerShapes, type Network } from '../../worker/networks/layers.ts';
import { elementCount, parameterSpecs } from '../../worker/networks/parameters.ts';

export interface BlockRow {
  readonly block: string;
  /** Number of layers in the list. */
  readonly layers: number;
  /** Height x width x channels of the block's last layer. */
  readonly output: string;
  /** Trainable parameters. */
  readonly parameters: number;
}

/** A network's layers summed up by block (`stage4.2`, `pyramid`, `decoder4`, ...), in order. */
export function blockTable(network: Network): BlockRow[] {
  const shapes = layerShapes(network);
  const rows = new Map<string, BlockRow>();
  const specs = parameterSpecs(network).filter((spec) => spec.trainable);
  for (const { name } of network.layers) {
    const block = blockOf(name);
    const own = specs
      .filter((spec) => spec.name.startsWith(`${name}/`))
      .reduce((sum, { shape }) => sum + elementCount(shape), 0);
    const before = rows.get(block);
    rows.set(block, {
      block,
      layers: (before?.layers ?? 0) + 1,
      output: (shapes.get(name) ?? []).join(' x '),
      parameters: (before?.parameters ?? 0) + own,
    });
  }
  return [...rows.values()];
}

/** Stages count block by block, everything else as a whole. */
function blockOf(layer: string): string {
  return /^(stage\d+\.\d+|[a-z]+\d*)/.exec(layer)?.[0] ?? layer;
}
