import type { SliceManifest } from '../../src/bundles/manifest.ts';
import { ContourNodeError } from '../../src/errors.ts';
import type { GraphTensor } from '../engines/onnxruntime.ts';
import { inputChannels, neighbourOffsets } from '../volume/preprocess.ts';

type Described = Pick<SliceManifest, 'input' | 'output' | 'rois'>;

/**
 * Compares the description of an ONNX file with the shapes that the file declares. What it does not declare is checked when
 * it runs.
 * @throws ContourNodeError BUNDLE_INVALID with both values and the key to correct
 */
export function checkGraph(
  { inputs, outputs }: { inputs: readonly GraphTensor[]; outputs: readonly GraphTensor[] },
  { input, output, rois }: Described,
): void {
  if (inputs.length !== 1)
    throw wrong(
      `the graph has ${inputs.length} inputs (${names(inputs)}), but a network gets only the CT`,
      'export it with one input',
    );
  const given = tensor(inputs, input.tensor, 'input');
  const made = tensor(outputs, output.tensor, 'output');

  const swapped = input.axes[0] === 'L' || input.axes[0] === 'R';
  const [width, height] = input.size;
  const spatial = swapped ? [width, height] : [height, width];
  const layers = input.windows.length;
  const slices = neighbourOffsets(input).length;
  check(given, 'input', input.layout, {
    channels: inputChannels(input),
    why: `${slices} ${slices === 1 ? 'slice' : 'slices'} times ${layers} ${layers === 1 ? 'window' : 'windows'}${besides(input)}`,
    remedy: 'correct input.neighbours, input.windows, input.modalities or input.layout',
    spatial,
    size: 'input.size (width, height), input.layout or input.axes',
  });
  const found = channelsOf(made, output.layout);
  const background = output.activation === 'softmax' ? 1 : 0;
  const least = output.channels === undefined ? rois.length + background : Math.max(...output.channels) + 1;
  if (output.channels !== undefined && output.channels.length !== rois.length)
    throw wrong(
      `output.channels has ${output.channels.length} entries for ${rois.length} ROIs`,
      'give one for each ROI',
    );
  check(made, 'output', output.layout, {
    // Where output.channels names the channels of the ROIs, the graph may have further ones.
    channels: output.channels === undefined || typeof found !== 'number' ? least : Math.max(found, least),
    why: background === 1 ? `${rois.length} ROIs and the background` : `${rois.length} ROIs`,
    remedy: 'name the channel of each ROI in output.channels, or correct rois, output.activation or output.layout',
    spatial: spatial.map((length) => Math.round(length * output.scale)),
    size: 'output.scale or output.layout',
  });
}

function besides({ modalities = [] }: Described['input']): string {
  return modalities.map(({ name }) => `, the slices and a mask of ${name}`).join('');
}

function tensor(tensors: readonly GraphTensor[], name: string, kind: 'input' | 'output'): GraphTensor {
  const found = tensors.find((one) => one.name === name);
  if (found === undefined)
    throw wrong(`the graph has no ${kind} ${name}, only ${names(tensors)}`, `correct ${kind}.tensor`);
  if (found.type !== 'float32')
    throw wrong(`the graph's ${kind} is ${found.type}, not float32`, 'export it in float32');
  return found;
}

function channelsOf({ shape }: GraphTensor, layout: 'nhwc' | 'nchw'): number | string | undefined {
  return shape[layout === 'nchw' ? 1 : 3];
}

function check(
  { shape, name }: GraphTensor,
  kind: 'input' | 'output',
  layout: 'nhwc' | 'nchw',
  expected: { channels: number; why: string; remedy: string; spatial: readonly number[]; size: string },
): void {
  const shown = `${kind} ${name} [${shape.join(', ')}]`;
  if (shape.length !== 4) {
    const what = shape.length === 5 ? ': 3-D networks are not supported yet' : ', not four dimensions';
    throw wrong(`the graph's ${shown} has ${shape.length}${what}`, 'export a network of 2-D slices');
  }
  const channels = channelsOf({ shape, name, type: '' }, layout);
  if (typeof channels === 'number' && channels !== expected.channels) {
    throw wrong(
      `the graph's ${shown} has ${channels} channels in ${layout}, the description makes ${expected.channels} (${expected.why})`,
      expected.remedy,
    );
  }
  const sizes = layout === 'nchw' ? shape.slice(2) : shape.slice(1, 3);
  if (sizes.some((length, axis) => typeof length === 'number' && length !== expected.spatial[axis])) {
    throw wrong(
      `the graph's ${shown} has ${sizes.join(' x ')} pixels, the description makes ${expected.spatial.join(' x ')}`,
      `correct ${expected.size}`,
    );
  }
}

function names(tensors: readonly GraphTensor[]): string {
  return tensors.map(({ name }) => name).join(', ');
}

function wrong(message: string, remedy: string): ContourNodeError {
  return new ContourNodeError('BUNDLE_INVALID', message, { remedy });
}
