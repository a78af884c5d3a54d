import { join } from 'node:path';
import { graphTensorsOf, int8Of } from '../../src/bundles/manifest.ts';
import type { Bundle } from '../../src/bundles/read-bundle.ts';
import { configSchema } from '../../src/config/schema.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { inWords, issueLine } from '../../src/schema-words.ts';
import type { Engine, EngineOptions } from './engine.ts';
import { cudaInstalled, openOnnxRuntime } from './onnxruntime.ts';
import { openTensorFlow } from './tensorflow.ts';

const choiceSchema = configSchema.shape.engine
  .unwrap()
  .pick({ name: true, device: true, precision: true, threads: true });

/** As the configuration or a work order names it; see `engine` in src/config/schema.ts. */
export interface EngineChoice {
  readonly name: string;
  readonly device: string;
  /** `auto`, the default: with 8-bit integers where the bundle has such a network and onnxruntime runs on the CPU. */
  readonly precision?: string | undefined;
  /** Threads within one operator; 0 lets the library choose. */
  readonly threads: number;
}

/**
 * Loads a bundle's network into the engine that was chosen.
 * @throws ContourNodeError ENGINE_UNAVAILABLE (engine or device not there, or the bundle has nothing for this engine),
 *   ENGINE_FAILED, BUNDLE_INVALID
 */
export async function openEngine(bundle: Bundle, choice: EngineChoice): Promise<Engine> {
  const { name, device, precision, threads } = choice;
  const parsed = choiceSchema.safeParse({ name, device, precision, threads }, inWords);
  if (!parsed.success) {
    throw new ContourNodeError(
      'ENGINE_UNAVAILABLE',
      `there is no engine ${name} on ${device}: ${issueLine(parsed.error.issues[0]!)}`,
    );
  }
  if (parsed.data.name === 'tensorflow') return openTensorFlow(bundle, parsed.data);
  const int8 = parsed.data.precision === 'float32' ? undefined : int8Of(bundle.manifest);
  const open = (how: EngineOptions, precision: Engine['precision']) => {
    const model = precision === 'int8' ? int8!.model : bundle.manifest.files.model;
    return openOnnxRuntime(join(bundle.directory, model.path), graphTensorsOf(bundle.manifest), {
      ...how,
      precision,
      // A patch of a whole CT takes as much memory as there is: an arena would keep twice that.
      ...(!('volume' in bundle.manifest) && { arenaFor: model.sha256 }),
    });
  };
  if (int8 === undefined || (parsed.data.device !== 'cpu' && parsed.data.device !== 'auto'))
    return open(parsed.data, 'float32');
  if (parsed.data.device === 'auto' && cudaInstalled()) {
    try {
      return await open({ ...parsed.data, device: 'cuda' }, 'float32');
    } catch (error) {
      if (!(error instanceof ContourNodeError) || error.code !== 'ENGINE_UNAVAILABLE') throw error;
    }
  }
  return open({ ...parsed.data, device: 'cpu' }, 'int8');
}
