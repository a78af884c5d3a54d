import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Root of the checkout, with a slash at its end. */
export const checkout = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Runs a program to its end. Debian's programs come first: pynetdicom has a storescu of its own; TCP_NODELAY for
 * DCMTK's sake (docs/architecture.md tells why).
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: { cwd?: string } = {},
): Promise<Outcome> {
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TCP_NODELAY: '1', PATH: `/usr/bin:/usr/sbin:${process.env['PATH']}` },
    ...options,
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, stdout, stderr };
}

/** Runs `./contour-node ARGS`. */
export function contourNode(...args: string[]): Promise<Outcome> {
  return runProgram(`${checkout}contour-node`, args);
}
