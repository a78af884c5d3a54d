import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import type { Recipe } from '../../src/config/recipe-schema.ts';
import { ContourNodeError } from '../../src/errors.ts';

/** `contour-node start` in a separate process with its own folder. */
export interface DemoNode {
  readonly aeTitle: string;
  readonly host: string;
  readonly dicomPort: number;
  /** Dashboard and API. */
  readonly url: string;
  /** Rejects when the node ends by itself. */
  readonly ended: Promise<never>;
  stop(): Promise<void>;
}

export interface DemoNodeOptions {
  /** Path of the program whose command `start` is run. */
  readonly program: string;
  /** For configuration, data directory and log. */
  readonly folder: string;
  readonly dicomPort: number;
  readonly httpPort: number;
  readonly modelDirectory: string;
  /** Name of a bundle there, or a recipe of such bundles. */
  readonly by: string | Recipe;
  /** The model sees an MR beside the CT. */
  readonly mr: boolean;
  /** AE title that sends the CT; its series is complete when its association is released. */
  readonly senderAe: string;
  readonly tps: { readonly aeTitle: string; readonly host: string; readonly port: number };
  readonly signal: AbortSignal;
}

const host = '127.0.0.1';
const readySeconds = 90;
const stopSeconds = 50;

/**
 * Starts the node and waits until it is ready: Redis runs, a worker has warmed up.
 * @throws ContourNodeError DEMO_FAILED with the last error in the node's log
 */
export async function startDemoNode(options: DemoNodeOptions): Promise<DemoNode> {
  const { program, folder, dicomPort, httpPort, signal } = options;
  const configFile = join(folder, 'config.yaml');
  await writeFile(configFile, stringify(configuration(options)));
  const logFile = join(folder, 'node.log');
  const log = await open(logFile, 'w');
  // setpriv: the node ends too when this process is killed.
  const command = [process.execPath, program, 'start', '--config', configFile];
  if (process.platform === 'linux') command.unshift('setpriv', '--pdeathsig', 'TERM', '--');
  const child = spawn(command[0]!, command.slice(1), { stdio: ['ignore', log.fd, log.fd] });
  await log.close();
  let stopping = false;
  const exited = once(child, 'exit');
  const ended = exited.then(async (): Promise<never> => {
    if (stopping) return new Promise(() => {});
    throw new ContourNodeError('DEMO_FAILED', `the node ended: ${await lastError(logFile)}`, {
      remedy: `see ${logFile}`,
    });
  });
  // Handled here as well: the rejection may come before anybody awaits it, and must not end this process.
  ended.catch(() => {});
  const stop = async (): Promise<void> => {
    stopping = true;
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    const kill = setTimeout(() => child.kill('SIGKILL'), stopSeconds * 1000);
    await exited;
    clearTimeout(kill);
  };
  const url = `http://${host}:${httpPort}`;
  try {
    await Promise.race([ended, ready(url, signal)]);
  } catch (error) {
    await stop();
    throw error;
  }
  return { aeTitle: 'CONTOUR', host, dicomPort, url, ended, stop };
}

function configuration({ folder, dicomPort, httpPort, modelDirectory, by, mr, senderAe, tps }: DemoNodeOptions) {
  const scanner = { name: 'scanner', aeTitle: senderAe, addresses: [host], completeOnRelease: true };
  const inputs = { MR: { match: { seriesDescription: '^T1' }, required: true, waitMinutes: 5 } };
  return {
    dataDirectory: join(folder, 'data'),
    dicom: { host, port: dicomPort },
    http: { host, port: httpPort },
    models: { directory: modelDirectory },
    peers: [
      { ...scanner, ...(mr && { accept: { mr: 'take', registrations: 'take' } }) },
      { name: 'tps', aeTitle: tps.aeTitle, host: tps.host, port: tps.port },
    ],
    destinations: [
      { name: 'tps', peer: 'tps', transferSyntaxes: ['implicit'], allow: ['demonstration', 'research', 'clinical'] },
    ],
    ...(typeof by === 'string'
      ? { routes: [{ name: 'demo', models: [by], destinations: ['tps'], ...(mr && { inputs }) }] }
      : { recipes: [by], routes: [{ name: 'demo', recipe: by.name, destinations: ['tps'] }] }),
  };
}

async function ready(url: string, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + readySeconds * 1000;
  let problem = 'it does not answer';
  while (performance.now() < deadline) {
    const response = await fetch(`${url}/health/ready`, { signal }).catch(() => undefined);
    signal.throwIfAborted();
    if (response?.ok) return;
    const body = (await response?.json().catch(() => undefined)) as { problems?: { message: string }[] } | undefined;
    problem = body?.problems?.map(({ message }) => message).join('; ') ?? problem;
    await sleep(100, undefined, { signal });
  }
  throw new ContourNodeError('DEMO_FAILED', `the node is not ready after ${readySeconds} s: ${problem}`);
}

/** The last error in the log, or else its last line. */
async function lastError(logFile: string): Promise<string> {
  const lines = (await readFile(logFile, 'utf8')).trim().split('\n');
  return lines.findLast((line) => line.startsWith('error ')) ?? lines.at(-1) ?? 'its log is empty';
}
