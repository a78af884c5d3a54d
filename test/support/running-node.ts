import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterwards } from './afterwards.ts';
import type { Cleanup } from './cleanup.ts';
import { stringify } from 'yaml';
import type { SeriesDetail, SeriesState, SeriesSummary } from '../../src/store/series.ts';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';
import { checkout } from './run-program.ts';

/** Coarse phantoms get warnings that somebody has to look at: for most tests that makes no difference. */
export function plainState(state: SeriesState): SeriesState {
  return state.replace(/ check$/, '') as SeriesState;
}

/** `./contour-node start` on a data directory of its own, as a clinic runs it. */
export interface RunningNode {
  readonly dicomPort: number;
  readonly httpPort: number;
  readonly dataDirectory: string;
  readonly configFile: string;
  /** Everything it wrote so far. */
  log(): string;
  /** At most a thousand. */
  list(): Promise<SeriesSummary[]>;
  show(key: string): Promise<SeriesDetail>;
  /** Waits until exactly `count` series are there and each is in one of the states, to be looked at or not. */
  settled(
    count: number,
    states: readonly SeriesState[],
    seconds?: number,
    everyMilliseconds?: number,
  ): Promise<SeriesSummary[]>;
  /** POST to the API. */
  act(key: string, action: 'retry' | 'resend' | 'release' | 'acknowledge'): Promise<void>;
  /** Process IDs below `start`: the command line contains `text`. */
  processes(text: string): number[];
  /** @returns the exit code; null when the signal ended it without a word, or when it did not run */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
  /** Starts it again on the same data directory and ports. */
  start(): Promise<void>;
}

type Section = Record<string, unknown>;

/**
 * @param config sections that are laid over the test's own (temporary data directory, free ports, short quiet period)
 * @param problems codes of what keeps this node from being ready for good
 * @param environment of every process, beside this one's
 * @param root of the checkout whose `contour-node` is started
 */
export async function startRunningNode(
  t: Cleanup,
  config: Section,
  problems: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
  root = checkout,
): Promise<RunningNode> {
  const folder = await mkdtemp(join(tmpdir(), 'contour-node-system-'));
  const [dicomPort, httpPort] = [await freePort(), await freePort()];
  const dataDirectory = join(folder, 'data');
  const configFile = join(folder, 'config.yaml');
  const base: Record<string, Section | string> = {
    dataDirectory,
    dicom: { port: dicomPort, host: '127.0.0.1' },
    http: { port: httpPort },
    intake: { quietPeriodSeconds: 1 },
    models: { directory: join(checkout, 'models') },
  };
  const merged = Object.fromEntries(
    [...new Set([...Object.keys(base), ...Object.keys(config)])].map((key) => {
      const [own, given] = [base[key], config[key]];
      return [key, isSection(own) && isSection(given) ? { ...own, ...given } : (given ?? own)];
    }),
  );
  await writeFile(configFile, stringify(merged));

  const url = `http://127.0.0.1:${httpPort}`;
  let child: ChildProcess | undefined;
  let output = '';

  async function getJson<T>(path: string): Promise<T> {
    const response = await fetch(url + path);
    if (!response.ok) throw new Error(`${path}: HTTP ${response.status}`);
    return (await response.json()) as T;
  }

  const node: RunningNode = {
    dicomPort,
    httpPort,
    dataDirectory,
    configFile,
    log: () => output,
    list: async () => (await getJson<{ series: SeriesSummary[] }>('/api/series?limit=1000')).series,
    show: (key) => getJson(`/api/series/${key}`),
    settled: (count, states, seconds = 60, everyMilliseconds = 100) =>
      eventually(
        `${count} series ${states.join(' or ')}`,
        seconds,
        async () => {
          const all = await node.list();
          const reached = ({ state }: SeriesSummary) => states.includes(state) || states.includes(plainState(state));
          return all.length === count && all.every(reached) ? all : undefined;
        },
        everyMilliseconds,
      ).catch(async (cause: unknown) => {
        const now = await node.list().catch(() => []);
        throw new Error(`series are ${JSON.stringify(now, undefined, 1)}\n${output.slice(-4000)}`, { cause });
      }),
    act: async (key, action) => {
      const response = await fetch(`${url}/api/series/${key}/${action}`, { method: 'POST' });
      if (!response.ok) throw new Error(`${action}: HTTP ${response.status} ${await response.text()}`);
    },
    processes: (text) =>
      child?.pid === undefined ? [] : descendants(child.pid).filter((pid) => commandLine(pid).includes(text)),
    stop: async (signal = 'SIGTERM') => {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return null;
      child.kill(signal);
      await once(child, 'exit');
      return child.exitCode;
    },
    start: async () => {
      child = spawn(join(root, 'contour-node'), ['start', '--config', configFile], {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, ...environment },
      });
      for (const stream of [child.stdout, child.stderr])
        stream?.on('data', (bytes: Buffer) => (output += bytes.toString()));
      await eventually('the node is ready', 60, async () => {
        if (child?.exitCode !== null) throw new Error(`it ended:\n${output}`);
        const body = (await (await fetch(`${url}/health/ready`)).json()) as { problems: { code: string }[] };
        return body.problems.every(({ code }) => problems.includes(code)) ? true : undefined;
      }).catch((cause: unknown) => {
        throw new Error(`not ready:\n${output.slice(-4000)}`, { cause });
      });
    },
  };
  afterwards(t, async () => {
    await node.stop();
    await rm(folder, { recursive: true, force: true });
  });
  await node.start();
  return node;
}

function isSection(value: unknown): value is Section {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function descendants(root: number): number[] {
  const parents = new Map<number, number>();
  for (const file of globSync('/proc/[0-9]*/stat')) {
    try {
      const stat = readFileSync(file, 'latin1');
      const pid = Number.parseInt(stat, 10);
      parents.set(pid, Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // The process ended meanwhile.
    }
  }
  const below = (pid: number): number[] =>
    [...parents].filter(([, parent]) => parent === pid).flatMap(([child]) => [child, ...below(child)]);
  return below(root);
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}
