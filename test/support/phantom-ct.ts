import { readdir } from 'node:fs/promises';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cleanup } from './cleanup.ts';
import { contourNode } from './run-program.ts';

export interface PhantomCt {
  /** Folder with the series. */
  readonly ct: string;
  /** Its files in the order of their names. */
  readonly files: string[];
  /** The true structure set. */
  readonly truth: string;
  /** The MR beside it and the registration of both, where they were asked for. */
  readonly beside: string[];
}

/** A small phantom CT written by `contour-node phantom`. */
export async function phantomCt(
  t: Cleanup,
  seed: number,
  options: { slices?: number; matrix?: number; position?: string; mr?: boolean } = {},
): Promise<PhantomCt> {
  const folder = await mkdtemp(join(tmpdir(), 'contour-node-phantom-'));
  t.after(() => rm(folder, { recursive: true }));
  const { slices = 60, matrix = 128, position = 'HFS', mr = false } = options;
  const numbers = { '--seed': seed, '--slices': slices, '--matrix': matrix, '--position': position };
  const written = await contourNode(
    'phantom',
    '--out',
    folder,
    ...(mr ? ['--mr'] : []),
    ...Object.entries(numbers).flatMap(([key, value]) => [key, String(value)]),
  );
  if (written.code !== 0) throw new Error(written.stderr);
  const ct = join(folder, 'ct');
  const filesIn = async (of: string): Promise<string[]> => (await readdir(of)).sort().map((file) => join(of, file));
  const beside = mr ? [...(await filesIn(join(folder, 'mr'))), join(folder, 'registration.dcm')] : [];
  return { ct, files: await filesIn(ct), truth: join(folder, 'truth.dcm'), beside };
}
