import { asContourNodeError } from '../../src/errors.ts';
import { loadTensorFlow } from './load-tensorflow.ts';
import { openOnnxRuntime } from './onnxruntime.ts';

/**
 * `node probe-device.ts tensorflow cpu|gpu`, `node probe-device.ts onnxruntime cpu|cuda|webgpu MODEL INPUT OUTPUT`: ends
 * silently where the engine runs on the device, else with one line of JSON that says why not. A process of its own: two
 * builds of TensorFlow do not live in one, and a driver may write to stderr what it likes.
 */
const [, , engine, device, model = '', input = '', output = ''] = process.argv;
try {
  if (engine === 'tensorflow') await loadTensorFlow(device === 'gpu');
  else {
    const options = { device: device as 'cpu' | 'cuda' | 'webgpu', threads: 1 };
    await (await openOnnxRuntime(model, { input, output }, options)).close();
  }
} catch (error) {
  const { message, remedy } = asContourNodeError(error);
  console.log(JSON.stringify({ message, remedy }));
}
