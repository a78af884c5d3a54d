import { join } from 'node:path';
import { type Bundle, listBundles, readBundle } from '../../../src/bundles/read-bundle.ts';
import type { Config } from '../../../src/config/schema.ts';
import { ContourNodeError } from '../../../src/errors.ts';
import { engineDevices, missingDevice } from '../../engines/devices.ts';
import type { Check } from './check.ts';

type EngineName = keyof typeof engineDevices;

/** The devices of each engine on this machine; fails where the configured engine lacks the configured device. */
export function engineChecks(config: Pick<Config, 'engine' | 'models'>): Check[] {
  const names: EngineName[] = ['onnxruntime', 'tensorflow'];
  return names.map((name) => ({ name, run: () => examine(name, config) }));
}

async function examine(name: EngineName, { engine, models }: Pick<Config, 'engine' | 'models'>): Promise<string> {
  const bundle = await anyBundle(models.directory);
  if (bundle === undefined) return 'not checked: there is no bundle to open';
  const wanted = wantedDevices(name, engine);
  const seen: string[] = [];
  let refusal: ContourNodeError | undefined;
  for (const device of engineDevices[name]) {
    const missing = await missingDevice(name, device, bundle);
    seen.push(missing === undefined ? device : `no ${device} (${missing.message})`);
    if (missing === undefined && wanted.includes(device)) refusal = undefined;
    else if (missing !== undefined && wanted[0] === device)
      refusal = new ContourNodeError('ENGINE_UNAVAILABLE', missing.message, { remedy: missing.remedy });
  }
  if (refusal !== undefined) throw refusal;
  return `${seen.join(', ')}${engine.name === name ? `; configured: ${engine.device}` : ''}`;
}

/** Devices of which one is required; the error names the first. */
function wantedDevices(name: EngineName, { name: configured, device }: Config['engine']): readonly string[] {
  if (name !== configured) return [];
  if (device === 'auto') return ['cpu'];
  if (device === 'gpu' || device === 'cuda') return name === 'tensorflow' ? ['gpu'] : gpuOf[device];
  return [device];
}

const gpuOf = { gpu: ['cuda', 'webgpu'], cuda: ['cuda'] } as const;

async function anyBundle(directory: string): Promise<Bundle | undefined> {
  for (const name of await listBundles(directory)) {
    const bundle = await readBundle(join(directory, name)).catch(() => undefined);
    if (bundle !== undefined) return bundle;
  }
  return undefined;
}
