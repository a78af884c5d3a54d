import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { sliceManifestSchema } from '../../src/bundles/manifest.ts';
import type { Bundle } from '../../src/bundles/read-bundle.ts';
import { parseYaml } from '../../src/config/parse-yaml.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { inWords, issueLine } from '../../src/schema-words.ts';
import { graphTensors } from '../engines/onnxruntime.ts';
import { checkGraph } from './check-graph.ts';
import { writeBundle } from './write-bundle.ts';

/**
 * The description that belongs to an imported ONNX file: the manifest without files, with the family `imported`. The names
 * of the graph's tensors may be left out where it has one input and one output.
 */
const importSchema = sliceManifestSchema.omit({ formatVersion: true, files: true, architecture: true });
const namesGiven = z.object({
  input: z.object({ tensor: z.string().optional() }),
  output: z.object({ tensor: z.string().optional() }),
});

/**
 * Makes a bundle from an ONNX file of another trainer and a YAML description of its input, output and ROIs (docs/models.md):
 * checks the description against the graph, runs the graph once and writes the bundle.
 * @throws ContourNodeError PATH_NOT_FOUND, CONFIG_INVALID (the description), BUNDLE_INVALID (graph and description do
 *   not fit), ENGINE_FAILED (the graph does not load or run)
 */
export async function importOnnx(onnx: string, description: string, directory: string): Promise<Bundle> {
  const model = await read(onnx);
  const { value, fault } = parseYaml((await read(description)).toString('utf8'));
  if (fault !== undefined) {
    throw new ContourNodeError('CONFIG_INVALID', `${description}, line ${fault.line}: ${fault.message}`, {
      remedy: 'correct the line',
    });
  }
  const parsed = importSchema.safeParse(value, inWords);
  if (!parsed.success) {
    const issues = parsed.error.issues.map((issue) => issueLine(issue));
    throw new ContourNodeError('CONFIG_INVALID', `${description}: ${issues.join('; ')}`, {
      remedy: 'docs/models.md has examples for nnU-Net and MONAI',
    });
  }
  const { input, output, ...about } = parsed.data;
  const graph = await graphTensors(onnx);
  const given = namesGiven.parse(value);
  const described = {
    ...about,
    input: { ...input, tensor: given.input.tensor ?? onlyName(graph.inputs) ?? input.tensor },
    output: { ...output, tensor: given.output.tensor ?? onlyName(graph.outputs) ?? output.tensor },
  };
  checkGraph(graph, described);
  return writeBundle(directory, { ...described, architecture: { family: 'imported' } }, { model });
}

function onlyName(tensors: readonly { name: string }[]): string | undefined {
  return tensors.length === 1 ? tensors[0]?.name : undefined;
}

async function read(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch {
    throw new ContourNodeError('PATH_NOT_FOUND', `${path} does not exist or cannot be read`);
  }
}
