import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
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

/** Longest that one input may take on a busy machine, in seconds. */
const longestSeconds = 30;
/** After so many findings the rest is more of the same. */
const enough = 20;

/**
 * Feeds `count` inputs to a target in a process of its own, so that a crash, an endless loop and memory without bounds
 * are findings too. After a crash or a hang the next process goes on behind that input.
 */
export async function fuzz(
  target: string,
  options: { seed: number; from?: number; count: number; seconds?: number },
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const { seed, seconds = longestSeconds } = options;
  let from = options.from ?? 0;
  const end = from + options.count;
  const folder = await mkdtemp(join(tmpdir(), 'contour-node-fuzz-'));
  try {
    while (from < end && findings.length < enough) {
      const run = { target, seed, from, count: end - from, seconds, progressPath: join(folder, 'progress') };
      from = (await runChild(run, findings)) + 1;
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  return findings;
}

interface ChildRun {
  readonly target: string;
  readonly seed: number;
  readonly from: number;
  readonly count: number;
  readonly seconds: number;
  readonly progressPath: string;
}

/** @returns the last input that was fed */
async function runChild(run: ChildRun, findings: Finding[]): Promise<number> {
  const { target, seed, from, count, seconds, progressPath } = run;
  const child = fork(
    fileURLToPath(new URL('fuzz-child.ts', import.meta.url)),
    [target, seed, from, count, progressPath].map(String),
    { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], execArgv: ['--max-old-space-size=512'] },
  );
  const reached = (): string => (existsSync(progressPath) ? readFileSync(progressPath, 'utf8') : '');
  let done = false;
  child.on('message', (message: ChildMessage) => {
    if (message === 'done') done = true;
    else findings.push(message);
    if (findings.length >= enough) child.kill('SIGKILL');
  });
  let hung = false;
  let seen = '';
  const watchdog = setInterval(() => {
    hung = seen !== '' && seen === reached();
    seen = reached();
    if (hung) child.kill('SIGKILL');
  }, seconds * 1000);
  const [printed] = await Promise.all([printedBy(child), once(child, 'exit')]);
  clearInterval(watchdog);
  if (findings.length >= enough) return from + count - 1;
  const last = Number.parseInt(reached(), 10);
  if (Number.isNaN(last)) throw new Error(`${target} did not start: ${printed}`);
  if (!done) {
    const words = hung ? `no end within ${seconds} s` : `ended with ${child.exitCode ?? child.signalCode}`;
    findings.push({ index: last, words: `${words}\n${printed}` });
  } else if (printed !== '') {
    // What comes from outside may hold patient data: it goes into the log, through its redaction, or nowhere.
    findings.push({ index: last, words: `printed: ${printed.slice(0, 1000)}` });
  }
  return last;
}

async function printedBy({ stdout, stderr }: ChildProcess): Promise<string> {
  const parts = [stdout, stderr].flatMap((stream) => (stream === null ? [] : [text(stream)]));
  return (await Promise.all(parts)).join('');
}
