export interface EngineTensor {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** A loaded network. Tensors are float32 in the layout of the bundle; the batch is the first axis. */
export interface Engine {
  readonly name: 'onnxruntime' | 'tensorflow';
  /** What it runs on, for logs and provenance: `cpu`, `cuda`, `webgpu`, `gpu`. */
  readonly device: string;
  /** What its network computes with: `int8` is the bundle's network with 8-bit integers. */
  readonly precision: 'float32' | 'int8';
  /** Images at once that were the fastest, where that was measured. */
  readonly images?: number;
  /**
   * @param input float32, shape [batch, ...] as the bundle's input says
   * @param target as many values as the output has, and its shape: an engine that can writes there, and its answer is the target. A
   *   large output need then not be allocated for every run
   * @returns float32 of every output element, shape alongside
   * @throws ContourNodeError ENGINE_FAILED
   */
  run(input: Float32Array, shape: readonly number[], target?: EngineTensor): Promise<EngineTensor>;
  /** Gives back the memory that it keeps from run to run; absent where it keeps none. @throws ContourNodeError ENGINE_FAILED */
  rest?(): Promise<void>;
  /** Frees every tensor; the engine cannot be used afterwards. */
  close(): Promise<void>;
}

export interface EngineOptions {
  readonly device: 'auto' | 'cpu' | 'gpu' | 'cuda' | 'webgpu';
  /** Threads within one operator; 0 lets the library choose. */
  readonly threads: number;
}

/** What a network runs on, in words. */
export function engineText({ name, device, precision }: Pick<Engine, 'name' | 'device' | 'precision'>): string {
  return precision === 'int8' ? `${name}, ${device}, int8` : `${name}, ${device}`;
}
