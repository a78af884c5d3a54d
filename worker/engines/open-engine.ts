import { join } from 'node:path';
import { graphTensorsOf } from '../../src/bundles/manifest.ts';
import type { Bundle } from '../../src/bundles/read-bundle.ts';
import { configSchema } from '../../src/config/schema.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { inWords, issueLine } from '../../src/schema-words.ts';
import type { Engine } from './engine.ts';
import { openOnnxRuntime } from './onnxruntime.ts';
import { openTensorFlow } from './tensorflow.ts';

const choiceSchema = configSchema.shape.engine.unwrap().pick({ name: true, device: true, threads: true });

/** As the configuration or a work order names it; see `engine` in src/config/schema.ts. */
export interface EngineChoice {
  readonly name: string;
  readonly device: string;
  /** Threads within one operator; 0 lets the library choose. */
  readonly threads: number;
}

/**
 * Loads a bundle's network into the engine that was chosen.
 * @throws ContourNodeError ENGINE_UNAVAILABLE (engine or device not there, or the bundle has nothing for this engine),
 *   ENGINE_FAILED, BUNDLE_INVALID
 */
export async function openEngine(bundle: Bundle, choice: EngineChoice): Promise<Engine> {
  const { name, device, threads } = choice;
  const parsed = choiceSchema.safeParse({ name, device, threads }, inWords);
  if (!parsed.success) {
    throw new ContourNodeError(
      'ENGINE_UNAVAILABLE',
      `there is no engine ${name} on ${device}: ${issueLine(parsed.error.issues[0]!)}`,
    );
  }
  if (parsed.data.name === 'tensorflow') return openTensorFlow(bundle, parsed.data);
  const { model } = bundle.manifest.files;
  return openOnnxRuntime(join(bundle.directory, model.path), graphTensorsOf(bundle.manifest), {
    ...parsed.data,
    // A patch of a whole CT takes as much memory as there is: an arena would keep twice that.
    ...(!('volume' in bundle.manifest) && { arenaFor: model.sha256 }),
  });
}
