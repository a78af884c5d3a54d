import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Cleanup } from '../support/cleanup.ts';
import { runProgram } from '../support/run-program.ts';

const cache = process.env['CONTOUR_NODE_CACHE'] ?? join(homedir(), '.cache', 'contour-node');
/** The interpreter of the environment in the cache, where that is there. */
export const python = join(cache, 'pynetdicom', 'bin', 'python');

/** Why tests with pynetdicom are skipped, or false. */
export const noPynetdicom = existsSync(python)
  ? false
  : 'pynetdicom is missing: deps/install-pynetdicom.sh (./setup --dev calls it)';

/** Why tests with SimpleITK, which lies beside it, are skipped, or false. */
export const noSimpleItk =
  noPynetdicom ||
  (globSync(join(python, '../../lib/*/site-packages/SimpleITK')).length > 0
    ? false
    : 'SimpleITK is missing: deps/install-pynetdicom.sh (./setup --dev calls it)');

function script(name: string): string {
  return fileURLToPath(new URL(`./pynetdicom/${name}`, import.meta.url));
}

/** What `test/interop/pynetdicom/NAME` prints for this task. */
export async function pynetdicom<T>(name: string, task: object): Promise<T> {
  const { code, stdout, stderr } = await runProgram(python, [script(name), JSON.stringify(task)]);
  if (code !== 0) throw new Error(`${name}: ${stderr}`);
  return JSON.parse(stdout) as T;
}

export interface PynetdicomServer {
  readonly port: number;
  /** What it printed after its port. */
  readonly lines: readonly Record<string, unknown>[];
  /** A line on its standard input. */
  tell(wish: object): void;
}

/** Starts `test/interop/pynetdicom/NAME`, which prints its port first and then a JSON line for whatever comes. */
export async function pynetdicomServer(t: Cleanup, name: string, task: object): Promise<PynetdicomServer> {
  const child = spawn(python, [script(name), JSON.stringify(task)], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(async () => {
    child.stdin.end();
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  });
  const reader = createInterface({ input: child.stdout });
  const lines: Record<string, unknown>[] = [];
  const [port] = (await once(reader, 'line')) as [string];
  reader.on('line', (line) => lines.push(JSON.parse(line) as Record<string, unknown>));
  return { port: Number(port), lines, tell: (wish) => void child.stdin.write(`${JSON.stringify(wish)}\n`) };
}
