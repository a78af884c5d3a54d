import type { Engine } from '../engines/engine.ts';
import type { Ranges } from './quantise-graph.ts';

/** Collects the smallest and the largest of every value over all that the network sees. */
export class Calibration {
  readonly #values: readonly string[];
  readonly #low: Float32Array;
  readonly #high: Float32Array;

  constructor(values: readonly string[]) {
    this.#values = values;
    this.#low = new Float32Array(values.length).fill(Infinity);
    this.#high = new Float32Array(values.length).fill(-Infinity);
  }

  /**
   * An engine that answers as the network does and on the way measures.
   * @param network in float32
   * @param measuring the graph of `rangeGraph`
   */
  watch(network: Engine, measuring: Engine): Engine {
    return {
      ...network,
      run: async (input, shape, target) => {
        const { data } = await measuring.run(input, shape);
        for (let n = 0; n < this.#values.length; n += 1) {
          this.#low[n] = Math.min(this.#low[n]!, data[2 * n]!);
          this.#high[n] = Math.max(this.#high[n]!, data[2 * n + 1]!);
        }
        return network.run(input, shape, target);
      },
    };
  }

  ranges(): Ranges {
    return new Map(this.#values.map((value, n) => [value, { low: this.#low[n]!, high: this.#high[n]! }]));
  }
}
