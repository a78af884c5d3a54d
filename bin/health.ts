import { hostname } from 'node:os';
import { parseArgs } from 'node:util';
import { loadConfig } from '../src/config/load.ts';
import { ContourNodeError } from '../src/errors.ts';
import { connectedWorkers } from '../src/jobs/connected-workers.ts';
import { askWhetherLive } from '../src/observe/ask-live.ts';

export const summary = 'whether the node or the worker on this machine lives, for container health checks';

export const help = `usage: contour-node health node|worker [--config FILE]

  node            its HTTP port answers; a Redis that is away is no reason to restart a node, which keeps what it gets
  worker          a worker of this machine waits at the queue or works for it

  --config FILE   configuration (default: every key has its default)

Exit code 0 when it lives, 1 when it does not.

Examples:
  contour-node health node
  contour-node health worker --config /etc/contour-node/contour-node.yaml`;

export async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { config: { type: 'string' } },
  });
  const [part, ...more] = positionals;
  if ((part !== 'node' && part !== 'worker') || more.length > 0)
    throw new ContourNodeError('USAGE', 'health needs one of node, worker');
  const { config } = await loadConfig(values.config);
  if (part === 'node') {
    const { url, version } = await askWhetherLive(config.http);
    console.log(`node ${version} lives at ${url}`);
    return;
  }
  const here = (await connectedWorkers(config)).filter((name) => name.startsWith(`${hostname()}-`));
  if (here.length === 0) throw new ContourNodeError('CHECK_FAILED', `no worker of ${hostname()} is at the queue`);
  console.log(`at the queue: ${here.join(', ')}`);
}
