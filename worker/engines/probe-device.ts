import { asContourNodeError } from '../../src/errors.ts';
import { loadTensorFlow } from './load-tensorflow.ts';
import { openOnnxRuntime } from './onnxruntime.ts';

/**
 * `node probe-device.ts tensorflow cpu|gpu`, `node probe-device.ts onnxruntime cpu|cuda|webgpu MODEL INPUT OUTPUT`: prints
 * nothing where the engine runs on the device, else one line of JSON with the reason. It is a process of its own because
 * one process cannot load two builds of TensorFlow, and because a driver may print to stderr.
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
