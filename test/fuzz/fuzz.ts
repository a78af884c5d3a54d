import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** One input that did harm: `fuzz-child.ts TARGET SEED INDEX 1 /dev/null` repeats it. */
export interface Finding {
  readonly index: number;
  readonly words: string;
}

export type ChildMessage = Finding | 'done';

/** Longest that one input (or the start of the target) may take on a busy machine, in milliseconds. */
const patience = 30_000;
/** After so many findings the rest is more of the same. */
const enough = 20;

/**
 * Feeds `count` inputs to a target in a process of its own, so that a crash, an endless loop and memory without bounds
 * are findings too. After a crash or a hang the next process goes on behind that input.
 */
export async function fuzz(
  target: string,
  options: { seed: number; from?: number; count: number },
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const end = (options.from ?? 0) + options.count;
  let from = options.from ?? 0;
  const folder = await mkdtemp(join(tmpdir(), 'contour-node-fuzz-'));
  try {
    while (from < end && findings.length < enough) {
      const last = await runChild(
        target,
        options.seed,
        { from, count: end - from },
        join(folder, 'progress'),
        findings,
      );
      from = last + 1;
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  return findings;
}

/** @returns the last input that was fed */
async function runChild(
  target: string,
  seed: number,
  { from, count }: { from: number; count: number },
  progressPath: string,
  findings: Finding[],
): Promise<number> {
  const program = fileURLToPath(new URL('fuzz-child.ts', import.meta.url));
  const args = [target, seed, from, count, progressPath].map(String);
  const child = fork(program, args, {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: ['--max-old-space-size=512'],
  });
  let done = false;
  let hung = false;
  child.on('message', (message: ChildMessage) => {
    if (message === 'done') done = true;
    else findings.push(message);
    if (findings.length >= enough) child.kill('SIGKILL');
  });
  let seen = '';
  const watchdog = setInterval(async () => {
    const progress = await readFile(progressPath, 'utf8').catch(() => '');
    hung = progress === seen;
    seen = progress;
    if (hung) child.kill('SIGKILL');
  }, patience);
  const [stderr] = await Promise.all([child.stderr === null ? '' : text(child.stderr), once(child, 'exit')]);
  clearInterval(watchdog);
  const reached = Number.parseInt(await readFile(progressPath, 'utf8').catch(() => ''), 10);
  if (done) return findings.at(-1)?.words.endsWith('MB resident') === true ? reached : from + count - 1;
  if (findings.length >= enough) return reached;
  if (Number.isNaN(reached)) throw new Error(`${target} did not start: ${stderr}`);
  const words = hung ? `no end within ${patience / 1000} s` : `ended with ${child.exitCode ?? child.signalCode}`;
  findings.push({ index: reached, words: `${words}\n${stderr}` });
  return reached;
}
