import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { manifestSchema } from '../../src/bundles/manifest.ts';
import type { Bundle } from '../../src/bundles/read-bundle.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { writeBundle } from './write-bundle.ts';

/** What somebody who brings an ONNX file has to say about it: the manifest without files; the family is `imported`. */
const importSchema = manifestSchema.omit({ formatVersion: true, files: true, architecture: true });

/**
 * Makes a bundle of an ONNX file of somebody else's and a YAML description of its input, output and ROIs.
 * @throws ContourNodeError PATH_NOT_FOUND, CONFIG_INVALID (the description), BUNDLE_INVALID (graph and description do
 *   not fit), ENGINE_FAILED (the graph does not load or run)
 */
export async function importOnnx(onnx: string, description: string, directory: string): Promise<Bundle> {
  const model = await read(onnx);
  let yaml: unknown;
  try {
    yaml = parse((await read(description)).toString('utf8'));
  } catch (error) {
    if (error instanceof ContourNodeError) throw error;
    throw new ContourNodeError('CONFIG_INVALID', `${description}: ${(error as Error).message.split('\n')[0]}`, {
      remedy: 'correct the line',
    });
  }
  const parsed = importSchema.safeParse(yaml);
  if (!parsed.success) {
    const issues = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'the file'}: ${issue.message}`);
    throw new ContourNodeError('CONFIG_INVALID', `${description}: ${issues.join('; ')}`, {
      remedy: 'see `contour-node models import --help` for an example',
    });
  }
  return writeBundle(directory, { ...parsed.data, architecture: { family: 'imported' } }, { model });
}

async function read(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch {
    throw new ContourNodeError('PATH_NOT_FOUND', `${path} is not there or cannot be read`);
  }
}
