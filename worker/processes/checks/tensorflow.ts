import type { Config } from '../../../src/config/schema.ts';
import { loadTensorFlow } from '../../engines/load-tensorflow.ts';
import type { Check } from './check.ts';

/** Whether TensorFlow is there, which training and the engine `tensorflow` need. */
export function tensorFlowCheck({ engine }: Pick<Config, 'engine'>): Check {
  return { name: 'tensorflow', run: () => examine(engine) };
}

async function examine({ name, device }: Config['engine']): Promise<string> {
  const needed = name === 'tensorflow';
  const gpu = needed && (device === 'gpu' || device === 'cuda');
  try {
    const tf = await loadTensorFlow(gpu);
    await tf.ready();
    return `${tf.version_core}, ${gpu ? 'for the GPU' : 'on the CPU'}${needed ? '' : ', not configured as engine'}`;
  } catch (error) {
    if (needed) throw error;
    return 'not installed; needed for training only';
  }
}
