import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GraphBuilder, ints } from '../../worker/networks/onnx-graph.ts';
import { checkout } from './run-program.ts';

/** Configurations in test/monai/configs: three ways that MONAI bundles are written. */
export type SmallBundle = 'gaussian' | 'constant' | 'threshold';

export function smallMetadata(which: SmallBundle) {
  const labels = which === 'threshold' ? ['lesion'] : ['background', 'parotid_left', 'parotid_right'];
  return {
    version: '0.3.1',
    monai_version: '1.4.0',
    name: 'Small parotid segmentation',
    description: 'A small bundle of a test',
    intended_use: 'For tests only',
    copyright: 'nobody',
    network_data_format: {
      inputs: { image: { type: 'image', format: 'hounsfield', modality: 'CT', num_channels: 1 } } as Record<
        string,
        { num_channels: number; modality?: string }
      >,
      outputs: {
        pred: {
          num_channels: labels.length,
          channel_def: Object.fromEntries(labels.map((name, n) => [String(n), name])),
        },
      },
    },
  };
}

/** The network of test/monai/expected-labels.py: one convolution of 3 x 3 x 3 voxels. */
export function neighbourhoodNetwork(channels: number): Uint8Array {
  const graph = new GraphBuilder();
  const values = Float32Array.from({ length: channels * 27 }, (_, n) => (((n * 29) % 23) - 11) / 20);
  const kernel = graph.floats('weights', [channels, 1, 3, 3, 3], values);
  const bias = graph.floats('bias', [channels], Float32Array.from([0.3, 0.17, 0.1].slice(0, channels)));
  graph.node('Conv', ['image', kernel, bias], 'pred', [ints('pads', [1, 1, 1, 1, 1, 1])]);
  const open = ['x', 'y', 'z'];
  return graph.encode('small', { name: 'image', shape: [1, ...open] }, { name: 'pred', shape: [channels, ...open] });
}

/** Writes a MONAI bundle as a clinic has it, with the network as ONNX. */
export async function writeMonaiFolder(folder: string, which: SmallBundle): Promise<void> {
  await mkdir(join(folder, 'configs'), { recursive: true });
  await mkdir(join(folder, 'models'));
  await cp(join(checkout, `test/monai/configs/${which}.json`), join(folder, 'configs/inference.json'));
  await writeFile(join(folder, 'configs/metadata.json'), JSON.stringify(smallMetadata(which)));
  await writeFile(join(folder, 'models/model.onnx'), neighbourhoodNetwork(which === 'threshold' ? 1 : 3));
}
