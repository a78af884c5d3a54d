import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../../../src/config/schema.ts';
import { ContourNodeError } from '../../../src/errors.ts';
import type { Check } from './check.ts';

/** PCI vendor number of NVIDIA, and the PCI class of display controllers (0x03). */
const nvidia = '0x10de';
const displayClass = /^0x03/;

/**
 * Whether there is an NVIDIA card with a driver, where one is configured.
 *
 * @param root folder with the kernel's `proc` and `sys`
 */
export function acceleratorCheck({ engine }: Pick<Config, 'engine'>, root = '/'): Check {
  return { name: 'accelerator', run: () => examine(engine.device, root) };
}

async function examine(device: Config['engine']['device'], root: string): Promise<string> {
  const wanted = device === 'gpu' || device === 'cuda';
  const driver = await readFile(join(root, 'proc/driver/nvidia/version'), 'utf8').catch(() => undefined);
  if (driver !== undefined) {
    const version = /Kernel Module\s+(?:for \S+\s+)?(\d[\d.]+)/.exec(driver)?.[1] ?? 'of unknown version';
    return `NVIDIA driver ${version}${device === 'cpu' ? ', not configured' : ''}`;
  }
  const card = await hasNvidiaCard(root);
  if (!wanted) return card ? 'an NVIDIA card without a driver; the CPU is used' : 'no NVIDIA card; the CPU is used';
  throw new ContourNodeError(
    'ENGINE_UNAVAILABLE',
    card
      ? `engine.device is ${device}: there is an NVIDIA card, but no driver is loaded`
      : `engine.device is ${device}: this machine has no NVIDIA card`,
    {
      remedy: card
        ? "install NVIDIA's driver until nvidia-smi answers (in a container: the NVIDIA Container Toolkit), or configure engine.device: cpu"
        : 'configure engine.device: cpu (or auto)',
    },
  );
}

/** Whether the kernel lists an NVIDIA card, with a driver or without. @param root folder with the kernel's `sys` */
export async function hasNvidiaCard(root: string): Promise<boolean> {
  const folder = join(root, 'sys/bus/pci/devices');
  const devices = await readdir(folder).catch(() => []);
  const read = (name: string, file: string): Promise<string> =>
    readFile(join(folder, name, file), 'utf8').catch(() => '');
  const found = await Promise.all(
    devices.map(
      async (name) => (await read(name, 'vendor')).trim() === nvidia && displayClass.test(await read(name, 'class')),
    ),
  );
  return found.includes(true);
}
