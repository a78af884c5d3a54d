import { createHash } from 'node:crypto';
import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ContourNodeError } from '../../src/errors.ts';
import { inBatchesOf } from './batches.ts';
import type { Engine, EngineOptions, EngineTensor } from './engine.ts';

type OnnxRuntime = typeof import('onnxruntime-node');

export interface OnnxRuntimeOptions extends EngineOptions {
  /**
   * SHA-256 of the file. With it a session on the CPU has a memory arena, which saves a third of the time of a network of
   * slices and keeps the memory of the largest batch until `rest`: the session is then made again from a file that is the same.
   */
  readonly arenaFor?: string;
  /** What the graph computes with. Default: float32. */
  readonly precision?: Engine['precision'];
}

/**
 * Opens an ONNX file with onnxruntime-node.
 * @param tensors names of the graph's input and output
 * @throws ContourNodeError ENGINE_UNAVAILABLE (package or device not there), ENGINE_FAILED (the graph does not load)
 */
export async function openOnnxRuntime(
  model: string,
  tensors: { input: string; output: string },
  options: OnnxRuntimeOptions,
): Promise<Engine> {
  const ort = await load();
  const opened = await openSession(ort, model, options);
  const { device } = opened;
  let { session } = opened;
  for (const [kind, name, names] of [
    ['input', tensors.input, session.inputNames],
    ['output', tensors.output, session.outputNames],
  ] as const) {
    if (!names.includes(name)) {
      throw new ContourNodeError('ENGINE_FAILED', `the graph has no ${kind} named ${name}, only ${names.join(', ')}`, {
        remedy: `correct ${kind}.tensor in bundle.json`,
      });
    }
  }
  return {
    name: 'onnxruntime',
    device,
    precision: options.precision ?? 'float32',
    run(input, shape, target) {
      const runPart = async (part: Float32Array, partShape: readonly number[], into?: EngineTensor) => {
        const feeds = { [tensors.input]: new ort.Tensor('float32', part, partShape) };
        const fetches = into && device === 'cpu' ? new ort.Tensor('float32', into.data, into.shape) : null;
        try {
          const result = (await session.run(feeds, { [tensors.output]: fetches }))[tensors.output]!;
          if (result.type !== 'float32') throw new Error(`the output is ${result.type}, not float32`);
          const data = result.data as Float32Array<ArrayBuffer>;
          if (into === undefined || fetches === null) return { data, shape: result.dims };
          // onnxruntime-node 1.30 answers with a copy of what it has written to the target. The collector would keep several.
          if (data.buffer !== into.data.buffer) data.buffer.transfer(0);
          return into;
        } catch (error) {
          throw failed('inference failed', error);
        }
      };
      return inBatchesOf(fixedBatch(session, tensors.input), input, shape, runPart, target);
    },
    ...(device === 'cpu' &&
      options.arenaFor !== undefined && {
        async rest() {
          await session.release();
          ({ session } = await openSession(ort, model, { ...options, device: 'cpu' }));
        },
      }),
    async close() {
      await session.release();
    },
  };
}

/** An input or output of a graph: its name, element type and shape; open dimensions have names. */
export interface GraphTensor {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly (number | string)[];
}

/**
 * Inputs and outputs of an ONNX file.
 * @throws ContourNodeError ENGINE_UNAVAILABLE, ENGINE_FAILED (the graph does not load)
 */
export async function graphTensors(model: string): Promise<{ inputs: GraphTensor[]; outputs: GraphTensor[] }> {
  const { session } = await openSession(await load(), model, { device: 'cpu', threads: 0 });
  try {
    const of = (metadata: typeof session.inputMetadata) =>
      metadata.map((tensor): GraphTensor => {
        return {
          name: tensor.name,
          type: tensor.isTensor ? tensor.type : 'no tensor',
          shape: tensor.isTensor ? tensor.shape : [],
        };
      });
    return { inputs: of(session.inputMetadata), outputs: of(session.outputMetadata) };
  } finally {
    await session.release();
  }
}

async function load(): Promise<OnnxRuntime> {
  // Else the library assigns this machine an identifier and reports its use to Microsoft (measured with 1.30).
  process.env['ORT_DISABLE_TELEMETRY'] = '1';
  try {
    const module = (await import('onnxruntime-node')) as OnnxRuntime & { default?: OnnxRuntime };
    return module.default ?? module;
  } catch (error) {
    throw new ContourNodeError('ENGINE_UNAVAILABLE', `onnxruntime does not load: ${firstLine(error)}`, {
      cause: error,
      remedy: 'run ./setup',
    });
  }
}

/** @throws ContourNodeError ENGINE_FAILED the file is another one than when the bundle was verified */
async function readGraph(model: string, sha256: string): Promise<Uint8Array> {
  const bytes = await readFile(model).catch((error: unknown) => {
    throw failed('the graph cannot be read', error);
  });
  if (createHash('sha256').update(bytes).digest('hex') !== sha256)
    throw failed('the graph does not load', 'the file has changed since the bundle was verified');
  return bytes;
}

/** The fixed batch size of a graph, where it has one. */
function fixedBatch(session: Awaited<ReturnType<typeof openSession>>['session'], input: string): number | undefined {
  const tensor = session.inputMetadata.find(({ name }) => name === input);
  const first = tensor?.isTensor === true ? tensor.shape[0] : undefined;
  return typeof first === 'number' && first > 0 ? first : undefined;
}

type Device = 'cpu' | 'cuda' | 'webgpu';

/** The first device of those wanted on which the graph opens. */
async function openSession(ort: OnnxRuntime, model: string, options: OnnxRuntimeOptions) {
  const { arenaFor } = options;
  const graph = arenaFor === undefined ? model : await readGraph(model, arenaFor);
  const wanted: readonly Device[] = {
    auto: ['cuda', 'cpu'] as const,
    cpu: ['cpu'] as const,
    gpu: ['cuda', 'webgpu'] as const,
    cuda: ['cuda'] as const,
    webgpu: ['webgpu'] as const,
  }[options.device];
  let reason: unknown;
  for (const device of wanted) {
    if (device === 'cuda' && !cudaInstalled()) {
      reason = 'its CUDA provider is not installed';
      continue;
    }
    try {
      const settings = {
        executionProviders: [device],
        intraOpNumThreads: options.threads,
        enableCpuMemArena: arenaFor !== undefined,
        logSeverityLevel: 4,
      } as const;
      const session = await (typeof graph === 'string'
        ? ort.InferenceSession.create(graph, settings)
        : ort.InferenceSession.create(graph, settings));
      return { session, device };
    } catch (error) {
      // Dawn's message names its source files only.
      reason = device === 'webgpu' && /adapter/i.test(String(error)) ? 'no WebGPU adapter (Vulkan driver)' : error;
    }
  }
  if (options.device === 'auto' || options.device === 'cpu') throw failed('the graph does not load', reason);
  throw new ContourNodeError(
    'ENGINE_UNAVAILABLE',
    `onnxruntime has no device ${options.device} here: ${firstLine(reason)}`,
    {
      cause: reason,
      remedy: 'install the driver and run ./setup --gpu, or configure engine.device: cpu',
    },
  );
}

/** Whether the package's CUDA provider was installed; asking onnxruntime for an absent one prints errors. */
export function cudaInstalled(): boolean {
  const entry = createRequire(import.meta.url).resolve('onnxruntime-node');
  const bin = join(dirname(entry), '..', 'bin');
  return globSync('**/*onnxruntime_providers_cuda*', { cwd: bin }).length > 0;
}

function failed(what: string, error: unknown): ContourNodeError {
  return new ContourNodeError('ENGINE_FAILED', `onnxruntime: ${what}: ${firstLine(error)}`, { cause: error });
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]!;
}
