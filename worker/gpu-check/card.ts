import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { hasNvidiaCard } from '../processes/checks/accelerator.ts';

/** An NVIDIA card as nvidia-smi lists it. */
export interface Card {
  readonly name: string;
  /** Bytes; undefined where the driver does not say. */
  readonly memory: number | undefined;
  /** Version of the driver. */
  readonly driver: string;
}

export interface CardsFound {
  readonly cards: readonly Card[];
  /** Why there is none, in words. */
  readonly why?: string;
  /** What to do, where there is a card that nvidia-smi does not list. */
  readonly remedy?: string;
}

const mebibyte = 2 ** 20;

/** The NVIDIA cards of this machine, or in words why there is none. */
export async function findCards(): Promise<CardsFound> {
  let why = 'nvidia-smi lists no card';
  try {
    const cards = parseCards(await query(['name', 'memory.total', 'driver_version']));
    if (cards.length > 0) return { cards };
  } catch (error) {
    const { code, stdout = '', message } = error as Error & { code?: string | number; stdout?: string };
    const [said = ''] = (stdout.trim() === '' ? message : stdout.trim()).split('\n');
    why = code === 'ENOENT' ? 'nvidia-smi is not there' : `nvidia-smi does not answer: ${said}`;
  }
  if (!(await hasNvidiaCard('/'))) return { cards: [], why };
  return {
    cards: [],
    why: `there is an NVIDIA card, but ${why}`,
    remedy: "install NVIDIA's driver until nvidia-smi lists the card (in a container: the NVIDIA Container Toolkit)",
  };
}

/** @param csv lines of name, memory in MiB, driver */
export function parseCards(csv: string): Card[] {
  return linesOf(csv).flatMap((line) => {
    const [driver, memory, ...name] = line.split(', ').toReversed();
    if (driver === undefined || memory === undefined || name.length === 0) return [];
    return [{ name: name.toReversed().join(', '), memory: bytesOf(memory), driver }];
  });
}

/** Bytes in use on each card; undefined where the driver does not say. */
export async function usedMemory(): Promise<(number | undefined)[]> {
  return linesOf(await query(['memory.used']).catch(() => '')).map(bytesOf);
}

/** nvidia-smi writes `[N/A]` or `[Not Supported]` for what it does not know. */
function bytesOf(mebibytes: string): number | undefined {
  return /^\d+$/.test(mebibytes) ? Number(mebibytes) * mebibyte : undefined;
}

function linesOf(csv: string): string[] {
  return csv
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

async function query(fields: readonly string[]): Promise<string> {
  const args = [`--query-gpu=${fields.join(',')}`, '--format=csv,noheader,nounits'];
  return (await promisify(execFile)('nvidia-smi', args, { timeout: 30_000 })).stdout;
}
