import { ContourNodeError } from '../../src/errors.ts';
import type { Checkpoint, StoredTensor } from './checkpoint.ts';

interface Weight {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/**
 * The weights of one fold by the name that the network asks for. A checkpoint holds most of them under several names
 * (a block keeps its layers twice, the decoder keeps the encoder): they are one weight, and must be.
 */
export class FoldWeights {
  readonly #what: string;
  readonly #weights: ReadonlyMap<string, Weight>;
  readonly #taken = new Set<string>();

  private constructor(what: string, weights: ReadonlyMap<string, Weight>) {
    this.#what = what;
    this.#weights = weights;
  }

  /** @throws ContourNodeError CHECKPOINT_UNREADABLE, MODEL_NOT_SUPPORTED (one weight under two names, unlike) */
  static async read(checkpoint: Checkpoint): Promise<FoldWeights> {
    const weights = new Map<string, Weight>();
    const first = new Map<string, StoredTensor>();
    for (const [name, tensor] of checkpoint.weights) {
      const own = layerName(name);
      const known = first.get(own);
      if (known !== undefined && isSame(known, tensor)) continue;
      const values = await checkpoint.read(tensor);
      const other = weights.get(own)?.values;
      if (other === undefined) {
        first.set(own, tensor);
        weights.set(own, { shape: tensor.shape, values });
      } else if (other.length !== values.length || other.some((value, n) => value !== values[n])) {
        throw unsupported(`${checkpoint.what}: ${name} and another name of the same weight hold unlike values`);
      }
    }
    return new FoldWeights(checkpoint.what, weights);
  }

  /** @throws ContourNodeError MODEL_NOT_SUPPORTED (not there, taken before, or of another shape) */
  take(name: string, shape: readonly number[]): Float32Array {
    const weight = this.#weights.get(name);
    if (weight === undefined || this.#taken.has(name))
      throw unsupported(`${this.#what} has no weight ${name}, which the network of plans.json needs`);
    if (weight.shape.join() !== shape.join()) {
      throw unsupported(
        `${this.#what}: ${name} is ${weight.shape.join(' x ')}, the network of plans.json has ${shape.join(' x ')}`,
      );
    }
    this.#taken.add(name);
    return weight.values;
  }

  /** @throws ContourNodeError MODEL_NOT_SUPPORTED (weights are left that the network has no place for) */
  finish(): void {
    const left = [...this.#weights.keys()].filter((name) => !this.#taken.has(name) && !isDeepSupervision(name));
    if (left.length > 0)
      throw unsupported(
        `${this.#what} holds ${left[0]} (${left.length} such), which the network of plans.json has not`,
      );
  }
}

/** Heads of the coarser stages, which help in training; the last head is taken and so is not among what is left. */
function isDeepSupervision(name: string): boolean {
  return /^decoder\.seg_layers\.\d+\.(weight|bias)$/.test(name);
}

/** The one name of a weight: that of its layer in its block, without what torch.compile and data parallelism put before. */
function layerName(name: string): string {
  return name
    .replace(/^(_orig_mod\.|module\.)+/, '')
    .replace(/^decoder\.encoder\./, 'encoder.')
    .replace(/\.all_modules\.0\./, '.conv.')
    .replace(/\.all_modules\.\d+\./, '.norm.');
}

function isSame(a: StoredTensor, b: StoredTensor): boolean {
  return a.storage === b.storage && a.offset === b.offset && a.shape.join() === b.shape.join();
}

function unsupported(message: string): ContourNodeError {
  return new ContourNodeError('MODEL_NOT_SUPPORTED', message, {
    remedy: 'take the plans.json that lies beside this checkpoint, unchanged',
  });
}
