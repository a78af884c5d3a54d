import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { buildNetwork } from '../../worker/networks/network.ts';
import { layerShapes } from '../../worker/networks/layers.ts';
import { parameterCount } from '../../worker/networks/parameters.ts';
import { type BlockRow, blockTable } from './block-table.ts';

const document = await readFile(new URL('../../docs/networks.md', import.meta.url), 'utf8');

/** The first table below a heading. */
function documented(heading: string): BlockRow[] {
  const section = document.split(/^## /m).find((part) => part.startsWith(heading)) ?? '';
  return section
    .split('\n')
    .filter((line) => /^\| [a-z]+[\d.]* \| \d+ \|/.test(line))
    .map((line) => {
      const [block = '', layers = '', output = '', parameters = ''] = line
        .split('|')
        .slice(1)
        .map((cell) => cell.trim());
      return { block, layers: Number(layers), output, parameters: Number(parameters) };
    });
}

for (const [family, heading, input, rois, total] of [
  ['deeplabv3plus', 'Deeplabv3+', [512, 512, 1], 1, 2_713_841],
  ['unet', 'U-Net', [512, 512, 1], 1, 28_948_481],
  ['unet3d', '3-D U-Net', [48, 72, 64, 2], 8, 2_983_016],
] as const) {
  test(`${family} has the blocks, sizes and parameter counts of docs/networks.md`, () => {
    const network = buildNetwork({ family, parameters: {} }, input, rois);
    assert.deepEqual(blockTable(network), documented(heading));
    assert.equal(parameterCount(network), total);
  });
}

test('output stride 8 keeps the last feature map twice as fine and widens the taps instead', () => {
  const build = (outputStride: 8 | 16) =>
    buildNetwork({ family: 'deeplabv3plus', parameters: { outputStride } }, [128, 128, 3], 8);
  assert.deepEqual(layerShapes(build(16)).get('stage7.1.project'), [8, 8, 320]);
  assert.deepEqual(layerShapes(build(8)).get('stage7.1.project'), [16, 16, 320]);
  const dilations = (outputStride: 8 | 16): number[] =>
    build(outputStride).layers.flatMap((layer) =>
      layer.kind === 'convolution' && /^stage[4567].*depthwise/.test(layer.name) ? [layer.dilation] : [],
    );
  assert.deepEqual(dilations(16), [1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2]);
  assert.deepEqual(dilations(8), [1, 2, 2, 2, 2, 2, 2, 2, 4, 4, 4]);
  assert.equal(parameterCount(build(8)), parameterCount(build(16)));
});

test('the output has the size of the input and one channel a ROI, for both networks and any number of neighbours', () => {
  for (const family of ['deeplabv3plus', 'unet'] as const) {
    const network = buildNetwork({ family, parameters: {} }, [96, 112, 5], 7);
    assert.deepEqual(layerShapes(network).get(network.output), [96, 112, 7]);
  }
});

test('a size that is no multiple of the stride and an unknown parameter are refused in words', () => {
  const small = { family: 'deeplabv3plus', parameters: {} } as const;
  assert.throws(() => buildNetwork(small, [100, 128, 1], 1), {
    code: 'CONFIG_INVALID',
    message: /128 x 100 is no multiple of the network's stride 16/,
  });
  assert.throws(() => buildNetwork({ ...small, parameters: { widht: 2 } }, [128, 128, 1], 1), {
    code: 'CONFIG_INVALID',
    message: /widht/,
  });
});
