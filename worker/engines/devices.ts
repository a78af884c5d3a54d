import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { graphTensorsOf } from '../../src/bundles/manifest.ts';
import type { Bundle } from '../../src/bundles/read-bundle.ts';

/** The devices that an engine knows. */
export const engineDevices = {
  onnxruntime: ['cpu', 'cuda', 'webgpu'],
  tensorflow: ['cpu', 'gpu'],
} as const;

/** Why an engine cannot run on a device here. */
export interface Missing {
  readonly message: string;
  readonly remedy: string;
}

const answer = z.object({ message: z.string(), remedy: z.string() });
const probe = fileURLToPath(new URL('./probe-device.ts', import.meta.url));

/**
 * Whether an engine runs on a device of this machine; undefined: it does.
 * @param bundle any one: onnxruntime needs a graph to open
 */
export async function missingDevice(
  engine: keyof typeof engineDevices,
  device: string,
  bundle: Bundle,
): Promise<Missing | undefined> {
  const { input, output } = graphTensorsOf(bundle.manifest);
  const model = join(bundle.directory, bundle.manifest.files.model.path);
  const graph = engine === 'onnxruntime' ? [model, input, output] : [];
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [probe, engine, device, ...graph], {
      timeout: 120_000,
    });
    const line = stdout.trim().split('\n').at(-1) ?? '';
    return line === '' ? undefined : answer.parse(JSON.parse(line));
  } catch {
    return {
      message: `${engine} crashes its process on ${device}`,
      remedy: 'run ./setup again, or use another device',
    };
  }
}
