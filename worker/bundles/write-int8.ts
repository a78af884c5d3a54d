import { cp, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Int8Network } from '../../src/bundles/int8-network.ts';
import { type SliceManifest, sliceManifestOf, sliceManifestSchema } from '../../src/bundles/manifest.ts';
import { type Bundle, readBundle } from '../../src/bundles/read-bundle.ts';
import { orDiskFull } from '../../src/disk-full.ts';
import { openOnnxRuntime } from '../engines/onnxruntime.ts';
import { readFloats } from './golden.ts';
import { putFile } from './put-file.ts';
import { replaceFolder } from './replace-folder.ts';

/** File names in the bundle's folder. */
const graphFile = 'model-int8.onnx';
const goldenFile = 'golden-output-int8.f32';

/**
 * Puts a network with 8-bit integers beside the one in float32 of a bundle, in place of an earlier one. The other files stay as they
 * are; bundle.json changes, and with it the digest of the bundle. The folder changes as a whole or not at all.
 *
 * The golden output keeps the tolerance of float32: integers are exact on every processor as long as no product saturates. With
 * onnxruntime 1.30 AVX2 gives the bits of AVX-512 with VNNI, SSE4.1 differs by 2e-7; with weights of 8 bits, which AVX2 saturates,
 * the output of a shipped network differed by 9e-3.
 * @param graph with the input and output of the bundle's own
 * @throws ContourNodeError ENGINE_FAILED, DISK_FULL
 */
export async function writeInt8(
  bundle: Bundle,
  graph: Uint8Array,
  comparison: Int8Network['comparison'],
): Promise<Bundle> {
  const target = resolve(bundle.directory);
  await orDiskFull('no space for the bundle', 'free space; the bundle is as it was', async () => {
    await replaceFolder(target, async (draft) => {
      await cp(target, draft, { recursive: true, dereference: true });
      const manifest = sliceManifestOf(bundle.manifest);
      const model = await putFile(draft, graphFile, graph);
      const { data, shape } = await goldenOutput(bundle, manifest, join(draft, graphFile));
      const file = await putFile(draft, goldenFile, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
      const golden = { output: { ...file, shape: [...shape], every: 1 }, tolerance: manifest.files.golden.tolerance };
      const changed = sliceManifestSchema.parse({ ...manifest, int8: { model, golden, comparison } });
      await writeFile(join(draft, 'bundle.json'), `${JSON.stringify(changed, null, 2)}\n`);
    });
  });
  return readBundle(bundle.directory);
}

async function goldenOutput(bundle: Bundle, { input, output, files }: SliceManifest, graph: string) {
  const tensors = { input: input.tensor, output: output.tensor };
  const engine = await openOnnxRuntime(graph, tensors, { device: 'cpu', threads: 0 });
  try {
    return await engine.run(await readFloats(bundle, files.golden.input), files.golden.input.shape);
  } finally {
    await engine.close();
  }
}
