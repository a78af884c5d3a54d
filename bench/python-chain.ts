import { existsSync, globSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import onnxProto from 'onnx-proto';
import { python } from '../test/interop/pynetdicom.ts';
import { contourNode, runProgram } from '../test/support/run-program.ts';

const { onnx } = onnxProto;

/** Pixels of a slice along a side, for the network too. */
export const chainMatrix = 512;
export const chainSlices = 90;

/**
 * A folder with `python_chain.py CT MODEL.onnx PORT` (prints `last slice to delivered X s`) and `deeplab_onnx.py OUT SIZE ROIS`.
 */
const chainTools = process.env['CONTOUR_NODE_PYTHON_CHAIN'];

/** Why there is nothing to compare with, or undefined. */
export function noPythonChain(): string | undefined {
  if (chainTools === undefined)
    return 'CONTOUR_NODE_PYTHON_CHAIN names no folder with python_chain.py and deeplab_onnx.py';
  const missing = ['python_chain.py', 'deeplab_onnx.py'].find((name) => !existsSync(join(chainTools, name)));
  if (missing !== undefined) return `${join(chainTools, missing)} is not there`;
  if (globSync(join(python, '..', '..', 'lib', '*', 'site-packages', 'rt_utils')).length === 0)
    return './setup --dev has not made its Python environment';
  return undefined;
}

async function runPython(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runProgram(python, args);
  if (code !== 0) throw new Error(`${args[0]}: ${stderr}`);
  return stdout;
}

/**
 * The network of the paper's size with random weights, as an ONNX file and as a bundle of it. To every slice it adds an ellipse, so that
 * there is something to contour. The bundle has integers too, calibrated on the CT.
 * @param archive the CT with its structure set
 * @returns the ONNX file
 */
export async function chainModel(folder: string, models: string, spacingMm: number, archive: string): Promise<string> {
  const file = join(folder, 'deeplabv3plus.onnx');
  await runPython(join(chainTools!, 'deeplab_onnx.py'), file, String(chainMatrix), '1');
  await writeFile(file, withEllipse(await readFile(file)));
  const description = join(folder, 'deeplabv3plus.yaml');
  await writeFile(
    description,
    JSON.stringify({
      name: 'paper-size',
      version: '1.0.0',
      description: 'random weights and an ellipse, for timing only',
      input: {
        spacingMm,
        sliceSpacingMm: null,
        size: [chainMatrix, chainMatrix],
        centre: 'image',
        neighbours: 0,
        layout: 'nchw',
        windows: [{ low: -160, high: 240 }],
      },
      output: { activation: 'probability', layout: 'nchw' },
      rois: [{ name: 'GTVp', interpretedType: 'GTV', colour: [255, 0, 0] }],
      intendedUse: 'research',
      applicability: { sliceSpacingMm: [1, 5] },
      licence: 'none',
    }),
  );
  const imported = await contourNode(
    'models',
    'import',
    file,
    '--about',
    description,
    '--out',
    join(models, 'paper-size'),
  );
  if (imported.code !== 0) throw new Error(imported.stderr);
  const quantised = await contourNode('models', 'quantise', join(models, 'paper-size'), '--data', archive);
  if (quantised.code !== 0) throw new Error(quantised.stderr);
  return file;
}

/** The output becomes a thousandth of what it was plus 0.9 within an ellipse. */
function withEllipse(bytes: Uint8Array): Uint8Array {
  const model = onnx.ModelProto.decode(bytes);
  const graph = model.graph!;
  const output = graph.output![0]!.name!;
  const last = graph.node!.find((node) => node.output!.includes(output))!;
  last.output = ['network'];
  const ellipse = Float32Array.from({ length: chainMatrix ** 2 }, (_, pixel) => {
    const x = (pixel % chainMatrix) - chainMatrix / 2;
    const y = Math.trunc(pixel / chainMatrix) - chainMatrix / 2;
    return (x / 60) ** 2 + (y / 40) ** 2 < 1 ? 0.9 : 0;
  });
  const constant = (name: string, values: Float32Array, ...dims: number[]) =>
    graph.initializer!.push({ name, dims, dataType: 1, rawData: new Uint8Array(values.buffer) });
  constant('thousandth', Float32Array.of(1e-3));
  constant('ellipse', ellipse, 1, 1, chainMatrix, chainMatrix);
  graph.node!.push(
    { opType: 'Mul', input: ['network', 'thousandth'], output: ['faint'] },
    { opType: 'Add', input: ['faint', 'ellipse'], output: [output] },
  );
  return onnx.ModelProto.encode(model).finish();
}

/** Seconds from the last slice to the delivery, and the script's own lines. */
export async function pythonSeconds(ct: string, model: string, port: number) {
  const stdout = await runPython(join(chainTools!, 'python_chain.py'), ct, model, String(port));
  const seconds = Number(/last slice to delivered ([\d.]+) s/.exec(stdout)?.[1]);
  if (Number.isNaN(seconds)) throw new Error(`python_chain.py printed: ${stdout}`);
  return { seconds, lines: stdout.trim().split('\n') };
}
